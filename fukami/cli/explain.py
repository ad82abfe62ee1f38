"""`fukami explain RUN [INPUT…]`: why, and whether that is true to the model."""

import math
from itertools import count
from pathlib import Path
from typing import Any

from fukami.cli import _parser
from fukami.cli._parser import Parser
from fukami.cli._results import show_notes
from fukami.cli._screen import Screen
from fukami.core.cards import card, cards
from fukami.core.given import shortened
from fukami.core.language import N_, _, _n, listed

SUMMARY = N_("why: what in an input speaks for the answer, tested by taking it away")
USAGE = ("RUN [INPUT…]",)
EXAMPLES = (
    ("fukami explain runs/cats cat.jpg", N_("the picture with what counts in it, as PNG and HTML")),
    ("fukami explain runs/reviews 'A fine film.' --method shap", N_("fair shares of each word")),
    ("fukami explain runs/income people.csv --out why", N_("row by row, and a page that sums them up")),
    ("fukami explain runs/income --method permutation", N_("which columns count on the examples kept aside")),
)

SHOWN = 10
"""Parts and inputs that are printed; the JSON and the page have all."""

DETAILED = 3
"""Inputs up to which each is printed with its parts; of more each has a line, and the page has the parts."""

WRITTEN = 6
"""Files of single inputs up to which they are printed, after the page that holds them all."""


def arguments(parser: Parser) -> None:
    _parser.run(parser)
    parser.add_argument(
        "inputs",
        metavar="INPUT",
        nargs="*",
        help=_("as for `predict`; without any, the examples that the training kept aside"),
    )
    parser.add_argument(
        "--method",
        metavar="NAME",
        default="auto",
        type=method_name,
        help=_("the way to explain: {names}; auto, which is taken unless given, suits the input").format(
            names=", ".join(cards("explain/methods"))
        ),
    )
    parser.add_argument("--of", metavar="LABEL", default="", help=_("the label to be explained; the answered one unless given"))
    parser.add_argument(
        "--out", metavar="FOLDER", type=Path, help=_("a new folder for pictures, HTML and JSON; RUN-why unless given")
    )
    parser.add_argument(
        "--examples", metavar="N", type=_parser.count, default=0, help=_("how many of a set are explained; 50 unless given")
    )


def method_name(text: str) -> str:
    """A method's name, checked before anything heavy is loaded."""
    if text != "auto":
        card("explain/methods", text)
    return text


def call(args: Any) -> dict[str, Any]:
    from fukami import api

    out = args.out or free_folder(args.run)
    return api.explain(args.run, args.inputs, method=args.method, out=out, of=args.of, examples=args.examples)


def free_folder(run: Path) -> Path:
    """`RUN-why` beside the run, with a number where that is taken. There always is one: a terminal cannot show pictures."""
    first = run.parent / f"{run.resolve().name}-why"
    return next(place for number in count(1) if not (place := numbered(first, number)).exists())


def numbered(place: Path, number: int) -> Path:
    """
    >>> numbered(Path("runs/cats-why"), 1).name, numbered(Path("runs/cats-why"), 2).name
    ('cats-why', 'cats-why-2')
    """
    return place if number == 1 else place.with_name(f"{place.name}-{number}")


def show(result: dict[str, Any], screen: Screen) -> None:
    screen.facts([(_("task"), result["task"]), (_("run"), result["run"]), (_("method"), result["method"])])
    explanations = result["explanations"]
    if len(explanations) <= DETAILED:
        for one in explanations:
            _show_one(one, screen)
    else:
        _show_lines(explanations, screen)
    if len(explanations) != 1:
        _show_summary(result["summary"], screen)
    show_notes(result.get("notes") or [], screen)
    files = result.get("files") or []
    if files:
        screen.heading(_("Written"))
        pages = [file for file in files if Path(file).stem == "explanations"]
        each = [file for file in files if file not in pages]
        shown = each if len(each) <= WRITTEN else []
        for file in pages + shown:
            screen.line(str(file), indent=2)
        if left := len(each) - len(shown):
            screen.line(_n("… and {n} file beside it", "… and {n} files beside it", left), indent=2)


