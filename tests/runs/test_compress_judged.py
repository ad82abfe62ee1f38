"""What a compression is judged by: the files that are kept, on examples kept aside, by every metric that a budget names."""

from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file

from fukami import api
from fukami.compress.contract import Form
from fukami.compress.verb import require_drops
from fukami.compress.wishes import wishes
from fukami.core.errors import GateError, UsageError
from fukami.models import checkpoint


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    out = tmp_path_factory.mktemp("digits") / "run"
    settings = {"model": "cnn", "size": "tiny", "epochs": 2, "plan": "default", "threads": 1}
    return api.train("image-classification", "digits", out=out, **settings).path


def test_what_is_judged_is_read_from_the_files_that_are_kept(digits, tmp_path, monkeypatch):
    """Weights that are damaged on their way into the file do not pass, though those in memory are good."""
    whole = Form.save

    def damaged(form, folder):
        whole(form, folder)
        if form.how:
            weights = load_file(folder / checkpoint.WEIGHTS)
            save_file({name: torch.zeros_like(part) for name, part in weights.items()}, folder / checkpoint.WEIGHTS)

    monkeypatch.setattr(Form, "save", damaged)
    with pytest.raises(GateError) as refused:
        api.compress(digits, to="bf16", out=tmp_path / "bf16")
    assert refused.value.code == "F-COMPRESS-GATE" and not list(tmp_path.iterdir())


def test_a_budget_names_metrics_of_the_task(digits, tmp_path):
    with pytest.raises(UsageError) as refused:
        api.compress(digits, budget="rmse-drop<=1", out=tmp_path / "none")
    assert refused.value.code == "F-METRIC-NAME" and not list(tmp_path.iterdir())


def test_a_budget_holds_on_the_examples_kept_aside_for_every_metric_that_it_names():
    before, after = ({"f1_macro": SimpleNamespace(value=value)} for value in (0.9, 0.8))
    require_drops(wishes("latency<=1ms,f1_macro-drop<=11"), "accuracy", before, after, "run")
    with pytest.raises(GateError) as refused:
        require_drops(wishes("latency<=1ms,f1_macro-drop<=1"), "accuracy", before, after, "run")
    assert refused.value.code == "F-COMPRESS-GATE"
