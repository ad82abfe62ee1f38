"""`fukami compare RUN RUN DATA`: which of two runs to ship, and whether the difference is real."""

from pathlib import Path
from typing import Any

from fukami.cli import _parser
from fukami.cli._parser import Parser
from fukami.cli._results import show_notes
from fukami.cli._screen import Screen, number
from fukami.core.language import N_, _

SUMMARY = N_("which of two runs to ship, and whether the difference is real")
USAGE = ("RUN RUN DATA",)
EXAMPLES = (
    ("fukami compare runs/old runs/new photos/", N_("whether the new run should take the place of the old one")),
    ("fukami compare runs/old runs/new people.csv --set groups=town,sex", N_("also in which parts it got worse")),
)
WORDS = {
    "ship": N_("ship the second run: it is better by more than chance"),
    "don't ship": N_("don't ship the second run: it is worse by more than chance, or some part is"),
    "not enough data to say": N_("not enough data to say: the difference may be chance"),
}


def arguments(parser: Parser) -> None:
    parser.add_argument("first", metavar="RUN", type=Path, help=_("the run that is there"))
    parser.add_argument("second", metavar="RUN", type=Path, help=_("the run that may take its place"))
    _parser.data(parser)
    _parser.settings(parser)


def call(args: Any) -> dict[str, Any]:
    from fukami import verbs

    return verbs.compare(args.first, args.second, args.data, settings=_parser.chosen(args))


def show(result: dict[str, Any], screen: Screen) -> None:
    counts = [(_("examples"), f"{result['examples']:,}"), (_("left out"), f"{result['excluded']:,}")]
    screen.facts([(_("task"), result["task"]), *counts])
    rows = [(name, *(number(one and one["value"]) for one in both)) for name, both in result["metrics"].items()]
    screen.heading(" | ".join(result["runs"]))
    screen.table((), rows, indent=2)
    better = result["better_by"]
    between = f"{number(better['value'])} ({number(better['low'])} – {number(better['high'])})"
    test = result["mcnemar"]
    chance = test and f"{number(test['p_value'])} ({test['second_alone']} : {test['first_alone']})"
    screen.facts([(_("better by"), f"{result['headline']} {between}"), (_("McNemar's p"), chance)])
    if result["slices"]:
        screen.heading(_("Parts that got worse"))
        told = [(f"{s['column']} = {s['value']}", f"{s['second_alone']} : {s['first_alone']}") for s in result["slices"]]
        screen.table((), told, indent=2)
    if result["flipped"]["examples"]:
        screen.heading(_("Answers that are right in one run alone"))
        shown = result["flipped"]["examples"][:20]
        told = [(one["where"], one["first"], one["second"], "+" if one["better"] else "–") for one in shown]
        screen.table((), told, indent=2)
    show_notes(result["notes"], screen)
    screen.heading(_(WORDS[result["verdict"]]))
    if result["examples_needed"]:
        screen.line(_("about {n} examples might tell").format(n=f"{result['examples_needed']:,}"), indent=2)


def code(result: dict[str, Any]) -> int:
    """1 where the second run should not be shipped."""
    return int(result["verdict"] == "don't ship")