def _show_one(one: dict[str, Any], screen: Screen) -> None:
    from fukami.explain.explanation import answered
    from fukami.fields.units import signed

    name = one["input"] if isinstance(one["input"], str) else str(one["input"])
    screen.heading(name if len(name) <= 80 else name[:79] + "…")
    nearest = one.get("nearest") or []
    screen.facts(
        [
            (_("answer"), answered(one)),
            (_("explained"), one["of"] or _("the value")),
            (_("tested"), _verdict(one.get("faithfulness"))),
            *((_("nearest") if n is nearest[0] else "", _near(n)) for n in nearest[:3]),
        ],
        indent=2,
    )
    ranked = sorted(one["units"], key=lambda unit: -abs(unit["weight"]))[:SHOWN]
    most = max((abs(unit["weight"]) for unit in ranked), default=0.0) or 1.0
    header, rows = ("", "", str(one["unit"] or ""), ""), [_row(unit, most) for unit in ranked]
    if one.get("scale") is not None:  # what deviations are in the target's own unit
        header = (*header[:3], _("the target's unit"), "")
        own = [signed(unit["weight"] * one["scale"]) for unit in ranked]
        rows = [(*row[:3], figure, row[3]) for row, figure in zip(rows, own, strict=True)]
    screen.table(header if any(header) else (), rows, indent=2)
    _show_left(len(one["units"]) - len(ranked), screen)


def _near(one: dict[str, Any]) -> str:
    """A nearest training example: its name, how much alike it is, and what can still be read of it.

    >>> _near({"input": "a.tsv:3", "similarity": 0.671, "target": "good", "text": "A fine film."})
    'a.tsv:3 (0.67) good: A fine film.'
    """
    held = ": ".join(one[key] for key in ("target", "text") if one.get(key))
    return shortened(f"{one['input']} ({one['similarity']:.2f}) {held}".strip(), 160)


def _show_lines(explanations: list[dict[str, Any]], screen: Screen) -> None:
    """A line for each input: its name, its answer, and its strongest parts."""
    from fukami.explain.explanation import answered

    screen.heading(_("Inputs, and what counts most in each"))
    rows = []
    for one in explanations[:SHOWN]:
        ranked = sorted(one["units"], key=lambda unit: -abs(unit["weight"]))
        parts = list(dict.fromkeys(shortened(str(unit["name"]), 20) for unit in ranked))[:3]
        rows.append((shortened(str(one["input"]), 60), answered(one), listed(parts)))
    screen.table((), rows, indent=2)
    _show_left(len(explanations) - len(rows), screen)
    known = [one["right"] for one in explanations if "right" in one]
    if known:
        screen.line(_n("{right} of {n} is right", "{right} of {n} are right", len(known), right=sum(known)), indent=2)


def _show_left(left: int, screen: Screen) -> None:
    if left > 0:
        screen.line(_("… and {n} more").format(n=left), indent=2)


def _row(unit: dict[str, Any], most: float) -> tuple[str, ...]:
    """Name, cell, weight and a bar."""
    from fukami.fields.units import signed

    cell = "" if "value" not in unit else "–" if unit["value"] is None else str(unit["value"])[:40]
    bar = ("█" if unit["weight"] >= 0 else "░") * round(20 * abs(unit["weight"]) / most)
    return str(unit["name"])[:40], cell, signed(unit["weight"]), bar


def _show_summary(summary: dict[str, Any], screen: Screen) -> None:
    from fukami.explain.page import measured

    screen.heading(_n("Over {n} example", "Over {n} examples", summary["examples"]))
    screen.facts([(_("tested"), _verdict(summary.get("faithfulness")))], indent=2)
    screen.line(measured(summary), indent=2)
    finite = [unit for unit in summary.get("units", []) if math.isfinite(unit["weight"])]
    units = finite[:SHOWN]
    most = max((abs(unit["weight"]) for unit in units), default=0.0) or 1.0
    screen.table((), [(u["name"], f"{u['weight']:.4f}", "█" * round(20 * max(0, u["weight"]) / most)) for u in units], indent=2)
    _show_left(len(finite) - len(units), screen)


def _verdict(told: dict[str, Any] | None) -> str | None:
    from fukami.explain.explanation import verdict

    return None if told is None else verdict(told)
