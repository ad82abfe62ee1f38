"""Runs that an older Fukami wrote open and do what they did. `tests/corpus/runs/` holds each with its data and its answers."""

import json
import zipfile
from pathlib import Path

import pytest

from fukami import api
from fukami.core import artefact

CORPUS = Path(__file__).parent.parent / "corpus" / "runs"


@pytest.fixture(params=sorted(path.stem for path in CORPUS.glob("*.zip")))
def older(request, tmp_path, monkeypatch):
    """The run, opened where its data lies, and what was recorded of it."""
    with zipfile.ZipFile(CORPUS / f"{request.param}.zip") as file:
        file.extractall(tmp_path)
    monkeypatch.chdir(tmp_path)
    return api.load("run"), json.loads(Path("answers.json").read_text("utf-8"))


def near(told):
    """Numbers as they were, but for what another processor computes otherwise."""
    if isinstance(told, dict):
        return {name: near(value) for name, value in told.items()}
    return pytest.approx(told, abs=1e-5) if isinstance(told, float) else told


def test_an_older_run_answers_as_it_did(older):
    run, told = older
    assert run.told["schema"] == artefact.SCHEMA
    assert run.predict(told["inputs"]) == [near(answer) for answer in told["answers"]]
    assert run.predictor.task.target.temperature == told["temperature"]


def test_an_older_run_is_judged_and_exported_as_it_was(older):
    run, told = older
    found = run.evaluate()
    assert {name: metric["value"] for name, metric in found["metrics"].items()} == near(told["metrics"])
    assert api.export(run, "onnx")["parity"]["held"]
    assert api.load("run").predict(told["inputs"]) == [near(answer) for answer in told["answers"]]


@pytest.mark.slow
def test_an_older_run_becomes_one_of_today_when_it_is_compressed(older):
    run, told = older
    made = run.compress(to="bf16", max_drop=20.0)
    kept = json.loads((made.path / "run.json").read_text("utf-8"))
    assert kept["schema"] == artefact.SCHEMA and "temperature" not in kept
    assert made.predictor.task.target.temperature == pytest.approx(told["temperature"], rel=0.1)
