"""Recipes: every option by name, typed, within limits, written and read again."""

import dataclasses
import tomllib

import pytest

from fukami.core.errors import UsageError
from fukami.core.recipe import SECTIONS, Recipe, from_dict, option


@dataclasses.dataclass(frozen=True)
class Pictures:
    size_px: int = option(0, "The side.", low=0, high=1000)
    flip: str = option("auto", "Mirror.", choices=("auto", "yes", "no"))


@pytest.fixture
def recipe():
    return Recipe(task="any", fields={"image": Pictures()})


@pytest.mark.parametrize(
    ("typed", "section", "name", "value"),
    [
        ("5", "learning", "epochs", 5.0),
        ("0.5", "data", "valid_fraction", 0.5),
        ("yes", "learning", "find_learning_rate", True),
        ("sex, age", "data", "groups", ["sex", "age"]),
        ("64", "fields.image", "size_px", 64),
        ("no", "fields.image", "flip", "no"),
        ("3e-4", "learning", "learning_rate", 3e-4),
    ],
)
def test_a_setting_finds_its_option_and_takes_its_type(recipe, typed, section, name, value):
    changed = recipe.changed({name: typed})
    assert getattr(changed.sections()[section], name) == value
    assert name in changed.chosen


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ({"epoch": "5"}, "F-SET-NAME"),
        ({"epochs": "many"}, "F-SET-VALUE"),
        ({"epochs": "-1"}, "F-SET-VALUE"),
        ({"epochs": "nan"}, "F-SET-VALUE"),
        ({"optimizer": "adamm"}, "F-SET-VALUE"),
        ({"flip": "maybe"}, "F-SET-VALUE"),
        ({"batch_size": "2.5"}, "F-SET-VALUE"),
        ({"learning.flip": "no"}, "F-SET-NAME"),
        ({"batch_size": "inf"}, "F-SET-VALUE"),
        ({"epochs": "inf"}, "F-SET-VALUE"),
        ({"learning_rate": "1e999"}, "F-SET-VALUE"),
    ],
)
def test_a_wrong_setting_says_what_was_meant(recipe, setting, code):
    with pytest.raises(UsageError) as told:
        recipe.changed(setting)
    assert told.value.code == code
    assert told.value.expected or told.value.fix
    assert code != "F-SET-VALUE" or told.value.what.startswith(f"{next(iter(setting))} ")  # the name as it was typed


def test_the_nearest_option_is_offered(recipe):
    with pytest.raises(UsageError, match="learning_rate"):
        recipe.changed({"learning_rat": "1"})
    with pytest.raises(UsageError, match="optimizer=adamw"):
        recipe.changed({"optimizer": "adamww"})


def test_free_names_reach_columns_and_model_options(recipe):
    free = {"target": ("columns", "label"), "depth": ("options", "depth")}
    changed = recipe.changed({"target": "income", "depth": "3"}, free=free)
    assert changed.data.columns == {"label": "income"}
    assert changed.model.options == {"depth": 3}


def test_recommendations_never_overwrite_what_the_user_chose(recipe):
    changed = recipe.changed({"epochs": "7"}).recommended({"epochs": 99, "batch_size": 32})
    assert (changed.learning.epochs, changed.learning.batch_size) == (7, 32)
    assert "batch_size" not in changed.chosen


@pytest.mark.parametrize(
    ("name", "value", "advice"), [("epochs", "0", 9), ("learning_rate", 0, 0.1), ("model.name", "auto", "cnn")]
)
def test_what_stands_for_the_recommendation_chooses_nothing(recipe, name, value, advice):
    changed = recipe.changed({name: "3" if name != "model.name" else "mlp"}).changed({name: value})
    leaf = name.rpartition(".")[2]
    assert leaf not in changed.chosen
    section, _leaf = changed.recommended({name: advice})._find(name)[0]
    assert getattr(changed.recommended({name: advice}).sections()[section], leaf) == advice


def test_a_default_that_is_a_choice_is_kept_as_one(recipe):
    assert recipe.changed({"momentum": "0.9", "label_smoothing": "0"}).chosen == {"momentum", "label_smoothing"}


def test_what_is_written_is_read_again(recipe):
    changed = recipe.changed({"epochs": "7", "flip": "no", "groups": "a,b", "columns": {"label": "y"}})
    again = from_dict(tomllib.loads(changed.to_toml()), {"image": Pictures()})
    assert again == changed


def test_a_recipe_file_with_an_unknown_option_is_refused(recipe):
    told = recipe.as_dict()
    told["learning"]["speed"] = 3
    with pytest.raises(UsageError, match=r"learning\.speed"):
        from_dict(told, {"image": Pictures()})


def test_every_option_has_its_sentence_and_names_are_unique():
    names = [f.name for section in SECTIONS.values() for f in dataclasses.fields(section)]
    assert len(names) == len(set(names))
    for section in SECTIONS.values():
        for f in dataclasses.fields(section):
            assert f.metadata["doc"].endswith("."), f.name


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("image_size", "size_px"), ("lr", "learning_rate"), ("num-workers", "batches_ahead"), ("n_jobs", "threads")],
)
def test_the_word_of_another_library_is_answered_with_ours(theirs, ours):
    from fukami.api import recipe_for

    with pytest.raises(UsageError) as told:
        recipe_for("image-classification", {theirs: "3"})
    assert told.value.code == "F-SET-NAME"
    assert ours in told.value.fix


def test_every_synonym_leads_to_an_option():
    from fukami.api import recipe_for
    from fukami.core.cards import cards
    from fukami.core.recipe import free_names
    from fukami.core.synonyms import SYNONYMS

    names = set()
    for task in cards("tasks"):
        recipe = recipe_for(task)
        names |= {*recipe.all_names(), *free_names(task, list(recipe.fields))}
    assert not set(SYNONYMS) - names
    theirs = [word for words in SYNONYMS.values() for word in words]
    assert len(theirs) == len(set(theirs))
