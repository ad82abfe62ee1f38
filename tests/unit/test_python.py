"""What scientists expect of `import fukami`: labels as they were given, probabilities, the course of a training, own parts,
functions that are told of it, weights of classes, torch's data sets, modules whose outputs are counted."""

import json

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset

import fukami
from fukami import api
from fukami.core.errors import DataError, UsageError
from fukami.core.recipe import Recipe
from fukami.data import read
from fukami.data.given_parts import GivenParts
from fukami.objectives.imbalance import given_weights

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 4)).astype(np.float32)
Y = np.where(X[:, 0] > 0, 7, 3)
QUICK = {"plan": "default", "epochs": 3, "batch_size": 16, "model": "mlp:tiny", "learning_rate": 0.02}
CHOICES = Recipe("tabular-classification").data


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run with a validation set of its own, weights of classes, and what the functions were told."""
    steps, epochs = [], []
    run = fukami.train(
        "tabular-classification",
        (X[:110], Y[:110]),
        valid=(X[110:], Y[110:]),
        out=tmp_path_factory.mktemp("python") / "run",
        class_weights={7: 1.5},
        on_step=steps.append,
        on_epoch=epochs.append,
        **QUICK,
    )
    return run, steps, epochs


def test_whole_numbers_stay_whole_numbers_as_labels(trained):
    run, *_rest = trained
    (told,) = run.predict([{f"x{i + 1}": float(value) for i, value in enumerate(X[0])}])
    assert type(told["label"]) is int and told["label"] in (3, 7)
    assert set(told["scores"]) == {3, 7} == set(run.classes)
    labels = np.array([one["label"] for one in run.predict(X)])
    assert (labels == Y).mean() > 0.8


def test_probabilities_of_every_class_in_one_array(trained):
    run, *_rest = trained
    found = run.predict_proba(X)
    assert found.shape == (150, 2) and np.allclose(found.sum(1), 1)
    assert [run.classes[k] for k in found.argmax(1)] == [one["label"] for one in run.predict(X)]


def test_the_course_is_a_frame(trained):
    run, *_rest = trained
    history = run.history
    assert {"step", "epoch", "loss", "learning_rate", "valid_roc_auc", "valid_log_loss"} <= set(history.columns)
    assert history["step"].is_monotonic_increasing and history["valid_log_loss"].notna().sum() == 3
    assert isinstance(run.network, nn.Module)


def test_a_validation_set_of_ones_own_validates_and_the_test_comes_from_the_rest(trained):
    run, *_rest = trained
    split = run.proofs["split"]["examples"]
    assert split["valid"] == 40 and split["train"] + split["test"] == 110 and split["test"] == 22


def test_functions_are_told_of_every_step_and_epoch(trained):
    run, steps, epochs = trained
    total = run.told["training"]["steps"]
    assert [told["step"] for told in steps] == list(range(1, total + 1)) and steps[-1]["steps"] == total
    assert [round(told["epoch"]) for told in epochs] == [1, 2, 3]
    assert all(told["valid"]["log_loss"] > 0 for told in epochs)


def test_weights_of_classes_stand_in_the_recipe(trained):
    run, *_rest = trained
    assert run.recipe.learning.class_weights == {"7": 1.5}


def test_a_function_that_answers_false_ends_the_training(tmp_path):
    run = fukami.train("tabular-classification", (X, Y), out=tmp_path / "run", on_step=lambda told: told["step"] < 4, **QUICK)
    assert run.told["training"]["steps"] == 4


# -- refused, before anything is trained ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("weights", "got"), [({"8": 1}, "8"), ({"7": -1}, "7=-1"), ({"7": "much"}, "7=much"), ({"7": float("inf")}, "7=inf")]
)
def test_weights_that_cannot_be_are_told(weights, got):
    with pytest.raises(UsageError) as told:
        given_weights(["3", "7"], weights)
    assert told.value.code == "F-CLASS-WEIGHTS" and told.value.got == got


def test_weights_find_their_class_however_its_number_is_written():
    assert given_weights(["3", "7"], {"7.0": 2}).tolist() == [1, 2]
    assert given_weights(["false", "true"], {"True": 2}).tolist() == [1, 2]
    assert api.recipe_for("tabular-classification", {"class_weights": "a=2,b=0.5"}).learning.class_weights == {
        "a": "2",
        "b": "0.5",
    }


@pytest.mark.parametrize("verb", [fukami.plan, fukami.train])
def test_a_module_with_another_number_of_outputs_is_refused_naming_both(verb, tmp_path):
    with pytest.raises(UsageError) as told:
        verb("tabular-classification", (X, Y), model=nn.Linear(4, 5), out=tmp_path / "run", plan="default")
    assert told.value.code == "F-MODULE-WIDTH"
    assert (told.value.expected, told.value.got) == ("2 outputs", "5 outputs") and "num_features = 5" in told.value.fix


def test_check_and_plan_take_what_train_takes(tmp_path):
    given = {"valid": (X[110:], Y[110:]), "out": tmp_path / "run", "class_weights": {7: 2}, "on_epoch": print}
    found = api.check("tabular-classification", (X[:110], Y[:110]), model="mlp:tiny", epochs=2, seed=3, **given)
    assert found["parts"]["valid"] == 40 and not list(tmp_path.iterdir())
    with pytest.raises(UsageError) as told:
        api.check("tabular-classification", (X, Y), epoch=2)
    assert told.value.code == "F-SET-NAME"


# -- data -----------------------------------------------------------------------------------------------------------------
class Pairs(Dataset):
    def __len__(self):
        return len(X)

    def __getitem__(self, index):
        return torch.from_numpy(X[index]), int(Y[index])


class Records(Dataset):
    def __len__(self):
        return len(X)

    def __getitem__(self, index):
        return {"size": float(X[index, 0]), "label": int(Y[index])}


class Stream(IterableDataset):
    def __iter__(self):
        return zip(torch.from_numpy(X), torch.from_numpy(Y), strict=True)


@pytest.mark.parametrize("data", [Pairs(), DataLoader(Pairs(), batch_size=8, shuffle=True), Stream(), DataLoader(Stream())])
def test_a_dataset_is_data_example_by_example(data):
    table, plain = (read(one, CHOICES, kinds=("row", "category")) for one in (data, (X, Y)))
    assert list(table.columns) == list(plain.columns)
    for name, column in plain.columns.items():
        assert table.columns[name].values.to_pylist() == column.values.to_pylist()


def test_records_and_parts_of_datasets_are_read():
    table = read({"train": Records(), "test": Records()}, CHOICES, kinds=("row", "category"))
    assert list(table.columns) == ["size", "label"] and (table.parts == "test").sum() == len(X)


def test_a_dataset_of_three_values_each_is_told():
    with pytest.raises(DataError) as told:
        read(DataLoader([(1, 2, 3)] * 4), CHOICES, kinds=("row", "category"))
    assert told.value.code == "F-DATA-ITEM" and told.value.got == "3"


def test_parts_of_ones_own_beside_files(tmp_path):
    lines = [f"{a:.3f},{b}" for a, b in zip(X[:, 0], Y, strict=True)]
    for name, rows in (("train", lines[:100]), ("held", lines[100:])):
        (tmp_path / f"{name}.csv").write_text("\n".join(["size,label", *rows]))
    table = read(GivenParts(str(tmp_path / "train.csv"), test=str(tmp_path / "held.csv")), CHOICES, kinds=("row", "category"))
    assert (table.parts == "test").sum() == 50 and (table.parts == "").sum() == 100
    found = api.check("tabular-classification", str(tmp_path / "train.csv"), test=str(tmp_path / "held.csv"))
    assert found["parts"]["test"] == 50 and json.dumps(found)
