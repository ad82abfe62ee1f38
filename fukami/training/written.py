"""Recipes that were written, read again: each field's options have the types and limits that the task's contract gives."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from fukami.core import artefact, unfinished
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.recipe import Recipe, from_dict, read_toml
from fukami.tasks.registry import contract


def recipe_of(text: str) -> Recipe:
    """The recipe that `to_toml` wrote: what nobody chose is still open.

    >>> recipe_of('task = "tabular-regression"\\n[learning]\\nepochs = 3').learning.epochs
    3.0
    """
    return recipe_from(tomllib.loads(text))


def recipe_from(told: dict[str, Any]) -> Recipe:
    """The recipe of plain values. Raises `UsageError` for a name or value that there is not, and where the task is missing."""
    if "task" not in told:
        raise UsageError("F-RECIPE-TASK", _("the recipe does not name its task"), expected='task = "…"')
    task = contract(str(told["task"]))
    return from_dict(told, {name: field.options for name, field in task.fields.items()}, task.options)


def settled(path: Path) -> Recipe:
    """The recipe of a run's `recipe.toml`. Nothing in it is open: neither recommending nor measuring changes it.

    Raises `UsageError` F-RECIPE-MISSING where there is none.
    """
    if not path.is_file():
        raise UsageError(
            "F-RECIPE-MISSING",
            _("there is no recipe at that place"),
            where=str(path),
            expected=_("a run's recipe.toml, or the name of a recipe that comes with Fukami"),
        )
    recipe = recipe_from(read_toml(path))
    return replace(recipe, chosen=frozenset(recipe.all_names()))


def recipe_of_unfinished(place: Path) -> Recipe | None:
    """The recipe of the training that was begun in the folder `place`; None where none was.

    Nothing in it is open but while folds are trained, each of which decides by itself what the recipe leaves open.
    """
    if (place / unfinished.RECIPE).exists():
        return settled(place / unfinished.RECIPE)
    if (place / unfinished.FOLDS).exists():
        return recipe_of(artefact.read_json(place / unfinished.FOLDS)["recipe"])
    return None
