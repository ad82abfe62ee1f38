"""What a compression is judged by: the files that are kept, on examples kept aside, by every metric that a budget names."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from fukami import api
from fukami.compress.contract import Form
from fukami.core.errors import GateError, UsageError
from fukami.models import checkpoint


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    out = tmp_path_factory.mktemp("digits") / "run"
    settings = {"model": "cnn", "size": "tiny", "epochs": 2, "plan": "default", "threads": 1}
    return api.train("image-classification", "digits", out=out, **settings).path


@pytest.mark.parametrize(("value", "code"), [(0.0, "F-COMPRESS-GATE"), (torch.nan, "F-COMPRESS-NUMBER")])
def test_what_is_judged_is_read_from_the_files_that_are_kept(digits, tmp_path, monkeypatch, value, code):
    """Weights that are damaged on their way into the file do not pass, though those in memory are good."""
    whole = Form.save

    def damaged(form, folder):
        whole(form, folder)
        if form.how:
            weights = load_file(folder / checkpoint.WEIGHTS)
            wrong = {n: w * 0 + value if w.is_floating_point() else w for n, w in weights.items()}
            save_file(wrong, folder / checkpoint.WEIGHTS)

    monkeypatch.setattr(Form, "save", damaged)
    with pytest.raises(GateError) as refused:
        api.compress(digits, to="bf16", out=tmp_path / "bf16")
    assert refused.value.code == code and not list(tmp_path.iterdir())


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
    assert run.predictor.temperature == pytest.approx(3 * first.predictor.temperature, rel=0.05)
    assert run.metrics["log_loss"] == pytest.approx(first.metrics["log_loss"], abs=0.02)
    proof = run.proofs["calibration"]
    assert proof["temperature"] == run.predictor.temperature and proof["after"]["log_loss"] < proof["before"]["log_loss"]
    assert run.evaluate()["metrics"]["log_loss"]["value"] == pytest.approx(run.metrics["log_loss"])


def test_a_budget_names_metrics_of_the_task(digits, tmp_path):
    with pytest.raises(UsageError) as refused:
        api.compress(digits, budget="rmse-drop<=1", out=tmp_path / "none")
    assert refused.value.code == "F-METRIC-NAME" and not list(tmp_path.iterdir())
