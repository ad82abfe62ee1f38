"""`fukami compress RUN`: smaller and faster, and as good."""

from pathlib import Path
from typing import Any

from fukami.cli import _parser
from fukami.cli._parser import Parser
from fukami.cli._results import show_notes
from fukami.cli._screen import Screen, number
from fukami.compress.asked import number_formats
from fukami.compress.gains import won
from fukami.core.language import N_, _, listed

SUMMARY = N_("make a model smaller and faster, and prove that it is as good")
USAGE = (
    "RUN --to int8",
    "RUN --prune 0.5",
    "RUN --distill MODEL",
    'RUN --budget "latency<=10ms,accuracy-drop<=1"',
)
EXAMPLES = (
    ("fukami compress runs/cats --to int8", N_("a quarter of the size; for pictures and transformers several times faster")),
    ("fukami compress runs/cats --prune 0.5 --to int8", N_("half of the channels, then int8")),
    ("fukami compress runs/cats --distill cnn:tiny --max-drop 3", N_("a small model that learns from the large one")),
    ('fukami compress runs/cats --budget "latency<=2ms,accuracy-drop<=1"', N_("search for what meets these conditions")),
)


def arguments(parser: Parser) -> None:
    _parser.run(parser)
    parser.add_argument("--to", metavar="|".join(number_formats()), default="", help=_("the number format of the new run"))
    parser.add_argument(
        "--prune",
        metavar="SHARE",
        type=_parser.positive,
        default=0.0,
        help=_("share of the channels and hidden widths that goes, between 0 and 1"),
    )
    parser.add_argument("--unstructured", action="store_true", help=_("prune single weights instead; no faster, but sparse"))
    parser.add_argument(
        "--distill", metavar="MODEL", default="", help=_("a small model that learns from the run, such as cnn:tiny")
    )
    parser.add_argument("--budget", metavar="CONDITIONS", default="", help=_("search for a form that meets these conditions"))
    parser.add_argument(
        "--max-drop", metavar="POINTS", type=float, help=_("points of the headline metric that may be lost; 1 unless given")
    )
    parser.add_argument(
        "--epochs",
        metavar="N",
        type=_parser.positive,
        help=_("how long a student or a pruned model learns; unless given, twice and two fifths as long as the run did"),
    )
    parser.add_argument("--data", metavar="DATA", help=_("what the run was trained on, where it keeps no name of it"))
    parser.add_argument(
        "--out", metavar="RUN", type=Path, help=_("a new folder; RUN and the ways, such as RUN-int8, unless given")
    )
    _parser.settings(parser)


def call(args: Any) -> dict[str, Any]:
    from fukami import api
    from fukami.core import artefact

    if args.out:
        artefact.refuse_existing(args.out)  # before anything heavy is loaded
    return api.compress(
        args.run,
        out=args.out,
        data=args.data,
        to=args.to,
        prune=args.prune,
        unstructured=args.unstructured,
        distill=args.distill,
        budget=args.budget,
        max_drop=args.max_drop,
        epochs=args.epochs,
        settings=_parser.chosen(args),
    )


def show(result: dict[str, Any], screen: Screen) -> None:
    sizes, parameters = result["bytes"], result["parameters"]
    screen.facts(
        [
            (_("task"), result["task"]),
            (_("how"), result["how"]),
            (_("won"), won(result["gains"])),
            (_("size"), f"{_megabytes(sizes['before'])} → {_megabytes(sizes['after'])}"),
            (_("parameters"), f"{parameters['before']:,} → {parameters['after']:,}"),
            (_("examples"), f"{result['examples']:,}"),
        ]
    )
    show_notes(result["notes"], screen)
    screen.heading(_("On examples kept aside"))
    rows = [(name, number(told["before"]), number(told["after"])) for name, told in result["metrics"].items()]
    screen.table((_("metric"), _("before"), _("after")), rows, indent=2)
    screen.heading(_("Milliseconds in onnxruntime on this machine: median (99th percentile)"))
    screen.table((_("batch"), _("threads"), _("before"), _("after"), ""), [_line(told) for told in result["latency"]], indent=2)
    if result.get("pareto"):
        _show_pareto(result["pareto"], screen)
    screen.heading(_("Run folder"))
    screen.line(result["run"], indent=2)


def _line(told: dict[str, Any]) -> tuple[str, ...]:
    before, after = told["before_ms"], told["after_ms"]
    figures = [f"{times['median']:.3g} ({times['p99']:.3g})" for times in (before, after)]
    faster = f"{before['median'] / after['median']:.1f}×" if after["median"] else ""
    return str(told["batch"]), str(told["threads"]), *figures, faster


def _show_pareto(table: list[dict[str, Any]], screen: Screen) -> None:
    from fukami.metrics.points import told as in_words

    screen.heading(_("Tried, on this machine and the examples by which it was chosen (* no other is better in everything)"))
    rows = [
        (line["how"], "–", "–", line["why"], _("no"))
        if line.get("why")
        else (
            ("→ " if line["chosen"] else "") + line["how"] + (" *" if line["pareto"] else ""),
            f"{line['latency_ms']:.3g}",
            _megabytes(line["bytes"]),
            listed(f"{name}: {in_words(drop)}" for name, drop in line["drops"].items()),
            _("yes") if line["meets"] else _("no"),
        )
        for line in table
    ]
    screen.table((_("how"), "ms", _("size"), _("change"), _("meets the budget")), rows, indent=2)


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.2f} MB"
