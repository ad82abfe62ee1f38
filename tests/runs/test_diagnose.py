"""`fukami diagnose` on trainings with a planted fault, which comes first, and on healthy ones, where it stays silent."""

import json
import time
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from torch import nn

import fukami
from fukami import api
from fukami.cli.main import main
from fukami.core import artefact
from fukami.engine.diagnosis.case import Case
from fukami.engine.diagnosis.contract import LeftOut
from fukami.engine.diagnosis.symptoms import learning_rate, waiting
from fukami.engine.history import read
from fukami.fields.image.field import Image
from fukami.training.diagnose import find, made_case

PICTURES, TABLE = "image-classification", "tabular-classification"
HEALTHY: dict[str, Any] = {"plan": "default", "epochs": 10, "learning_rate": 5e-3, "shift": 0, "flip": "no"}


@cache
def digits(count: int = 1797) -> tuple[np.ndarray, np.ndarray]:
    x, y = load_digits(return_X_y=True)
    return (np.asarray(x).reshape(-1, 8, 8) * 15.9).astype("uint8")[:count], np.asarray(y)[:count]


def layers(*sizes: int, between: type[nn.Module] = nn.ReLU) -> nn.Module:
    """A plain network of 8 × 8 pixels to ten classes."""
    torch.manual_seed(0)
    made: list[nn.Module] = [nn.Flatten()]
    for before, after in zip((64, *sizes), sizes, strict=False):
        made += [nn.Linear(before, after), between()]
    return nn.Sequential(*made, nn.Linear(sizes[-1], 10))


def found(out: Path, task: str, data, **settings) -> tuple[list[str], dict]:
    """The causes that stand for themselves, in their order, and the whole diagnosis, of a training with these settings."""
    settings = {"plan": "default", "epochs": 6, **settings}
    told = fukami.train(task, data, out=out, **settings).diagnose(data)
    assert told["seconds"] < 25
    return [one["cause"] for one in told["findings"] if not one["follows"]], told


def slow(*given):
    """One of several cases, of which the quick tier takes another."""
    return pytest.param(*given, marks=pytest.mark.slow)


# -- planted faults -------------------------------------------------------------------------------------------------------
def test_a_rate_a_thousand_times_too_high(tmp_path):
    causes, told = found(tmp_path / "run", PICTURES, digits(600), model=layers(64, 64), learning_rate=1.0)
    assert causes == ["learning-rate"]
    first = told["findings"][0]
    assert first["code"] == "F-DIAGNOSE-RATE-HIGH" and "learning_rate=0.0" in first["fix"]
    assert first["evidence"]["trial_learned"] > first["evidence"]["training_learned"] + 0.1


@pytest.mark.slow
def test_a_rate_that_is_far_too_low(tmp_path):
    causes, told = found(tmp_path / "run", PICTURES, digits(600), model=layers(64, 64), learning_rate=1e-7)
    assert causes == ["learning-rate"] and told["findings"][0]["code"] == "F-DIAGNOSE-RATE-LOW"


@pytest.mark.slow
def test_shuffled_labels(tmp_path):
    x, y = digits(600)
    shuffled = np.random.default_rng(0).permutation(y)
    causes, told = found(tmp_path / "run", PICTURES, (x, shuffled), model=layers(64, 64), learning_rate=3e-3, epochs=12)
    assert causes == ["labels"]
    evidence = told["findings"][0]["evidence"]
    assert max(evidence["trial_real_labels"], evidence["trial_shuffled_labels"]) < 3


@pytest.mark.slow
def test_weights_that_begin_at_zero(tmp_path):
    network = layers(64, 64)
    for weight in network.parameters():
        nn.init.zeros_(weight)
    causes, told = found(tmp_path / "run", PICTURES, digits(600), model=network)
    assert causes == ["initialisation"] and told["findings"][0]["evidence"]["layers_of_zeros"] == 3
    assert all(not weight.any() for weight in network.parameters() if weight.ndim > 1), "the diagnosis changed the module"


@pytest.mark.slow
def test_first_weights_of_a_module_that_are_far_larger_than_what_layers_draw(tmp_path):
    network = layers(64, 64, 64)
    for weight in network.parameters():
        nn.init.normal_(weight, std=30.0)
    causes, told = found(tmp_path / "run", PICTURES, digits(600), model=network, learning_rate=1e-3)
    assert causes[0] == "initialisation", told["findings"]
    first = told["findings"][0]
    assert first["code"] == "F-DIAGNOSE-FIRST-WEIGHTS"
    assert first["evidence"]["first_loss"] > 5 * first["evidence"]["drawn_loss"]


