"""`fukami evaluate RUN [DATA]`: how good it is, and how sure that is."""

from typing import Any

from fukami.cli import _parser
from fukami.cli._parser import Parser
from fukami.cli._results import show_baselines, show_metrics
from fukami.cli._screen import Screen
from fukami.core.language import N_, _

SUMMARY = N_("metrics with intervals, baselines, calibration and groups, written to report.html")
USAGE = ("RUN [DATA]",)
EXAMPLES = (
    ("fukami evaluate runs/cats", N_("on the examples that the training kept aside")),
    ("fukami evaluate runs/cats photos/test", N_("on other data")),
    ("fukami evaluate runs/income adult.csv --set groups=sex,age", N_("with every metric for each group")),
)


def arguments(parser: Parser) -> None:
    _parser.run(parser)
    _parser.data(parser, optional=True)
    _parser.settings(parser)


def call(args: Any) -> dict[str, Any]:
    from fukami import api

    return api.evaluate(args.run, args.data, settings=_parser.chosen(args))


def show(result: dict[str, Any], screen: Screen) -> None:
    examples = result.get("examples")
    screen.facts(
        [(_("task"), result.get("task")), (_("run"), result.get("run")), (_("examples"), f"{examples:,}" if examples else "")]
    )
    show_metrics(result["metrics"], screen, title=_("Metrics, with the range that holds 95 % of resamples"))
    show_baselines(result, screen)
    if result.get("report"):
        screen.heading(_("Report"))
        screen.line(str(result["report"]), indent=2)
