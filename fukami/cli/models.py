"""`fukami models [TASK]`: what can be trained, and what fits a task."""

from typing import Any

from fukami.cli._parser import Parser, task
from fukami.cli._screen import Screen, amount
from fukami.core.cards import cards
from fukami.core.language import N_, _

SUMMARY = N_("the models, and with a task those that fit it: sizes, parameters, source")
USAGE = ("[TASK]",)
EXAMPLES = (
    ("fukami models", N_("every model")),
    ("fukami models text-classification", N_("the models that fit a task")),
)


def arguments(parser: Parser) -> None:
    task(parser, optional=True)


def call(args: Any) -> dict[str, Any]:
    from fukami import api

    return {"task": args.task, "models": api.models(args.task)}


def show(result: dict[str, Any], screen: Screen) -> None:
    rows = [(m["name"], _sizes(m), m.get("source", ""), m["summary"]) for m in result["models"]]
    screen.table((_("model"), _("sizes and parameters"), _("source"), _("what it is")), rows)
    if result.get("task"):
        screen.line()
        screen.line(_parameters_of(result["task"]), "dim")
        screen.line(_("* is the size that is taken where none is named; --model NAME:SIZE takes another."), "dim")


def _sizes(model: dict[str, Any]) -> str:
    """`tiny 272 k, base* 11.2 M`; without a task the inputs are unknown, and so are the parameters."""
    sizes = model.get("sizes") or {}
    if not isinstance(sizes, dict):
        return ", ".join(sizes)
    mark = model.get("default") if len(sizes) > 1 else None
    told = (f"{name}{'*' if name == mark else ''} {amount(count) if count else ''}" for name, count in sizes.items())
    return ", ".join(size.strip() for size in told)


def _parameters_of(task: str) -> str:
    """For which inputs parameters are counted."""
    takes = cards("tasks")[task].asked
    return _(
        "Parameters are those before the last layer, for {inputs}; `fukami plan` counts the whole model for your data."
    ).format(inputs=_(cards("fields")[takes].reference))
