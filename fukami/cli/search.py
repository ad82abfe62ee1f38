"""`fukami search RUN INPUT…`: what is most like a picture, a text; and what in a folder is the same several times."""

from pathlib import Path
from typing import Any

from fukami.cli import _parser
from fukami.cli._parser import Parser
from fukami.cli._results import show_notes
from fukami.cli._screen import Screen
from fukami.core.errors import UsageError
from fukami.core.given import shortened
from fukami.core.language import N_, _, _n

SUMMARY = N_("what is most like an input; copies and series in a folder, and the best of each")
USAGE = ("RUN INPUT…", "RUN --duplicates FOLDER")
EXAMPLES = (
    ("fukami search runs/shoes shoe.jpg", N_("the most similar examples of the training's own data")),
    ("fukami search runs/faces who.jpg --in photos/ --top 20", N_("the most similar files of a folder")),
    ("fukami search runs/photos --duplicates photos/", N_("groups of what is the same, with the best of each")),
)

SHOWN = 20
"""Groups that are printed; the JSON has all."""


def arguments(parser: Parser) -> None:
    _parser.run(parser)
    parser.add_argument("inputs", metavar="INPUT", nargs="*", help=_("as for `predict`"))
    parser.add_argument(
        "--top", metavar="K", type=_parser.count, default=5, help=_("how many are told of each input; 5 unless given")
    )
    parser.add_argument(
        "--in", metavar="FOLDER", dest="place", type=Path, help=_("where to look; the run's own examples unless given")
    )
    parser.add_argument(
        "--duplicates", metavar="FOLDER", type=Path, help=_("tell what in this folder is the same, instead of asking")
    )
    parser.add_argument(
        "--near",
        metavar="SIMILARITY",
        type=float,
        help=_("with --duplicates: from which similarity on, up to 1; what the training found unless given"),
    )


def call(args: Any) -> dict[str, Any]:
    from fukami import api

    if args.duplicates is not None:
        if args.inputs or args.place:
            raise UsageError(
                "F-OPTION-TOGETHER",
                _("{one} and {other} cannot be given together").format(one="--duplicates", other="INPUT, --in"),
                expected="RUN INPUT… | RUN --duplicates FOLDER",
            )
        return api.duplicates(args.run, args.duplicates, near=args.near)
    if not args.inputs:
        raise UsageError("F-SEARCH-INPUT", _("nothing is asked for"), expected="RUN INPUT… | RUN --duplicates FOLDER")
    if args.near is not None:
        raise UsageError("F-SEARCH-INPUT", _("--near goes with --duplicates"), expected="RUN --duplicates FOLDER --near 0.9")
    return api.search(args.run, args.inputs, top=args.top, place=args.place)


def show(result: dict[str, Any], screen: Screen) -> None:
    looked = _n("{n} example", "{n} examples", result["searched"])
    screen.facts([(_("run"), result["run"]), (_("looked through"), f"{looked} ({result['in'] or _('of the run')})")])
    if "groups" in result:
        _show_groups(result, screen)
    else:
        for one in result["results"]:
            _show_one(one, screen)
        if result["same_from"] is not None:
            told = _("= counts as the same: a similarity of {value} or more, as validation examples taught")
            screen.line()
            screen.line(told.format(value=result["same_from"]))
    show_notes(result["notes"], screen)


def _show_one(one: dict[str, Any], screen: Screen) -> None:
    screen.heading(shortened(str(one["input"]), 80))
    rows = [
        (f"{near['similarity']:.4f}", "=" if near.get("same") else "", near.get("identity", ""), str(near["input"]))
        for near in one["found"]
    ]
    screen.table((), rows, indent=2)


def _show_groups(result: dict[str, Any], screen: Screen) -> None:
    groups = result["groups"]
    screen.facts([(_("together from"), str(result["near"])), (_("groups"), str(len(groups)))])
    for group in groups[:SHOWN]:
        screen.heading(f"{_('best')}: {group['best']}")
        kinds = {"copy": _("a copy"), "similar": _("similar")}
        screen.table((), [(f"{o['similarity']:.4f}", kinds[o["kind"]], str(o["input"])) for o in group["others"]], indent=2)
    if len(groups) > SHOWN:
        screen.line(_("… and {n} more").format(n=len(groups) - SHOWN))
