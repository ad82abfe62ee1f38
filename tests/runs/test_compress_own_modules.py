"""A run with a module of the caller's own, compressed: what comes out is used like any run, with its code where needed."""

import numpy as np
import pytest
import torch
from torch import nn

import fukami
from fukami import api
from fukami.compress import graphs
from fukami.core.errors import UsageError

PICTURES = [np.full((8, 8), shade, np.uint8) for shade in (0, 9)]


def module() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 10))


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    out = tmp_path_factory.mktemp("own") / "run"
    options = {"epochs": 3, "plan": "default", "threads": 1}
    return api.train("image-classification", "digits", model=module(), out=out, **options)


@pytest.fixture(autouse=True)
def _few_answers_are_timed(monkeypatch):
    monkeypatch.setattr(graphs, "MOST", 3)


def used(run, place) -> None:
    """Every verb that comes after."""
    assert len(run.predict(PICTURES)) == 2
    assert run.evaluate()["metrics"]["accuracy"]["value"] == pytest.approx(run.proofs["parity"]["metrics"]["accuracy"]["after"])
    assert (run.export("onnx", out=place / "onnx") / "model.onnx").exists()


@pytest.mark.slow
def test_bf16_leaves_the_callers_module_alone_and_takes_a_fresh_one_later(own, tmp_path):
    kept = {name: part.clone() for name, part in own.predictor.network.state_dict().items()}
    run = own.compress(to="bf16", out=tmp_path / "bf16")
    answers = run.predict(PICTURES)
    assert all(torch.equal(kept[name], part) for name, part in own.predictor.network.state_dict().items())
    with pytest.raises(UsageError) as refused:
        fukami.load(run.path).predict(PICTURES)
    assert refused.value.code == "F-RUN-MODULE" and "model=" in refused.value.fix
    again = fukami.load(run.path, model=module())
    assert [answer["scores"] for answer in again.predict(PICTURES)] == [pytest.approx(told["scores"]) for told in answers]
    used(again, tmp_path)


@pytest.mark.slow
def test_int8_needs_the_module_no_more(own, tmp_path):
    with pytest.raises(UsageError) as refused:
        own.compress(prune=0.5, out=tmp_path / "pruned")
    assert refused.value.code == "F-COMPRESS-MODULE"
    used(fukami.load(own.compress(to="int8", out=tmp_path / "int8", max_drop=3).path), tmp_path)


@pytest.mark.slow
def test_a_budget_is_searched_for_among_number_formats(own, tmp_path):
    run = own.compress(budget="size<=11kB,accuracy-drop<=3", out=tmp_path / "budget")
    assert {line["how"].split()[0] for line in run.told["compressed"]["pareto"]} == {"float32", "bf16", "int8"}
    with pytest.raises(UsageError) as refused:
        own.compress(budget="size<=11kB", distill="mlp", out=tmp_path / "student")
    assert refused.value.code == "F-COMPRESS-MODULE" and not (tmp_path / "student").exists()
