"""Every `--set` of a recipe as rows, from what is declared where it is read: default, meaning and limits.

>>> from fukami.core.recipe import Recipe
>>> found = {row["name"]: row for row in declared(Recipe("tabular-regression"))}
>>> found["valid_fraction"]["default"], found["valid_fraction"]["high"], found["learning_rate"]["low"]
(0.1, 0.9, 0)
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from fukami.core.cards import card
from fukami.core.language import _
from fukami.core.recipe import Recipe, free_names, option_names

NOT_TYPED = {"data.source", "data.columns", "model.options"}
"""What is given in other words: the data itself, and tables whose entries have names of their own."""

NOTHING: Mapping[str, Any] = MappingProxyType({})


def declared(recipe: Recipe, *, choices: Mapping[str, Sequence[str]] = NOTHING) -> list[dict[str, Any]]:
    """A row for each option of each section: `{"name", "section", "kind", "default", "meaning", "choices", "low", "high"}`.

    Where a name stands in two sections it is told with its own. `choices` are what an option may be beside what it declares.
    """
    names = recipe.all_names()
    return [
        row(
            leaf if names.count(leaf) == 1 else f"{section.removeprefix('fields.')}.{leaf}",
            section,
            option_names(options)[leaf].metadata,
            getattr(options, leaf),
            choices=choices.get(leaf, ()),
        )
        for section, options in recipe.sections().items()
        for leaf in option_names(options)
        if f"{section}.{leaf}" not in NOT_TYPED
    ]


def columns(task: str, fields: list[str]) -> list[dict[str, Any]]:
    """A row for each name that says which column an input or a target is read from."""
    last = fields[len(card("tasks", task).inputs)] if fields else ""
    return [
        {"name": name, "section": "columns", "kind": "text", "default": "", "choices": [], "low": None, "high": None}
        | {"meaning": (_("The column to be predicted.") if key == last else _("The column that this is read from."))}
        for name, (table, key) in free_names(task, fields).items()
        if table == "columns"
    ]


def row(name: str, section: str, told: Mapping[str, Any], default: Any, *, choices: Sequence[str] = ()) -> dict[str, Any]:
    """One option as it is told; `told` is what `core.recipe.option` declared, `default` what it is in this task."""
    return {
        "name": name,
        "section": section,
        "kind": kind_of(default),
        "default": default,
        "meaning": _(told["doc"]),
        "choices": list(told["choices"] or choices),
        "low": told["low"],
        "high": told["high"],
    }


def kind_of(default: Any) -> str:
    """What an option holds, by its default: `truth`, `integer`, `number`, `text` or `list`.

    >>> kind_of(True), kind_of(0), kind_of(0.1), kind_of("auto"), kind_of([])
    ('truth', 'integer', 'number', 'text', 'list')
    """
    return {bool: "truth", int: "integer", float: "number", list: "list"}.get(type(default), "text")
