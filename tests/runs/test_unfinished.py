"""What a training that is not finished says to whoever comes by: what waits, what is safe, and the command that goes on."""

import json
import os
import shlex
import signal
from pathlib import Path

import numpy as np
import pytest

from fukami import api
from fukami.cli.main import main
from fukami.core import artefact
from fukami.core.errors import RunError, UsageError
from fukami.core.unfinished import Interrupted, command, out_of, place_of
from fukami.engine import checkpoint
from fukami.training import cross_validation, session
from tests.runs.test_first_hour import table

TASK = "tabular-classification"
CHOICES = {"epochs": 5, "batch_size": 16, "plan": "default", "snapshot_steps": 4, "model": "mlp", "width": 16}


@pytest.fixture(scope="module")
def people(tmp_path_factory) -> Path:
    return table(tmp_path_factory.mktemp("people") / "people.csv", {"row": "row", "label": "category"}, rows=120)


@pytest.fixture
def interrupted_at(monkeypatch):
    """Presses Ctrl-C in a step, once; after `after` trainings went through that step undisturbed."""

    def at(step, after=0):
        plain, left = session.Session._log, [after]

        def log(self, progress, *rest):
            if progress.step == step:
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGINT)
                left[0] -= 1
            return plain(self, progress, *rest)

        monkeypatch.setattr(session.Session, "_log", log)

    return at


