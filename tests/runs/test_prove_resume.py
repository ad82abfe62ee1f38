"""`--prove-resume`: a proof where resuming is exact, exit 1 where it is not, and no loss of the training either way."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from fukami import api
from fukami.cli.main import main
from fukami.core import artefact
from fukami.core.errors import GateError, UsageError
from fukami.training import prove_resume
from tests.runs.test_first_hour import picture_folder, table

CHOICES = {"epochs": 4, "batch_size": 16, "plan": "default", "model": "mlp", "width": 16}


@pytest.fixture
def data(tmp_path):
    return table(tmp_path / "people.csv", {"row": "row", "label": "category"}, rows=120)


def lives(monkeypatch, change):
    """Puts a life in the place of each process: they end with the weights of the training, changed by `change`."""
    jobs = []

    def live(job):
        jobs.append(job)
        folder = Path(job.folder)
        shutil.copytree(folder / "own", folder / "again", dirs_exist_ok=True)
        save_file(change(load_file(folder / "own" / "model.safetensors")), folder / "again" / "model.safetensors")
        return {1: 7, 2: 9}.get(len(jobs))

    monkeypatch.setattr(prove_resume, "_live", live)
    return jobs


def test_a_proof_that_holds_is_part_of_the_run(data, tmp_path, monkeypatch):
    jobs = lives(monkeypatch, lambda weights: weights)
    run = api.train("tabular-classification", data, out=tmp_path / "run", prove_resume=True, **CHOICES)
    proof = run.proofs["resume"]
    assert proof["held"] and proof["killed_at"] == [7, 9] and proof["steps"] == 20 and proof["tensors"] > 3
    assert "bit for bit" in (run.path / "report.html").read_text("utf-8")
    assert [(bool(job.pause_at), job.pause_writing) for job in jobs] == [(True, False), (False, True), (False, False)]
    assert 1 < jobs[0].pause_at < 20
    assert not list(tmp_path.glob(".*"))


def slow(given):
    """One of several cases, of which the quick tier takes another."""
    return pytest.param(given, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    "change",
    [
        lambda weights: {name: t + (1e-7 if name.startswith("head") else 0) for name, t in weights.items()},
        slow(lambda weights: dict(list(weights.items())[1:])),
        slow(lambda weights: {name: t.double() for name, t in weights.items()}),
        slow(
            lambda weights: (
                {name: torch.where(t == 0, -t, t) * 1 if t.ndim else t for name, t in weights.items()} | {"more": torch.ones(1)}
            )
        ),
    ],
)
def test_a_proof_that_does_not_hold_ends_with_a_reason_and_keeps_the_training(data, tmp_path, monkeypatch, change):
    lives(monkeypatch, change)
    with pytest.raises(GateError) as told:
        api.train("tabular-classification", data, out=tmp_path / "run", prove_resume=True, **CHOICES)
    assert told.value.code == "F-PROVE-RESUME" and told.value.exit_code == 1
    assert not (tmp_path / "run").exists()
    run = api.train("tabular-classification", data, out=tmp_path / "run", resume=True, **CHOICES)
    assert "resume" not in run.proofs and run.summary()["steps"] == 20


@pytest.mark.slow
def test_a_life_that_fails_is_told_with_its_last_words(tmp_path):
    job = prove_resume.Job(str(tmp_path / "none.toml"), "none", str(tmp_path), every=1, pause_at=1, pause_writing=False)
    with pytest.raises(GateError, match="F-RECIPE-MISSING"):
        prove_resume._live(job)
    assert json.loads((tmp_path / "job.json").read_text()) == asdict(job)


def test_objects_that_another_process_cannot_have_are_refused_before_training(tmp_path):
    with pytest.raises(UsageError, match="F-PROVE-OBJECTS"):
        api.train(
            "tabular-regression", (torch.ones(9, 2).numpy(), torch.ones(9).numpy()), out=tmp_path / "run", prove_resume=True
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("task", ["tabular-classification", "image-classification", "text-classification"])
def test_the_proof_holds_for_every_kind_of_training(tmp_path, task):
    kinds = {
        "tabular-classification": ("row", "mlp"),
        "text-classification": ("text", "gru"),
        "image-classification": ("image", "cnn"),
    }
    kind, model = kinds[task]
    if kind == "image":
        source = picture_folder(tmp_path / "photos")
    else:
        source = table(tmp_path / "data.csv", {kind: kind, "label": "category"}, rows=200)
    more = ["--set", "ema=0.9", "--set", "memory_format=channels-last"] if kind == "image" else []
    words = ["train", task, str(source), "--model", model, "--epochs", "8", "--set", "batch_size=8", *more]
    assert main([*words, "--out", str(tmp_path / "run"), "--prove-resume"]) == 0
    proof = artefact.read_json(tmp_path / "run" / "proofs" / "resume.json")
    assert proof["held"] and len(proof["killed_at"]) == 2
