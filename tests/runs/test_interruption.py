"""A training that is interrupted or killed loses nothing: what is resumed ends with the bits of an undisturbed one."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fukami.cli.main import main
from fukami.core import artefact
from tests.runs.test_first_hour import table

WORDS = ["--set", "epochs=15", "--set", "batch_size=16", "--set", "plan=default", "--model", "mlp"]


def start(data: Path, out: Path, *more: str, meanwhile: str = "") -> subprocess.Popen:
    """A training in a process of its own, which saves often and does `meanwhile` before it begins."""
    code = f"""
import sys
from fukami.cli.main import main
from fukami.training import session
session.SAVE_EVERY_S = 0.05
{meanwhile}
sys.exit(main())
"""
    words = [sys.executable, "-c", code, "train", "tabular-classification", str(data), "--out", str(out), *WORDS, *more]
    return subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"})


def wait_for(path: Path, process: subprocess.Popen) -> None:
    for _ in range(3600):
        if path.exists() or process.poll() is not None:
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} never appeared")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The data, and the weights of a training that nothing disturbed."""
    base = tmp_path_factory.mktemp("whole")
    data = table(base / "people.csv", {"row": "row", "label": "category"}, rows=400)
    process = start(data, base / "run")
    _out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err.decode()
    return data, artefact.digest(base / "run" / "model" / "model.safetensors")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGTERM, 130),
        pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow),
        pytest.param(signal.SIGKILL, -9, marks=pytest.mark.slow),  # tests/runs/test_kills.py does it thirty times
    ],
)
def test_an_interrupted_training_is_resumed_to_the_same_bits(whole, tmp_path, number, code):
    data, digest = whole
    out = tmp_path / "run"
    place = tmp_path / ".run.unfinished"
    process = start(data, out)
    wait_for(place / "checkpoint.safetensors", process)
    time.sleep(0.2)
    process.send_signal(number)
    _out, err = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.skip("the training was over before the signal came")
    assert process.returncode == code, err.decode()
    assert not out.exists()
    assert b"Traceback" not in err
    if code == 130:
        assert b"--resume" in err
    again = start(data, out, "--resume")
    _out, err = again.communicate(timeout=120)
    assert again.returncode == 0, err.decode()
    assert artefact.digest(out / "model" / "model.safetensors") == digest
    steps = [line["step"] for line in artefact.read_lines(out / "history.jsonl") if "loss" in line]
    assert steps == sorted(set(steps))
    assert not place.exists()


def test_there_must_be_something_to_resume(whole, tmp_path, capsys):
    words = ["train", "tabular-classification", str(whole[0]), "--out", str(tmp_path / "run"), *WORDS, "--resume"]
    assert main(words) == 2
    assert "F-RESUME-NOTHING" in capsys.readouterr().err


SLOW_VALIDATION = """
import time
judge = session.judge
def slow(*given, **options):
    if sys.argv[-1] != "--resume" and session.checkpoint.exists(place):
        Path(mark).touch()
        time.sleep(600)
    return judge(*given, **options)
session.judge = slow
"""
LONG_STEP = """
import hashlib
from fukami.engine import loop
gradients = loop.gradients
def long(learner, *given):
    if learner.step > 100 and session.checkpoint.exists(place):
        Path(mark).touch()
        hashlib.pbkdf2_hmac("sha256", b"", b"", 2_000_000_000)  # as a step of a large network: not a moment of Python
    return gradients(learner, *given)
loop.gradients = long
"""
JUDGING = """
import time
from fukami.training import finish
def slow(*given, **options):
    Path(mark).touch()
    time.sleep(600)
finish.whole.baselines = slow
"""


@pytest.mark.parametrize(
    "stage",
    [
        pytest.param(SLOW_VALIDATION, id="validation", marks=pytest.mark.slow),
        pytest.param(LONG_STEP, id="step", marks=pytest.mark.slow),
        pytest.param(JUDGING, id="judging", marks=pytest.mark.slow),
    ],
)
def test_what_takes_long_is_not_waited_for(whole, tmp_path, stage):
    """Whatever the training is at, it ends in about two seconds; what is resumed ends with the same bits."""
    data, digest = whole
    out, place, mark = tmp_path / "run", tmp_path / ".run.unfinished" / "checkpoint.safetensors", tmp_path / "mark"
    names = f"from pathlib import Path\nplace, mark = Path({str(place)!r}), {str(mark)!r}\n"
    process = start(data, out, meanwhile=names + stage)
    wait_for(mark, process)
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    sent = time.monotonic()
    _out, err = process.communicate(timeout=60)
    assert time.monotonic() - sent < 15, "the machine may be busy, but not that busy"
    assert process.returncode == 130, err.decode()
    assert b"--resume" in err and b"Traceback" not in err
    assert not out.exists() and place.exists()
    assert not list(tmp_path.glob(".run.*.new"))
    again = start(data, out, "--resume")
    _out, err = again.communicate(timeout=120)
    assert again.returncode == 0, err.decode()
    assert artefact.digest(out / "model" / "model.safetensors") == digest