class Raw(nn.Module):
    """Undoes the normalisation of the inputs, as a module written for raw values would see them."""

    def __init__(self):
        super().__init__()
        self.layers = layers(64, 64)

    def forward(self, x_BCHW):
        return self.layers(x_BCHW * 80 + 100)


@pytest.mark.slow
def test_inputs_that_are_not_normalised(tmp_path):
    causes, told = found(tmp_path / "run", PICTURES, digits(600), model=Raw(), learning_rate=1e-3)
    assert causes == ["input-scale"] and told["findings"][0]["evidence"]["size"] > 100


@pytest.mark.slow
def test_thirty_layers_of_sigmoids(tmp_path):
    causes, told = found(tmp_path / "run", PICTURES, digits(600), model=layers(*[32] * 30, between=nn.Sigmoid))
    assert causes == ["gradients"] and told["findings"][0]["code"] == "F-DIAGNOSE-VANISHING"


class Amplified(nn.Module):
    """Every layer gives eight times what it should, so that what goes back through it grows."""

    def __init__(self, depth: int = 12):
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Linear(64, 32)
        self.between = nn.ModuleList(nn.Linear(32, 32) for _layer in range(depth))
        self.last = nn.Linear(32, 10)

    def forward(self, x_BCHW):
        x_BD = self.first(x_BCHW.flatten(1))
        for layer in self.between:
            x_BD = 8 * layer(x_BD).relu()
        return self.last(x_BD)


@pytest.mark.slow
def test_gradients_that_explode(tmp_path):
    causes, told = found(tmp_path / "run", PICTURES, digits(600), model=Amplified(), learning_rate=1e-3, clip_norm=0)
    assert causes[0] == "gradients", told["findings"]
    first = told["findings"][0]
    assert first["code"] == "F-DIAGNOSE-EXPLODING" and "clip_norm" in first["fix"]


@pytest.mark.slow
def test_a_training_that_waits_for_its_data(tmp_path, monkeypatch):
    plain = Image.vary

    def slow(field, *given):
        time.sleep(0.01)  # which costs no arithmetic
        return plain(field, *given)

    with monkeypatch.context() as patch:
        patch.setattr(Image, "vary", slow)
        run = fukami.train(PICTURES, digits(600), model=layers(64, 64), out=tmp_path / "run", **HEALTHY, batches_ahead=1)
    assert not any(one["cause"] == "waiting" for one in run.diagnose(digits(600))["findings"]), "a second is not worth a word"
    monkeypatch.setattr(waiting, "WORTH", 0.1)
    told = run.diagnose(digits(600))
    assert [one["cause"] for one in told["findings"]] == ["waiting"]
    first = told["findings"][0]
    assert first["evidence"]["share"] > 0.35 and "batches_ahead=2" in first["fix"]


@pytest.mark.parametrize(
    ("rate", "code"), [slow(1e-7, "F-DIAGNOSE-RATE-LOW"), slow(3.0, "F-DIAGNOSE-RATE-HIGH"), slow(2e-3, "")]
)
def test_a_rate_is_judged_by_few_examples_where_all_of_them_teach_too_little(tmp_path, monkeypatch, rate, code):
    """As with the sentences of film reviews, most of whose words come up a few times an epoch."""
    data = sentences(300)
    run = fukami.train("text-classification", data, out=tmp_path / "run", plan="default", learning_rate=rate, epochs=3)
    case = made_case(find(run.path), data, module=None, loss=None, seconds=25.0)
    plain = Case.range_test

    def range_test(self, batch_at, *rest, **more):
        if batch_at == self.step_batch:
            raise LeftOut("in so few steps the loss falls at no learning rate")
        return plain(self, batch_at, *rest, **more)

    monkeypatch.setattr(Case, "range_test", range_test)
    look = learning_rate.look(case)
    assert (look.finding.code if look.finding else "") == code, look
    assert look.figures["range_test_on_few"] > 0 and look.figures["examples"] < 300


@pytest.mark.slow
def test_a_constant_column_as_the_only_input(tmp_path):
    target = load_breast_cancer(return_X_y=True)[1][:400]
    same = pd.DataFrame({"sensor": np.full(400, 5.0), "y": target})
    with pytest.raises(fukami.FukamiError, match="F-DATA-SAME-INPUTS"):
        fukami.train(TABLE, same, out=tmp_path / "refused")
    # an identifier makes the rows differ, and six cells make the column vary: the doctor lets it pass
    sensor = np.where(np.arange(400) % 70 == 0, 4.0, 5.0)
    nearly = pd.DataFrame({"name": [f"k{i}" for i in range(400)], "sensor": sensor, "y": target})
    causes, told = found(tmp_path / "run", TABLE, nearly, epochs=2)
    assert causes == ["constant-inputs"] and told["findings"][0]["evidence"]["commonest"] > 0.95


