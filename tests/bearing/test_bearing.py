"""A task is only new files: families that are no part of the product go through every verb.

Each folder beside this file is a plugin, laid out as the package is. What a family cannot do its card says in a sentence
(`without`), or a refusal does whose code stands here.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fukami.core import rooms
from fukami.core.cards import read_card

FAMILIES = sorted(path.parent.name for path in Path(__file__).parent.glob("*/tasks"))
QUICK = "two_texts"
ROWS = 120
QUICKLY = ["--set", "plan=default"]
CANNOT: dict[str, str] = {}
"""Codes with which a verb may refuse a family, each with what is not there yet."""
SAVING = "from fukami.training import session; session.SAVE_EVERY_S = 0.01; "
MAIN = "import sys; from fukami.cli.main import main; sys.exit(main())"


def card_of(family):
    (path,) = (Path(__file__).parent / family / "tasks").glob("[a-z]*.py")
    return read_card(path)


def environment(family):
    told = {**os.environ, "FUKAMI_PLUGINS": str(Path(__file__).parent / family), "OMP_NUM_THREADS": "1"}
    return told | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])}


class Verbs:
    """A family's data, and its verbs, each in a process of its own."""

    def __init__(self, family, place):
        self.place, self.card, self.env = place, card_of(family), environment(family)
        words = [sys.executable, "-m", "tests.bearing.specimens", self.card.name, str(ROWS), str(place / "data.jsonl")]
        done = subprocess.run(words, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    @property
    def asked(self):
        """One example as a person gives it: its cells by name."""
        return (self.place / "data.jsonl").read_text("utf-8").splitlines()[0]

    def started(self, *words, code=MAIN):
        told = [sys.executable, "-c", code, *words, "--json"]
        return subprocess.Popen(told, cwd=self.place, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def said(self, verb, *words):
        """What a verb answers; None where it says why it has no meaning for this task."""
        process = self.started(verb, *words)
        out, err = process.communicate(timeout=300)
        told = json.loads(out)
        if process.returncode == 0:
            assert verb not in self.card.without, f"{verb} works, and the card says it does not"
            return told
        code = told["error"]["code"]
        if code == "F-VERB-WITHOUT":
            assert self.card.without[verb].strip()
            return None
        assert code in CANNOT, f"{verb}: {out}\n{err}"
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


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_replaces_no_file(family):
    own, package = Path(__file__).parent / family, Path(rooms.__file__).parents[1]
    files = [path.relative_to(own) for path in own.rglob("*.py")]
    assert files and not [path for path in files if (package / path).exists()]


@pytest.mark.parametrize("family", [pytest.param(name, marks=() if name == QUICK else pytest.mark.slow) for name in FAMILIES])
def test_a_task_is_only_new_files(family, tmp_path):
    verbs = Verbs(family, tmp_path)
    task, headline = verbs.card.name, verbs.card.headline
    assert not [p for p in verbs.said("check", task, "data.jsonl")["problems"] if p["severity"] == "error"]
    verbs.said("plan", task, "data.jsonl", *QUICKLY)
    verbs.said("train", task, "data.jsonl", "--out", "run", *QUICKLY)
    first = verbs.said("evaluate", "run")["metrics"][headline]["value"]
    verbs.said("predict", "run", verbs.asked)
    verbs.said("explain", "run", verbs.asked)
    for number, way in enumerate([("--to", "bf16"), ("--to", "int8"), ("--prune", "0.3")]):
        verbs.said("compress", "run", *way, "--max-drop", "100", "--out", f"small{number}")
    verbs.said("export", "run", "--to", "onnx", "--out", "left")
    verbs.said("diagnose", "run")
    verbs.killed()
    verbs.said("train", task, "data.jsonl", "--out", "again", "--resume", *QUICKLY)
    assert verbs.said("evaluate", "again")["metrics"][headline]["value"] == first
