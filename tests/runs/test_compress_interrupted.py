"""A compression that ends early, for whatever reason, leaves nothing behind: no run, no folder of what was in between."""

import errno
import json
import os
import signal
import tempfile
from pathlib import Path

import pytest

from fukami import api
from fukami.cli.main import main
from fukami.compress import job, quantise, search, writing
from fukami.compress.ways import int8
from fukami.core import artefact
from fukami.training import session

ASKED = {
    "int8": ["--to", "int8"],
    "tracing": ["--to", "int8"],
    "distill": ["--distill", "mlp:tiny", "--epochs", "1", "--set", "plan=default"],
    "budget": ["--budget", "size<=1kB"],
}


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("small") / "run"
    return api.train("image-classification", "digits", model="mlp", out=out, epochs=1, plan="default", threads=1).path


def happens(kind: str) -> None:
    """What ends the compression: a key, another process, the disk."""
    if kind == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "model.onnx")
    if kind == "refused":
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "model.onnx")
    os.kill(os.getpid(), signal.SIGINT if kind == "ctrl-c" else signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_BLOCK, [])  # it is delivered here


PLACES = {
    "int8": (quantise, "_preprocessed"),
    "tracing": (int8, "fused_graph"),
    "distill": (session.Session, "_log"),
    "budget": (search, "latencies"),
    "judging": (job.gate, "answers"),
    "writing": (writing, "page_of"),
}
ENDS = {"ctrl-c": (130, "F-INTERRUPTED"), "terminated": (130, "F-INTERRUPTED")}
ENDS |= {"full": (1, "F-FILE-SPACE"), "refused": (1, "F-FILE-PERMISSION")}
CASES = [("tracing", "full"), ("budget", "terminated"), ("writing", "ctrl-c")]
MORE = [
    *(("tracing", kind) for kind in ENDS),
    ("distill", "ctrl-c"),
    ("judging", "full"),
    ("writing", "full"),
    ("int8", "ctrl-c"),
]
SLOW = [pytest.param(*more, marks=pytest.mark.slow) for more in MORE if more not in CASES]


@pytest.mark.parametrize(("place", "kind"), [*CASES, *SLOW])
def test_what_ends_early_leaves_nothing(small, tmp_path, monkeypatch, capsys, place, kind):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    before, code = artefact.digest(small / artefact.MANIFEST), ENDS[kind]
    monkeypatch.setattr(*PLACES[place], lambda *_args, **_more: happens(kind))
    asked = ASKED.get(place, ["--to", "bf16"])
    assert main(["compress", str(small), *asked, "--out", str(tmp_path / "new" / "run"), "--json"]) == code[0]
    told = capsys.readouterr()
    assert json.loads(told.out)["error"]["code"] == code[1] and "Traceback" not in told.err
    left = [path.name for path in tmp_path.rglob("*") if not path.name.startswith("torchinductor")]  # torch's own cache
    assert left == ["tmp"]
    assert artefact.digest(small / artefact.MANIFEST) == before and [p.name for p in small.parent.iterdir()] == ["run"]


@pytest.mark.slow
def test_what_a_killed_compression_left_goes_with_the_next(small, tmp_path):
    left = tmp_path / ".run.999999999.scratch"
    left.mkdir()
    mine = tmp_path / f".run.{os.getppid()}.scratch"  # of a process that lives
    mine.mkdir()
    api.compress(small, to="bf16", out=tmp_path / "run")
    assert sorted(path.name for path in tmp_path.iterdir()) == [mine.name, "run"]


@pytest.mark.parametrize("name", ["teacher", "pretrained"])
def test_a_recipe_whose_first_run_is_gone_says_so(small, tmp_path, name):
    chosen = {
        "teacher": {"teacher": str(tmp_path / "gone")},
        "pretrained": {"pretrained": str(tmp_path / "gone"), "prune": 0.5},
    }
    with pytest.raises(Exception) as refused:
        api.train("image-classification", "digits", model="mlp", out=tmp_path / "again", **chosen[name])
    error = refused.value
    assert getattr(error, "code", "") == "F-COMPRESS-ORIGIN" and f"--set {name}=RUN" in error.fix  # type: ignore[attr-defined]
    assert not list(tmp_path.iterdir())