@pytest.mark.slow
def test_a_batch_of_one_with_batch_norm(tmp_path):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(288, 10))
    causes, told = found(tmp_path / "run", PICTURES, digits(300), model=network, batch_size=1, epochs=2)
    assert causes == ["tiny-batches"] and "batch_size=32" in told["findings"][0]["fix"]


@pytest.mark.parametrize("copies", [slow("exact"), slow("nearly")])
def test_a_test_part_copied_from_the_training_part(tmp_path, copies):
    x, y = load_breast_cancer(return_X_y=True)
    again = x[:60] if copies == "exact" else x[:60] * (1 + 1e-6 * np.random.default_rng(0).standard_normal((60, x.shape[1])))
    data = {"train": (x[:400], y[:400]), "test": (again, y[:60])}
    causes, told = found(tmp_path / "run", TABLE, data, epochs=8)
    assert causes[0] == "leakage", told["findings"]  # training on may have learned some by heart as well


@pytest.mark.slow
def test_labels_of_which_a_fifth_are_wrong(tmp_path):
    x, y = digits()
    rng = np.random.default_rng(0)
    noisy = np.where(rng.random(len(y)) < 0.2, rng.integers(0, 10, len(y)), y)
    causes, told = found(tmp_path / "run", PICTURES, (x, noisy), model=layers(64, 64), learning_rate=5e-3, epochs=10)
    assert "label-noise" in causes[:2], told["findings"]


# -- healthy trainings -----------------------------------------------------------------------------------------------------
def test_silence_on_healthy_pictures(tmp_path):
    causes, told = found(
        tmp_path / "run", PICTURES, digits(), model=layers(64, 64), learning_rate=5e-3, epochs=10, shift=0, flip="no"
    )
    assert causes == [] and told["healthy"], told["findings"]
    assert {"labels", "learning-rate", "one-batch", "gradients", "dead-units"} <= set(told["tests"])


@pytest.mark.slow
def test_silence_on_a_healthy_table(tmp_path):
    causes, told = found(tmp_path / "run", TABLE, load_breast_cancer(return_X_y=True), epochs=8)
    assert causes == [] and told["healthy"], told["findings"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["pictures", "breast cancer", "wine", "numbers", "words"])
def test_silence_on_healthy_trainings_with_their_own_recipes(tmp_path, kind, seed):
    data = {
        "pictures": (PICTURES, "digits"),
        "breast cancer": (TABLE, load_breast_cancer(return_X_y=True)),
        "wine": (TABLE, load_wine(return_X_y=True)),
        "numbers": ("tabular-regression", "diabetes"),
        "words": ("text-classification", sentences()),
    }
    task, source = data[kind]
    told = fukami.train(task, source, out=tmp_path / "run", seed=seed).diagnose(source)
    assert told["healthy"], told["findings"]


def sentences(count: int = 600) -> tuple[list[str], list[str]]:
    """Texts whose label shows in some of their words."""
    rng = np.random.default_rng(0)
    filler = [f"word{i}" for i in range(200)]
    marks = {"good": ["fine", "lovely", "bright", "warm"], "bad": ["dull", "broken", "cold", "poor"]}
    labels = [("good", "bad")[i % 2] for i in range(count)]
    return [" ".join(rng.permutation([*rng.choice(filler, 9), *rng.choice(marks[y], 3)])) for y in labels], labels


# -- the verb ------------------------------------------------------------------------------------------------------------
def table_at(place: Path) -> str:
    x, y = load_wine(return_X_y=True)
    pd.DataFrame(x[:, :6], columns=list("abcdef")).assign(kind=[f"wine {i}" for i in y]).to_csv(place, index=False)
    return str(place)


