"""From a recipe's name to the settings it recommends.

`images/classification` is the function `classification` in `recipes/images.py`. Such a function takes the facts of the data
(`num_examples`, `num_classes`, `size_px`, …) and returns settings, to be applied wherever the user chose nothing.
"""

from typing import Any

from fukami.core import rooms
from fukami.core.errors import unknown
from fukami.core.language import _
from fukami.core.recipe import Recipe
from fukami.recipes import published


def recommend(name: str, facts: dict[str, Any], recipe: Recipe) -> dict[str, Any]:
    """Settings for data with these `facts`. What the user chose already (a model, say) is in the facts under its own name."""
    return _function(name)({**facts, "model": recipe.model.name})


def named(name: str) -> dict[str, Any]:
    """The complete run called `published/NAME`: its task, its data and its settings, as `recipe.toml` would hold them."""
    file, _slash, function = name.partition("/")
    known = {f"published/{key}" for key in published.RUNS}
    if name not in known:
        raise unknown(_("recipe"), name, known, code="F-RECIPE-NAME")
    return _function(f"{file}/{function}")()


def _function(name: str) -> Any:
    file, _slash, function = name.partition("/")
    return getattr(rooms.loaded(rooms.files("recipes")[file]), function)
