"""`fukami compress` from one end to the other: what comes out is a run, as good as was asked, or nothing."""

import json
from pathlib import Path

import numpy as np
import pytest

from fukami import api
from fukami.cli.main import main
from fukami.compress import graphs
from fukami.core import artefact
from fukami.core.errors import DataError, GateError, UsageError
from fukami.export.verb import noted_in_run
from fukami.models import checkpoint
from tests.synthetic import columns

TRAINED = {"epochs": 4, "plan": "default", "threads": 1}


@pytest.fixture(autouse=True)
def _few_answers_are_timed(monkeypatch):
    monkeypatch.setattr(graphs, "MOST", 3)


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """A plain network: the quick tests are about the run, not about what its network holds."""
    out = tmp_path_factory.mktemp("small") / "run"
    return api.train("image-classification", "digits", model="mlp", out=out, **TRAINED).path


@pytest.fixture(scope="module")
def digits(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("digits") / "run"
    return api.train("image-classification", "digits", out=out, **TRAINED).path


@pytest.fixture(scope="module")
def sentences(tmp_path_factory) -> Path:
    """A run over a table of sentences, one word of which tells the class."""
    folder = tmp_path_factory.mktemp("sentences")
    raw = columns({"text": "text", "label": "category"}, 300)
    lines = [f"{t},{k}" for t, k in zip(raw["text"][0].strings(), raw["label"][0].strings(), strict=True)]
    (folder / "data.csv").write_text("\n".join(["text,label", *lines]), "utf-8")
    settings = {"epochs": 12, "plan": "default", "threads": 1, "model": "transformer", "size": "tiny"}
    return api.train("text-classification", str(folder / "data.csv"), out=folder / "run", **settings).path


@pytest.mark.slow
def test_int8_is_a_run_of_a_quarter_of_the_size_that_does_all_that_runs_do(small, tmp_path, capsys):
    out, before = small.parent / "run-int8", artefact.digest(small / artefact.MANIFEST)
    assert main(["compress", str(small), "--to", "int8", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["run"] == str(out) and told["from"] == str(small) and told["how"].startswith("int8")
    assert told["bytes"]["before"] > 3 * told["bytes"]["after"]
    assert told["parity"]["held"] and told["parity"]["drop"] <= 1
    assert {(line["batch"], line["threads"]) for line in told["latency"]} == {(1, 1), (32, 1), (1, 2), (32, 2)}
    assert all(
        line[side][kind] > 0 for line in told["latency"] for side in ("before_ms", "after_ms") for kind in ("median", "p99")
    )

    run = api.load(out)
    assert {p.name for p in (out / "model").iterdir()} == {"model.onnx", "config.json"}
    assert run.proofs["parity"]["metrics"]["accuracy"]["after"] == run.metrics["accuracy"]
    assert run.proofs["parity"] == run.proofs["compression"]
    shown = (out / "report.html").read_text("utf-8")
    assert "Compressed, and as good" in shown and "Exported and compressed" not in shown
    assert run.proofs["calibration"]["temperature"] == run.predictor.task.target.temperature  # of these weights
    pictures = [np.zeros((8, 8), np.uint8)] * 3
    assert len(run.predict(pictures)) == 3
    assert run.evaluate()["metrics"]["accuracy"]["value"] == pytest.approx(told["metrics"]["accuracy"]["after"])
    assert artefact.digest(small / artefact.MANIFEST) == before  # the first run is as it was
    with pytest.raises(UsageError) as refused:
        run.compress(to="int8", out=tmp_path / "again")
    assert refused.value.code == "F-COMPRESS-AGAIN"
    assert api.export(run, "onnx", out=tmp_path / "onnx")["parity"]["held"]  # with its scores behind the graph
    both = api.load(out)
    assert both.proofs["compression"] == run.proofs["compression"] and both.proofs["parity"]["to"] == "onnx"
    assert list(both.proofs["parity"]["exports"]) == ["onnx"]
    shown = (out / "report.html").read_text("utf-8")
    assert "Compressed, and as good" in shown and "Exported and compressed" in shown
    told = both.proofs["parity"]
    with artefact.changing(out) as draft:  # as a compression of earlier days left it
        (draft / "proofs" / "compression.json").unlink()
        artefact.replace_json(draft / "proofs" / "parity.json", run.proofs["compression"])
    assert not noted_in_run(api.load(out), told)
    assert api.load(out).proofs["compression"] == run.proofs["compression"]


def test_bf16_is_half_the_size(small, tmp_path):
    run = api.load(small).compress(to="bf16", out=tmp_path / "bf16")
    sizes = run.proofs["parity"]["bytes"]
    assert 1.9 < sizes["before"] / sizes["after"] < 2.1
    state = checkpoint.tensors(run.path / "model" / checkpoint.WEIGHTS)
    assert {str(t.dtype) for t in state.values() if t.is_floating_point()} == {"torch.bfloat16"}
    assert {str(p.dtype) for p in run.predictor.network.parameters()} == {"torch.float32"}


@pytest.fixture(scope="module")
def pruned(digits) -> Path:
    out = digits.parent / "run-prune"
    return api.load(digits).compress(prune=0.5, max_drop=6, epochs=2, out=out, settings={"plan": "default"}).path


@pytest.mark.slow
def test_what_is_left_after_pruning_learns_on(digits, pruned):
    run = api.load(pruned)
    assert run.told["model"]["parameters"] < 0.6 * api.load(digits).told["model"]["parameters"]
    assert run.predictor.recipe.model.prune == 0.5 and run.proofs["parity"]["drop"] <= 6
    assert len(run.predict([np.zeros((8, 8), np.uint8)] * 2)) == 2


@pytest.mark.slow
def test_the_recipe_of_a_pruned_run_repeats_it_and_the_run_is_pruned_again(pruned, tmp_path):
    run = api.load(pruned)
    again = api.train(str(run.path / "recipe.toml"), out=tmp_path / "again")
    ours, theirs = (checkpoint.tensors(place / "model" / checkpoint.WEIGHTS) for place in (run.path, again.path))
    assert all((ours[name] == theirs[name]).all() for name in ours)
    twice = run.compress(prune=0.3, max_drop=20, epochs=1, out=tmp_path / "twice", settings={"plan": "default"})
    assert twice.told["model"]["parameters"] < run.told["model"]["parameters"]


@pytest.mark.slow  # tests/unit/test_compress.py has the training itself
def test_single_weights_are_zero_in_the_run(digits, tmp_path):
    run = api.load(digits).compress(
        prune=0.6, unstructured=True, max_drop=6, epochs=1, out=tmp_path / "sparse", settings={"plan": "default"}
    )
    weights = [p for p in run.predictor.network.parameters() if p.ndim > 1]
    zero = sum(int((p == 0).sum()) for p in weights) / sum(p.numel() for p in weights)
    assert 0.58 < zero < 0.62


@pytest.mark.slow
def test_a_student_of_another_family_is_a_run(digits, tmp_path):
    run = api.load(digits).compress(
        distill="mlp:tiny", to="int8", max_drop=60, epochs=2, out=tmp_path / "student", settings={"plan": "default"}
    )
    assert run.told["model"]["name"] == "mlp" and run.predictor.recipe.learning.teacher == str(digits.resolve())
    assert run.told["compressed"]["how"].startswith("distill mlp:tiny + int8")


@pytest.mark.slow
def test_text_in_int8(sentences, tmp_path):
    told = api.compress(sentences, to="int8", out=tmp_path / "int8", max_drop=2)
    assert told["bytes"]["before"] > 2 * told["bytes"]["after"]
    run = api.load(tmp_path / "int8")
    alone = run.predict("sun tree stone")[0]["scores"]
    beside = run.predict(["sun tree stone", "moon " * 11])[0]["scores"]
    assert alone == pytest.approx(beside, abs=0.02)


@pytest.mark.slow
def test_a_budget_is_met_by_what_is_measured_or_nothing_is_written(digits, tmp_path, capsys):
    out = tmp_path / "small"
    assert main(["compress", str(digits), "--budget", "size<=100kB,accuracy-drop<=2", "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [line["how"] for line in told["pareto"]][:2] == ["float32", "bf16"]
    assert [line["chosen"] for line in told["pareto"]].count(True) == 1
    assert all(line["bytes"] <= 100_000 for line in told["pareto"] if line["meets"]) and told["bytes"]["after"] <= 100_000
    assert main(["compress", str(digits), "--budget", "size<=100kB,accuracy-drop<=2", "--out", str(out)]) == 2  # it is there


@pytest.mark.slow
def test_a_budget_that_cannot_be_met_names_what_comes_nearest(digits, tmp_path):
    with pytest.raises(GateError) as refused:
        api.compress(digits, budget="size<=1kB", out=tmp_path / "none", epochs=1)
    assert refused.value.code == "F-BUDGET-MISSED" and "MB" in refused.value.got
    assert not list(tmp_path.iterdir())


def test_what_is_worse_than_allowed_is_not_written(small, tmp_path, capsys):
    words = [
        "compress",
        str(small),
        "--distill",
        "mlp",
        "--epochs",
        "1",
        "--set",
        "learning_rate=1e-9",
        "--set",
        "plan=default",
    ]
    assert main([*words, "--out", str(tmp_path / "none")]) == 1
    assert "F-COMPRESS-GATE" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_run_on_arrays_needs_them_again(tmp_path):
    from sklearn.datasets import load_wine

    data = load_wine(return_X_y=True)
    run = api.train("tabular-classification", data, model="mlp", size="tiny", out=tmp_path / "run", **TRAINED)
    with pytest.raises(DataError) as refused:
        run.compress(to="int8")
    assert refused.value.code == "F-EVALUATE-DATA"
    made = run.compress(to="int8", data=data, max_drop=5, out=tmp_path / "int8")
    assert len(made.predict(data[0][:4])) == 4