def error_of(capsys, *words) -> tuple[int, dict]:
    capsys.readouterr()
    code = main([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)["error"]


def test_an_interrupted_training_waits_says_so_and_goes_on(people, tmp_path, capsys, interrupted_at):
    out, place = tmp_path / "run", tmp_path / ".run.unfinished"
    interrupted_at(14)
    with pytest.raises(Interrupted) as interrupt:
        api.train(TASK, people, out=out, **CHOICES)
    assert interrupt.value.reached == "step 14 of 25; it goes on from step 12"
    going_on = f"fukami train {TASK} {people} --out {out} --resume"
    for words in (
        ["predict", out, people],
        ["evaluate", out],
        ["predict", place, people],
        ["train", TASK, people, "--out", out],
    ):
        code, error = error_of(capsys, *words)
        told = "F-RESUME-WAITS" if words[0] == "train" else "F-RUN-UNFINISHED"
        assert (code, error["code"], error["fix"], error["where"]) == (2, told, going_on, str(place))
    state, _damage = checkpoint.load_last(place / session.CHECKPOINT)
    assert 0 < state["waited"] < state["seconds"]
    assert main(shlex.split(going_on)[1:]) == 0
    assert "going on from step 12 of 25, epoch 2.4 of 5" in capsys.readouterr().err
    assert api.load(out).told["training"]["waited_share"] > 0
    assert main(shlex.split(going_on)[1:]) == 0
    assert f"{out} was finished before" in capsys.readouterr().err
    code, error = error_of(capsys, *shlex.split(going_on)[1:], "--epochs", 90)
    assert (code, error["code"], error["expected"], error["got"]) == (2, "F-RESUME-FINISHED", "epochs=5.0", "epochs=90.0")


def test_before_the_first_snapshot_nothing_is_said_to_be_saved(people, tmp_path, capsys, interrupted_at):
    interrupted_at(2)
    options = [("--set" if name not in ("epochs", "model") else f"--{name}", name, value) for name, value in CHOICES.items()]
    typed = [part for flag, name, value in options for part in (flag, f"{name}={value}" if flag == "--set" else value)]
    code, error = error_of(capsys, "train", TASK, people, "--out", tmp_path / "run", *typed)
    assert (code, error["code"]) == (130, "F-INTERRUPTED") and "nothing that was learned is saved" in error["what"]
    assert error["got"] == "step 2 of 25; it goes on from step 0"


def test_a_training_of_which_nothing_is_saved_begins_anew(people, tmp_path, capsys):
    out, place = tmp_path / "run", tmp_path / ".run.unfinished"
    place.mkdir()
    recipe = api.recipe_for(TASK).changed({"data.source": str(people)})
    (place / "recipe.toml").write_text(recipe.to_toml())
    (place / "data.json").write_text('{"data": ""}')
    code, error = error_of(capsys, "predict", out, people)
    assert (code, error["code"]) == (2, "F-RUN-UNFINISHED") and "nothing of it is saved" in error["what"]
    assert error["fix"] == f"fukami train {TASK} {people} --out {out}"


@pytest.mark.parametrize(
    "words", [["predict", "nothing", "x"], ["evaluate", "nothing"], ["diagnose", "nothing"], ["train", "nothing.toml"]]
)
def test_a_place_where_nothing_is_is_a_mistake_in_what_was_typed(words, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, error = error_of(capsys, *words)
    assert (code, error["code"]) == (2, "F-RECIPE-MISSING" if words[0] == "train" else "F-RUN-MISSING")


def test_objects_of_the_callers_own_are_named_in_python(tmp_path):
    place = place_of(tmp_path / "run")
    place.mkdir()
    (place / "recipe.toml").write_text(f'task = "{TASK}"\n[data]\nsource = ""\n')
    (place / "data.json").write_text('{"data": "", "own": ["model"]}')
    assert command(tmp_path / "run") == f"fukami.train('{TASK}', DATA, model=MODEL, out={str(tmp_path / 'run')!r}, resume=True)"
    assert out_of(place) == tmp_path / "run"


def test_a_training_that_was_given_up_can_be_diagnosed(people, tmp_path):
    out = tmp_path / "run"
    with pytest.raises(RunError) as told:
        api.train(TASK, people, out=out, learning_rate=1e30, **CHOICES)
    assert told.value.code == "F-LOSS-NONFINITE" and told.value.fix.endswith(f"| fukami diagnose {out}")
    found = api.diagnose(out)
    assert not found["finished"] and found["findings"][0]["cause"] == "learning-rate"
    with pytest.raises(UsageError, match="nothing of it is saved"):
        api.predict(out, people)
    api.train(TASK, people, out=out, **CHOICES)
    assert not list(tmp_path.glob(".*"))


def test_a_diagnosis_is_not_named_where_the_shell_cannot_name_the_data(tmp_path):
    rng = np.random.default_rng(0)
    data = (rng.normal(size=(120, 3)), rng.normal(size=120))
    with pytest.raises(RunError) as told:
        api.train("tabular-regression", data, out=tmp_path / "run", learning_rate=1e30, **CHOICES)
    assert told.value.code == "F-LOSS-NONFINITE" and "diagnose" not in told.value.fix


@pytest.mark.slow
def test_folds_that_are_done_are_not_trained_again(people, tmp_path, capsys, monkeypatch, interrupted_at):
    choices = {**CHOICES, "folds": 3, "epochs": 2}
    whole = api.train(TASK, people, out=tmp_path / "whole", **choices)
    numbers, plain = [], cross_validation.one_fold
    monkeypatch.setattr(
        cross_validation, "one_fold", lambda asked, part, ranks: (numbers.append(part.method), plain(asked, part, ranks))[1]
    )
    interrupted_at(3, after=1)
    out = tmp_path / "run"
    words = ["train", TASK, people, "--out", out, "--folds", 3, "--epochs", 2]
    for name in ("batch_size", "plan", "snapshot_steps", "width", "model.name"):
        words += ["--set", f"{name}={CHOICES[name.partition('.')[0]]}"]
    code, error = error_of(capsys, *words)
    assert (code, error["code"]) == (130, "F-INTERRUPTED") and "is safe and waits" in error["what"]
    assert len(artefact.read_json(place_of(out) / "folds.json")["folds"]) == 1
    assert error_of(capsys, *words)[1]["code"] == "F-RESUME-WAITS"
    run = api.train(TASK, people, out=out, resume=True)
    assert numbers == ["fold 1 of 3", "fold 2 of 3", "fold 2 of 3", "fold 3 of 3"]
    assert run.proofs["folds"]["metrics"] == whole.proofs["folds"]["metrics"]
    weights = [artefact.digest(one.path / "model" / "model.safetensors") for one in (whole, run)]
    assert weights[0] == weights[1] and not list(tmp_path.glob(".*"))


def test_folds_of_other_data_are_not_gone_on_from(people, tmp_path, interrupted_at):
    data, out = tmp_path / "people.csv", tmp_path / "run"
    lines = people.read_text().splitlines(keepends=True)
    data.write_text("".join(lines))
    interrupted_at(3, after=1)
    with pytest.raises(KeyboardInterrupt):
        api.train(TASK, data, out=out, folds=3, **CHOICES)
    data.write_text("".join(lines[:-5]))
    with pytest.raises(RunError, match="F-RESUME-DATA"):
        api.train(TASK, data, out=out, resume=True)


@pytest.mark.slow
def test_the_choices_of_folds_are_kept_while_they_are_trained(people, tmp_path, interrupted_at):
    interrupted_at(3, after=1)
    with pytest.raises(KeyboardInterrupt):
        api.train(TASK, people, out=tmp_path / "run", folds=3, **CHOICES)
    run = api.train(TASK, people, out=tmp_path / "run", resume=True)
    assert run.summary()["steps"] == 25 and len(run.proofs["folds"]["metrics"]["accuracy"]["values"]) == 3


def slow(given):
    """One of several cases, of which the quick tier takes another."""
    return pytest.param(given, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    "broken", [b'{"chosen": {', slow(b"[]"), slow(b'{"chosen": {"a": 1}, "figures": [{}]}'), slow(b"\0\0")]
)
def test_measured_figures_that_are_broken_do_not_stop_a_training(people, tmp_path, capsys, interrupted_at, broken):
    out, place = tmp_path / "run", tmp_path / ".run.unfinished"
    interrupted_at(14)
    with pytest.raises(Interrupted):
        api.train(TASK, people, out=out, **CHOICES)
    (place / "plan.json").write_bytes(broken)
    (place / "history.jsonl").write_bytes(b"[1]\n")
    run = api.train(TASK, people, out=out, resume=True, **CHOICES)
    assert "plan" not in run.told and "what was measured for the step plan" in capsys.readouterr().err


def slow(given):
    """One of several cases, of which the quick tier takes another."""
    return pytest.param(given, marks=pytest.mark.slow)


@pytest.mark.parametrize("broken", [b'{"dat', b"[]", b"{}"])
def test_a_broken_mark_of_the_data_is_told_with_its_mend(people, tmp_path, interrupted_at, broken):
    interrupted_at(14)
    with pytest.raises(Interrupted):
        api.train(TASK, people, out=tmp_path / "run", **CHOICES)
    (tmp_path / ".run.unfinished" / "data.json").write_bytes(broken)
    with pytest.raises(RunError, match="F-RESUME-FILE") as refused:
        api.train(TASK, people, out=tmp_path / "run", resume=True, **CHOICES)
    assert "without --resume" in refused.value.fix
