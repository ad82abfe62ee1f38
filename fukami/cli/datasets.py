"""`fukami datasets`: public data by name."""

from typing import Any

from fukami.cli._parser import Parser
from fukami.cli._screen import Screen
from fukami.core.language import N_, _

SUMMARY = N_("public data that a name stands for, with size and licence")
USAGE = ("",)
EXAMPLES = (("fukami datasets", N_("every name that may stand in the place of DATA")),)


def arguments(parser: Parser) -> None:
    """Takes none of its own."""


def call(args: Any) -> dict[str, Any]:
    from fukami import api

    return {"datasets": api.datasets()}


def show(result: dict[str, Any], screen: Screen) -> None:
    rows = [
        (d["name"], d["task"], f"{d['examples']:,}", d.get("licence", ""), d.get("summary", "")) for d in result["datasets"]
    ]
    screen.table((_("dataset"), _("task"), _("examples"), _("licence"), _("what it is")), rows)
