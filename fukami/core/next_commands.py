"""What a user may want to do next with a run: whole commands, each with what it does."""

import shlex
from pathlib import Path
from typing import Any

from fukami.core.cards import card
from fukami.core.language import _
from fukami.core.recipe import Recipe, option_names


def next_commands(run: Path, example: str, task: str, advice: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    """The most useful commands for the run in this folder, of those that have a meaning for the task; `example` is something
    that it can be asked about. Where the training gave an `advice`, its command comes first, and none takes the run elsewhere.
    """
    place, without = shlex.quote(str(run)), card("tasks", task).without
    if advice:
        without = {**without, "export": ""}
    told = [(advice["command"], sentence(advice))] if advice else []
    told += [
        (f"fukami predict {place} {shlex.quote(example)}", _("answers for new inputs")),
        (f"fukami explain {place}", _("why: what in an input speaks for the answer, tested by taking it away")),
        (f"fukami evaluate {place}", _("the whole judgement: intervals, baselines, groups")),
        (f"fukami export {place} --to onnx", _("ONNX, with a predict.py that needs neither Fukami nor torch")),
        (f"fukami train {shlex.quote(str(run / 'recipe.toml'))}", _("repeat this training, to the same weights")),
    ]
    return [(command, sentence) for command, sentence in told if command.split()[1] not in without]


def sentence(advice: dict[str, Any]) -> str:
    """Why the simple model that an advice names is to be taken."""
    figures = {name: f"{advice[name]:.4g}" for name in ("value", "own")}
    told = _("{model} is better on the {n} validation examples: {metric} {value} against {own}")
    return told.format(model=advice["model"], metric=advice["metric"], n=f"{advice['examples']:,}", **figures)


def training_command(recipe: Recipe, model: str) -> str:
    """The command that trains another model on the data of a recipe, with what its user chose about that data.

    >>> recipe = Recipe("tabular-regression").changed({"source": "a.csv", "test_fraction": 0.3})
    >>> training_command(recipe, "linear")
    'fukami train tabular-regression a.csv --model linear --set test_fraction=0.3'
    """
    sections = {"data": recipe.data, **{f"fields.{name}": options for name, options in recipe.fields.items()}}
    chosen = {
        name: getattr(options, name)
        for options in sections.values()
        for name in option_names(options)
        if name in recipe.chosen and name not in ("source", "columns")
    }
    names = list(recipe.fields)[len(card("tasks", recipe.task).inputs) :]
    targets = [recipe.data.columns[name] for name in names if name in recipe.data.columns]
    chosen |= {"target": targets[0]} if len(targets) == 1 else {}
    written = {name: ",".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in chosen.items()}
    words = ["fukami", "train", recipe.task, recipe.data.source or "DATA", "--model", model]
    return shlex.join([*words, *(word for name, value in written.items() for word in ("--set", f"{name}={value}"))])
