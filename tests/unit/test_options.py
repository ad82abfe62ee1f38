"""`fukami options`: every name that `--set` takes is told with a default that it takes, and with its meaning."""

import json

import pytest

from fukami import api
from fukami.cli.main import main
from fukami.core import language
from fukami.core.cards import cards
from fukami.core.errors import UsageError
from fukami.core.recipe import free_names


@pytest.mark.parametrize("task", sorted(cards("tasks")))
def test_every_option_of_a_task_is_told_and_takes_its_default(task):
    rows = api.options(task)["options"]
    assert all(row["meaning"] for row in rows), [row["name"] for row in rows if not row["meaning"]]
    told = {row["name"]: row for row in rows}
    recipe = api.recipe_for(task)
    known = {name.rpartition(".")[2] for name in told} | {"source", "columns", "options"}
    assert known >= {*recipe.all_names(), *free_names(task, list(recipe.fields))} - _of_misfits(task)
    declared = {name: row["default"] for name, row in told.items() if row["section"] != "columns"}
    declared = {name: value for name, value in declared.items() if not told[name]["section"].startswith("model ")}
    assert recipe.changed(declared).as_dict() | {"chosen": []} == recipe.as_dict()


def _of_misfits(task: str) -> set[str]:
    """Options of families that read such inputs but give something else."""
    card = cards("tasks")[task]
    unfit = (found for found in cards("models").values() if not found.fits(card.asked, card.needs))
    return {name for found in unfit for name in (*found.options, *(key for size in found.sizes.values() for key in size))}


def test_a_model_tells_its_own_options_and_what_it_recommends(capsys):
    assert main(["options", "image-classification", "resnet18", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["options"]}
    assert rows["architecture"]["default"] == "resnet18"
    assert rows["learning_rate"]["recommended"] == 1e-3
    assert rows["loss"]["choices"] == ["auto", "cross-entropy", "focal"]
    assert (rows["erase"]["low"], rows["erase"]["high"]) == (0, 1)
    assert "look" not in rows, "an option of another family"


def test_people_see_them_under_headings_in_their_language(capsys):
    try:
        assert main(["options", "tabular-classification", "mlp", "--lang", "ja"]) == 0
    finally:
        language.use("en")
    shown = capsys.readouterr().out
    assert "モデル mlp" in shown and "0 → 0.002" in shown
    assert "学習中に無作為に隠す特徴の割合。" in shown


def test_a_model_that_does_not_fit_is_refused():
    with pytest.raises(UsageError) as error:
        api.options("tabular-classification", "lenet")
    assert error.value.code == "F-KIND-FIT"
