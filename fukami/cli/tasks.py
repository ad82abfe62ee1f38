"""`fukami tasks`: what a model can be trained to do."""

from typing import Any

from fukami.cli._parser import Parser
from fukami.cli._screen import Screen
from fukami.core.language import N_, _

SUMMARY = N_("the tasks a model can be trained for: what goes in, what comes out")
USAGE = ("",)
EXAMPLES = (
    ("fukami tasks", N_("every task, with its input and its answer")),
    ("fukami tasks --json", N_("the same for a program")),
)


def arguments(parser: Parser) -> None:
    """Takes none of its own."""


def call(args: Any) -> dict[str, Any]:
    from fukami import api

    return {"tasks": api.tasks()}


def show(result: dict[str, Any], screen: Screen) -> None:
    rows = [
        (t["name"], ", ".join(t["inputs"]), ", ".join(t["targets"]), t.get("headline", ""), t["summary"])
        for t in result["tasks"]
    ]
    screen.table((_("task"), _("in"), _("out"), _("judged by"), _("what it does")), rows)
    if rows:
        screen.heading(_("Next"))
        screen.commands([(f"fukami models {rows[0][0]}", _("the models that fit a task"))])