def test_the_verb_prints_one_object_and_commands_that_name_the_run(tmp_path, capsys):
    data, out = table_at(tmp_path / "wine.csv"), tmp_path / "run"
    api.train(TABLE, data, out=out, epochs=2, learning_rate=1e-7, settings={"target": "kind", "plan": "default"})
    before = sorted((p.name, p.stat().st_mtime_ns) for p in out.rglob("*"))
    capsys.readouterr()
    assert main(["diagnose", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) >= {"run", "findings", "healthy", "tests"} and not told["healthy"]
    first = told["findings"][0]
    assert set(first) >= {"cause", "score", "evidence", "sentence", "fix", "code"}
    assert first["cause"] == "learning-rate" and first["fix"].startswith(f"fukami train {out}/recipe.toml --set learning_rate=")
    assert sorted((p.name, p.stat().st_mtime_ns) for p in out.rglob("*")) == before
    assert main(["diagnose", str(out)]) == 0
    shown = capsys.readouterr().out
    assert first["sentence"] in shown and first["fix"] in shown


@contextmanager
def interrupted_at_the_end():
    """A training in it is interrupted when it only has its run to write."""
    from fukami.training import verb

    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(verb, "finish", interrupted)
        yield


@pytest.mark.slow
def test_a_training_that_is_not_finished_is_diagnosed_from_its_checkpoint(tmp_path):
    data, out = table_at(tmp_path / "wine.csv"), tmp_path / "run"
    with interrupted_at_the_end():
        api.train(TABLE, data, out=out, epochs=2, learning_rate=1e-7, settings={"target": "kind", "plan": "default"})
    assert not out.exists()
    told = api.diagnose(out)
    assert not told["finished"] and told["findings"][0]["cause"] == "learning-rate"


def test_a_training_that_stalls_says_so_once(tmp_path, capsys):
    data, out = table_at(tmp_path / "wine.csv"), tmp_path / "run"
    api.train(TABLE, data, out=out, epochs=6, learning_rate=1e-7, settings={"target": "kind", "plan": "default"})
    events = [line for line in read(out / "history.jsonl") if "event" in line]
    assert [line["event"] for line in events] == ["stalled-flat"]
    assert capsys.readouterr().err.count(f"`fukami diagnose {out}`") == 1


def test_validation_logs_a_loss_beside_the_headline(tmp_path):
    data, out = table_at(tmp_path / "wine.csv"), tmp_path / "run"
    api.train(TABLE, data, out=out, epochs=1, settings={"target": "kind", "plan": "default"})
    valid = [line["valid"] for line in read(out / "history.jsonl") if "valid" in line]
    assert valid and all(set(one) == {"roc_auc", "log_loss"} for one in valid)


def test_what_was_trained_on_arrays_asks_for_them(tmp_path):
    run = fukami.train(PICTURES, digits(300), model=layers(16), out=tmp_path / "run", epochs=1, plan="default")
    with pytest.raises(fukami.FukamiError, match="F-DIAGNOSE-DATA"):
        run.diagnose()
    with pytest.raises(fukami.FukamiError, match="F-RUN-MODULE"):
        api.diagnose(run.path, digits(300))


@pytest.mark.parametrize("done", [pytest.param(True, marks=pytest.mark.slow), False], ids=["finished", "unfinished"])
def test_data_that_changed_since_is_told_rather_than_diagnosed(tmp_path, done):
    data, out = table_at(tmp_path / "wine.csv"), tmp_path / "run"
    place, whole = Path(data), Path(data).read_text()
    with nullcontext() if done else interrupted_at_the_end():
        api.train(TABLE, data, out=out, epochs=1, settings={"target": "kind", "plan": "default"})
    lines = whole.splitlines(keepends=True)
    for changed in (
        "".join(lines[:-20]),  # rows are gone
        whole.replace(lines[0], lines[0].replace(",", "_new,", 1)),  # a column has another name
        "".join(line for line in lines if line[-2] != "2"),  # a class is gone
    ):
        place.write_text(changed)
        with pytest.raises(fukami.FukamiError, match="F-DIAGNOSE-CHANGED"):
            api.diagnose(out)
    moved = tmp_path / "moved.csv"
    moved.write_text(whole)
    assert api.diagnose(out, moved)["finished"] == done


def test_an_int8_run_names_the_run_to_diagnose(tmp_path):
    data, out = table_at(tmp_path / "wine.csv"), tmp_path / "run"
    run = api.train(TABLE, data, out=out, epochs=1, settings={"target": "kind", "plan": "default"})
    (out / "model" / "model.onnx").write_bytes(b"")
    artefact.seal(out)
    with pytest.raises(fukami.FukamiError, match="F-DIAGNOSE-INT8"):
        run.diagnose()


def test_a_place_without_a_training_is_named(tmp_path):
    with pytest.raises(fukami.FukamiError, match="F-RUN-MISSING"):
        api.diagnose(tmp_path / "nothing")


def test_without_time_everything_is_left_out_and_said(tmp_path):
    run = fukami.train(PICTURES, digits(300), model=layers(16), out=tmp_path / "run", epochs=1, plan="default")
    told = run.diagnose(digits(300), seconds=0.0)
    assert not told["healthy"] and not told["findings"]
    assert all(test["left_out"] for test in told["tests"].values())
