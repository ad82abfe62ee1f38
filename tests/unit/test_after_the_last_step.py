"""What comes after the last step of a training fails, for whatever reason: what was learned stays."""

import numpy as np
import pytest
from safetensors import SafetensorError

import fukami
from fukami.core import unfinished
from fukami.core.errors import RunError, UsageError
from fukami.training import finish, verb

X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
DATA = (X, (X[:, 0] > 0).astype(int))


def train(out, **more):
    return fukami.train("tabular-classification", DATA, model="mlp", out=out, epochs=1, plan="default", **more)


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("a mistake of ours"), MemoryError(), RuntimeError("can't start new thread")]
)
def test_nothing_that_was_learned_is_lost(tmp_path, monkeypatch, capsys, error):
    whole = train(tmp_path / "whole")

    def fails(*_given, **_named):
        raise error

    with monkeypatch.context() as patched, pytest.raises((type(error), RunError)) as told:
        patched.setattr(verb, "finish", fails)
        train(tmp_path / "run")
    assert unfinished.is_saved(unfinished.place_of(tmp_path / "run"))
    assert "--resume" in (str(told.value) + capsys.readouterr().err)
    if not isinstance(error, ZeroDivisionError):
        assert isinstance(told.value, RunError)
        assert told.value.code == "F-MEMORY-OUT"
    _require_whole(whole, tmp_path)


def test_a_full_disk_that_the_weights_library_meets_is_told_as_one(tmp_path, monkeypatch):
    def full(*_given, **_named):
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    whole = train(tmp_path / "whole")
    with monkeypatch.context() as patched, pytest.raises(RunError) as told:
        patched.setattr(finish, "save_model", full)
        train(tmp_path / "run")
    assert told.value.code == "F-RUN-SPACE"
    _require_whole(whole, tmp_path)


def _require_whole(whole, tmp_path):
    """The interrupted run can be resumed, to the weights of the undisturbed one; nothing is left lying about."""
    resumed = train(tmp_path / "run", resume=True)
    read = [(run.path / "model" / "model.safetensors").read_bytes() for run in (whole, resumed)]
    assert read[0] == read[1]
    assert not unfinished.place_of(tmp_path / "run").exists()


def test_what_waits_is_not_resumed_as_another_task(tmp_path, monkeypatch):
    def fails(*_given, **_named):
        raise ZeroDivisionError

    with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
        patched.setattr(verb, "finish", fails)
        train(tmp_path / "run")
    with pytest.raises(UsageError) as told:
        fukami.train("tabular-regression", (X, X[:, 0]), out=tmp_path / "run", resume=True)
    assert told.value.code == "F-RESUME-TASK"
    assert unfinished.is_saved(unfinished.place_of(tmp_path / "run"))
