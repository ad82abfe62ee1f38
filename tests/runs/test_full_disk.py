"""A disk that is full, or a file that it spoilt, costs no training: what was saved is whole, and the end is the same."""

import errno
import os
import signal

import pytest

from fukami import api
from fukami.core import artefact
from fukami.core.errors import RunError
from fukami.engine import checkpoint
from fukami.engine.keeper import Keeper
from fukami.training import session
from fukami.training.lock import locked
from tests.runs.test_first_hour import table

CHOICES = {"epochs": 5, "batch_size": 16, "plan": "default", "snapshot_steps": 4, "model": "mlp", "width": 16}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The data, and a training that nothing disturbed."""
    base = tmp_path_factory.mktemp("whole")
    data = table(base / "people.csv", {"row": "row", "label": "category"}, rows=120)
    return data, api.train("tabular-classification", data, out=base / "run", **CHOICES)


@pytest.fixture
def train(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(session, "SAVE_EVERY_S", 0.0)
    return lambda **more: api.train("tabular-classification", whole[0], out=tmp_path / "run", **CHOICES, **more)


def weights(run) -> str:
    return artefact.digest(run.path / "model" / "model.safetensors")


def events(run) -> list[dict]:
    return [line for line in artefact.read_lines(run.path / "history.jsonl") if "event" in line]


class Disk:
    """Takes `good` checkpoints, then is full for `full` attempts."""

    def __init__(self, monkeypatch, good, full):
        self.good, self.full, self.plain = good, full, checkpoint.save
        monkeypatch.setattr(checkpoint, "save", self.save)

    def save(self, place, tree, **more):
        if self.good == 0 and self.full:
            self.full -= 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.good = max(0, self.good - 1)
        self.plain(place, tree, **more)


@pytest.fixture
def interrupted_at(monkeypatch):
    """Presses Ctrl-C in a step, once."""

    def at(step):
        plain, left = session.Session._log, [step]

        def log(self, progress, *rest):
            if progress.step in left:
                left.clear()
                os.kill(os.getpid(), signal.SIGINT)
            return plain(self, progress, *rest)

        monkeypatch.setattr(session.Session, "_log", log)

    return at


def test_a_training_goes_on_while_its_checkpoints_cannot_be_written(whole, train, monkeypatch, capsys):
    disk = Disk(monkeypatch, good=2, full=2)
    run = train()
    assert not disk.full
    assert weights(run) == weights(whole[1])
    told = [line for line in events(run) if line["event"] == "disk-full"]
    assert [(line["kept"], line["reason"]) for line in told] == [(4, "No space left on device")]
    assert "the one of step 4 is whole" in capsys.readouterr().err


def test_an_interrupt_while_the_disk_is_full_says_what_is_safe(whole, train, monkeypatch, interrupted_at, tmp_path):
    disk = Disk(monkeypatch, good=2, full=10**6)
    interrupted_at(14)
    with pytest.raises(RunError) as told:
        train()
    assert told.value.code == "F-CHECKPOINT-SPACE" and told.value.exit_code == 1
    assert "step 4" in told.value.expected and "--resume" in told.value.fix
    disk.full = 0
    assert weights(train(resume=True)) == weights(whole[1])
    assert not (tmp_path / ".run.unfinished").exists()


def test_a_run_that_cannot_be_written_is_finished_later_without_training_again(whole, train, monkeypatch, tmp_path):
    plain = artefact.seal

    def full(folder):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder / "manifest.json"))

    monkeypatch.setattr(session, "SAVE_EVERY_S", 1e9)  # nothing is saved before
    monkeypatch.setattr(artefact, "seal", full)
    with pytest.raises(RunError) as told:
        train()
    assert told.value.code == "F-RUN-SPACE" and "--resume" in told.value.fix and "manifest" in told.value.where
    assert [path.name for path in tmp_path.iterdir()] == [".run.unfinished"]
    monkeypatch.setattr(artefact, "seal", plain)
    steps = []
    plain_steps = Keeper.steps
    monkeypatch.setattr(Keeper, "steps", lambda self: (steps.append(p.step) or p for p in plain_steps(self)))
    run = train(resume=True)
    assert steps == [] and weights(run) == weights(whole[1])
    lines = artefact.read_lines(run.path / "history.jsonl")
    assert [(n["step"], n["loss"]) for n in lines if "loss" in n] == [
        (n["step"], n["loss"]) for n in artefact.read_lines(whole[1].path / "history.jsonl") if "loss" in n
    ]


def test_a_checkpoint_that_was_spoilt_is_told_and_the_one_before_is_taken(whole, train, monkeypatch, interrupted_at, tmp_path):
    interrupted_at(14)
    with pytest.raises(session.Interrupted):
        train()
    place = tmp_path / ".run.unfinished" / session.CHECKPOINT
    data = bytearray(place.read_bytes())
    data[-5] ^= 4
    place.write_bytes(data)
    run = train(resume=True)
    assert weights(run) == weights(whole[1])
    assert next((line["event"], line["at"]) for line in events(run)) == ("checkpoint-damaged", 8)


def test_two_trainings_with_one_out_are_not_mixed(train, tmp_path):
    with locked(tmp_path / ".run.unfinished"), pytest.raises(RunError, match="F-RUN-BUSY"):
        train()
    assert list(tmp_path.iterdir()) == []
