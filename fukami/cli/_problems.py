"""The doctor's findings for people: the gravest first, each with place, what is expected and the remedy."""

from collections.abc import Sequence
from typing import Any

from fukami.cli._screen import Screen
from fukami.core.language import _, _n, listed
from fukami.core.problems import SEVERITIES

_COLOURS = {"error": "red", "warning": "yellow", "note": "blue"}


def show_problems(problems: Sequence[dict[str, Any]], screen: Screen) -> None:
    """Prints problems grouped by severity, and a closing line that counts them."""
    titles = {"error": _("Errors: these stop a training"), "warning": _("Warnings"), "note": _("Notes")}
    for severity in SEVERITIES:
        found = [p for p in problems if p["severity"] == severity]
        if found:
            screen.heading(screen.style(titles[severity], _COLOURS[severity]))
        for problem in found:
            _show(problem, screen)
    screen.line()
    screen.line(closing(problems), "bold")


def closing(problems: Sequence[dict[str, Any]]) -> str:
    """How many of each severity there are, in one line."""
    count = {severity: sum(p["severity"] == severity for p in problems) for severity in SEVERITIES}
    if not problems:
        return _("No problems found.")
    told = (
        _n("{n} error", "{n} errors", count["error"]),
        _n("{n} warning", "{n} warnings", count["warning"]),
        _n("{n} note", "{n} notes", count["note"]),
    )
    return listed(told)


def _show(problem: dict[str, Any], screen: Screen) -> None:
    screen.line(f"{problem['code']}  {problem.get('what', '')}", indent=2)
    parts = ((_("where"), "where"), (_("expected"), "expected"), (_("got"), "got"), (_("fix"), "fix"))
    screen.facts([(name, problem.get(key)) for name, key in parts], indent=4)
