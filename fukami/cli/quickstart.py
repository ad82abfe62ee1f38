"""`fukami quickstart`: everything once, on real handwritten digits that come inside scikit-learn."""

from pathlib import Path
from typing import Any

from fukami.cli._parser import Parser
from fukami.cli._results import show_run
from fukami.cli._screen import Screen
from fukami.core.language import N_, _

SUMMARY = N_("handwritten digits in a minute: check, plan, train, evaluate, explain, export, compress")
USAGE = ("",)
EXAMPLES = (
    ("fukami quickstart", N_("needs no data and no connection")),
    ("fukami quickstart --out runs/digits", N_("into a folder of your choice")),
)


def arguments(parser: Parser) -> None:
    parser.add_argument(
        "--out", metavar="RUN", type=Path, help=_("the folder to write; runs/<task>-<time> where it is not given")
    )


def call(args: Any) -> dict[str, Any]:
    from fukami import api

    return api.quickstart(args.out)


def show(result: dict[str, Any], screen: Screen) -> None:
    show_run(result, screen)
