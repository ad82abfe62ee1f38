"""What a compression is judged by: the files that are kept, on examples kept aside, by every metric that a budget names."""

import io

import pytest
import torch
from safetensors.torch import load_file, save_file

from fukami import api
from fukami.cli._screen import Screen
from fukami.cli.compress import show
from fukami.compress import graphs, search
from fukami.compress.asked import Asked
from fukami.compress.contract import Form
from fukami.compress.ways import bf16, prune
from fukami.core.errors import DataError, GateError, UsageError
from fukami.models import checkpoint


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    out = tmp_path_factory.mktemp("digits") / "run"
    settings = {"model": "cnn", "size": "tiny", "epochs": 2, "plan": "default", "threads": 1}
    return api.train("image-classification", "digits", out=out, **settings).path


def no_number_for_a_class(name, w):
    return w.index_fill(0, torch.tensor([3]), torch.nan) if name.startswith("head.") else w


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (lambda _name, w: w * 0, "F-COMPRESS-GATE"),
        (lambda _name, w: w * torch.nan, "F-COMPRESS-NUMBER"),
        (no_number_for_a_class, "F-COMPRESS-NUMBER"),
        (lambda name, w: w.roll(1, 0) if name.startswith("head.") else w, "F-COMPRESS-GATE"),
        (lambda _name, w: (w * 2).round() / 2, "F-COMPRESS-GATE"),
    ],
    ids=["zeros", "no numbers", "no number for a class", "swapped classes", "coarse"],
)
def test_what_is_judged_is_read_from_the_files_that_are_kept(digits, tmp_path, monkeypatch, fault, code):
    """Weights that are damaged on their way into the file do not pass, though those in memory are good."""
    whole = Form.save

    def damaged(form, folder):
        whole(form, folder)
        if form.how:
            weights = load_file(folder / checkpoint.WEIGHTS)
            wrong = {n: fault(n, w).contiguous() if w.is_floating_point() else w for n, w in weights.items()}
            save_file(wrong, folder / checkpoint.WEIGHTS)

    monkeypatch.setattr(Form, "save", damaged)
    with pytest.raises(GateError) as refused:
        api.compress(digits, to="bf16", out=tmp_path / "bf16")
    assert refused.value.code == code and not list(tmp_path.iterdir())


@pytest.mark.slow
def test_how_sure_a_compressed_run_is_fits_its_own_weights(digits, tmp_path, monkeypatch):
    """Weights three times as large answer alike and are far surer, which a temperature fitted anew takes back."""
    whole = Form.save

    def surer(form, folder):
        whole(form, folder)
        if form.how:
            weights = load_file(folder / checkpoint.WEIGHTS)
            save_file({n: w * (3 if n.startswith("head.") else 1) for n, w in weights.items()}, folder / checkpoint.WEIGHTS)

    monkeypatch.setattr(Form, "save", surer)
    first = api.load(digits)
    run = first.compress(to="bf16", out=tmp_path / "bf16")
    assert run.predictor.task.target.temperature == pytest.approx(3 * first.predictor.task.target.temperature, rel=0.05)
    assert run.metrics["log_loss"] == pytest.approx(first.metrics["log_loss"], abs=0.02)
    proof = run.proofs["calibration"]
    assert (
        proof["temperature"] == run.predictor.task.target.temperature
        and proof["after"]["log_loss"] < proof["before"]["log_loss"]
    )
    assert run.evaluate()["metrics"]["log_loss"]["value"] == pytest.approx(run.metrics["log_loss"])


@pytest.mark.slow
def test_a_search_lets_every_form_be_as_sure_as_fits_its_own_weights(digits, tmp_path, monkeypatch):
    """A head of three times the size loses no log loss once its temperature is fitted; with the first run's it would lose much.

    What cannot be made stands in the table beside it, and in the report.
    """
    rounded = bf16.compress

    def surer(form, work, asked):
        made = rounded(form, work, asked)
        made.predictor.network.head.weight.data *= 3
        made.predictor.network.head.bias.data *= 3
        return made

    def unable(_form, _work, _asked):
        raise DataError("F-CATEGORY-FEW", "a class has too few examples")

    monkeypatch.setattr(graphs, "MOST", 3)
    monkeypatch.setattr(bf16, "compress", surer)
    monkeypatch.setattr(prune, "compress", unable)
    plans = [("bf16", Asked(to="bf16")), ("prune", Asked(prune=0.3))]
    monkeypatch.setattr(search, "planned", lambda _asked, **_more: plans)
    monkeypatch.setattr(search, "_enough", lambda _found: False)
    run = api.load(digits).compress(budget="size<=1MB,log_loss-drop<=0.5", out=tmp_path / "run")
    table = {line["how"]: line for line in run.told["compressed"]["pareto"]}
    assert table["bf16"]["meets"] and abs(table["bf16"]["drops"]["log_loss"]) < 0.5
    assert table["prune 0.3"]["why"] == "a class has too few examples" and table["prune 0.3"]["bytes"] is None
    assert "a class has too few examples" in (run.path / "report.html").read_text("utf-8")
    result = {"metrics": {}, "latency": [], "task": "", "how": "", "examples": 1, "run": "", "pareto": list(table.values())}
    sizes = {"bytes": {"before": 2, "after": 1}, "parameters": {"before": 2, "after": 1}}
    sizes |= {"gains": {"size": [2.0, 2.0], "time": []}, "notes": []}
    stream = io.StringIO()
    show({**result, **sizes}, Screen(stream))
    assert "a class has too few examples" in stream.getvalue()


def test_a_budget_names_metrics_of_the_task(digits, tmp_path):
    with pytest.raises(UsageError) as refused:
        api.compress(digits, budget="rmse-drop<=1", out=tmp_path / "none")
    assert refused.value.code == "F-METRIC-NAME" and not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A run with one example kept aside, on which its headline metric has no value."""
    place = tmp_path_factory.mktemp("few")
    rows = [f"{i % 7},{i % 5},{'yes' if i % 2 else 'no'}" for i in range(41)]
    (place / "few.csv").write_text("\n".join(["a,b,label", *rows]), "utf-8")
    settings = {"model": "mlp", "epochs": 1, "plan": "default", "threads": 1, "test_fraction": 0.02, "target": "label"}
    return api.train("tabular-classification", str(place / "few.csv"), out=place / "run", **settings).path


@pytest.mark.parametrize("asked", [{"to": "bf16"}, {"budget": "size<=1B"}], ids=["to", "budget"])
def test_a_metric_without_a_value_is_said_to_have_none_before_anything_is_made(few, tmp_path, capsys, asked):
    with pytest.raises(GateError) as refused:
        api.compress(few, out=tmp_path / "none", **asked)
    assert refused.value.code == "F-COMPRESS-METRIC" and "roc_auc" in refused.value.what and refused.value.got == "1 example"
    assert "at work" not in capsys.readouterr().err and not list(tmp_path.iterdir())
