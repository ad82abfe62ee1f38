"""`fukami models [TASK]`: what can be trained, and what fits a task."""

from typing import Any

from fukami.cli._parser import Parser, task
from fukami.cli._screen import Screen, amount
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
    rows = [(m["name"], _sizes(m), _parameters(m), m.get("source", ""), m["summary"]) for m in result["models"]]
    screen.table((_("model"), _("sizes"), _("parameters"), _("source"), _("what it is")), rows)


def _sizes(model: dict[str, Any]) -> str:
    return ", ".join(model.get("sizes") or ())


def _parameters(model: dict[str, Any]) -> str:
    count = model.get("parameters")
    if isinstance(count, dict):
        known = [n for n in count.values() if n]
        return amount(known[0]) if len(set(known)) == 1 else f"{amount(min(known))} – {amount(max(known))}" if known else "–"
    return amount(count)
