"""A task is only new files: families that are no part of the product go through every verb.

Each folder beside this file is a plugin, laid out as the package is. What a family cannot do its card says in a sentence
(`without`), or a refusal does whose code stands here with what is not there yet.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fukami.cli.main import main
from fukami.core import rooms
from fukami.core.cards import read_card

HERE = Path(__file__).parent
FAMILIES = sorted(path.parent.name for path in HERE.glob("*/tasks"))
QUICK = "two_targets"
"""The smallest, which the quick tier takes through the verbs of a usual day, within its own process."""
ROWS = 120
QUICKLY = ["--set", "plan=default"]
CANNOT = {
    "F-EXPORT-FIELD": "a family brings no piece of a program for its kinds of data",
    "F-COMPRESS-GRAPH": "int8 needs a graph, which an answer that is no single pass has not",
    "F-PRUNE-NOTHING": "a network without layers whose channels could be taken away",
}
"""Codes with which a verb may refuse a family, each with why."""
MAIN = "import sys; from fukami.cli.main import main; sys.exit(main())"
SAVING = "from fukami.training import session; session.SAVE_EVERY_S = 0.01; "


def card_of(family):
    (path,) = (HERE / family / "tasks").glob("[a-z]*.py")
    return read_card(path)


class Verbs:
    """The verbs on a family's data, each in a process of its own."""

    def __init__(self, family, place):
        self.place, self.card = place, card_of(family)
        found = [str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")]
        told = {"FUKAMI_PLUGINS": str(HERE / family), "PYTHONPATH": os.pathsep.join(found), "OMP_NUM_THREADS": "1"}
        self.env = {**os.environ, **told}
        words = [sys.executable, "-m", "tests.bearing.specimens", self.card.name, str(ROWS), str(place / "data.jsonl")]
        subprocess.run(words, env=self.env, check=True)
        self.example = (place / "data.jsonl").read_text("utf-8").splitlines()[0]

    def started(self, *words, code=MAIN):
        told = [sys.executable, "-c", code, *words, "--json"]
        return subprocess.Popen(told, cwd=self.place, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *words):
        process = self.started(*words)
        out, err = process.communicate(timeout=600)
        return process.returncode, out, err

    def said(self, verb, *words):
        """What a verb answers; None where it says why it has no meaning for this task, or cannot be."""
        code, out, err = self.run(verb, *words)
        told = json.loads(out)
        if code == 0:
            assert verb not in self.card.without, f"{verb} works, and the card says that it does not"
            return told
        code = told["error"]["code"]
        assert code in CANNOT or (code == "F-VERB-WITHOUT" and self.card.without[verb].strip()), f"{verb}: {out}\n{err}"
        return None

    def killed(self):
        """A training that was killed as soon as it had kept something."""
        process = self.started("train", self.card.name, "data.jsonl", "--out", "again", *QUICKLY, code=SAVING + MAIN)
        kept = self.place / ".again.unfinished" / "checkpoint.safetensors"
        while not kept.exists() and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        _out, err = process.communicate(timeout=60)
        assert kept.exists(), err


def through_a_day(verbs):
    """From data to answers; the headline's value."""
    task = verbs.card.name
    assert not [p for p in verbs.said("check", task, "data.jsonl")["problems"] if p["severity"] == "error"]
    verbs.said("train", task, "data.jsonl", "--out", "run", *QUICKLY)
    verbs.said("predict", "run", verbs.example)
    return verbs.said("evaluate", "run")["metrics"][verbs.card.headline]["value"]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_replaces_no_file(family):
    package = Path(rooms.__file__).parents[1]
    files = [path.relative_to(HERE / family) for path in (HERE / family).rglob("*.py")]
    assert files and not [path for path in files if (package / path).exists()]


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_a_task_is_only_new_files(family, tmp_path):
    verbs = Verbs(family, tmp_path)
    task, headline = verbs.card.name, verbs.card.headline
    value = through_a_day(verbs)
    verbs.said("plan", task, "data.jsonl", *QUICKLY)
    verbs.said("explain", "run", verbs.example)
    verbs.said("export", "run", "--to", "onnx", "--out", "left")
    for number, way in enumerate([("--to", "bf16"), ("--to", "int8"), ("--prune", "0.3")]):
        verbs.said("compress", "run", *way, "--max-drop", "100", "--out", f"small{number}")
    verbs.said("diagnose", "run")
    verbs.killed()
    verbs.said("train", task, "data.jsonl", "--out", "again", "--resume", *QUICKLY)
    assert verbs.said("evaluate", "again")["metrics"][headline]["value"] == value


class InOneProcess(Verbs):
    """The verbs, one after another in this process: what starting costs is paid once."""

    def __init__(self, family, place, capsys):
        super().__init__(family, place)
        self.capsys = capsys

    def run(self, *words):
        self.capsys.readouterr()
        code = main([*words, "--json"])
        return code, *self.capsys.readouterr()


def test_the_smallest_goes_through_a_day(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FUKAMI_PLUGINS", str(HERE / QUICK))
    monkeypatch.chdir(tmp_path)
    try:
        assert through_a_day(InOneProcess(QUICK, tmp_path, capsys)) > 0.5
    finally:
        own = str(HERE / QUICK)
        for name in [name for name, module in sys.modules.items() if str(getattr(module, "__file__", "")).startswith(own)]:
            del sys.modules[name]
