"""`fukami evaluate RUN [DATA]`: how good it is, and how sure that is."""

from typing import Any

from fukami.cli import _parser
from fukami.cli._parser import Parser
from fukami.cli._results import show_baselines, show_groups, show_metrics, show_notes
from fukami.cli._screen import Screen
from fukami.core.language import N_, _, _n
from fukami.core.percent import percent

SUMMARY = N_("metrics with intervals, baselines, calibration and groups, written to report.html")
USAGE = ("RUN [DATA]",)
EXAMPLES = (
    ("fukami evaluate runs/cats", N_("on the examples that the training kept aside")),
    ("fukami evaluate runs/cats photos/test", N_("on other data")),
    ("fukami evaluate runs/income adult.csv --set groups=sex,age", N_("with every metric for each group")),
)


def arguments(parser: Parser) -> None:
    _parser.run(parser)
    _parser.data(parser, optional=True, without=_("without it, the examples that the training kept aside"))
    _parser.settings(parser)


def call(args: Any) -> dict[str, Any]:
    from fukami import api

    return api.evaluate(args.run, args.data, settings=_parser.chosen(args))


def show(result: dict[str, Any], screen: Screen) -> None:
    excluded = result.get("excluded")
    screen.facts(
        [
            (_("task"), result.get("task")),
            (_("run"), result.get("run")),
            (_("examples"), _judged(result)),
            (
                _("left out"),
                _n("{n} example that the run was trained on", "{n} examples that the run was trained on", excluded)
                if excluded
                else None,
            ),
        ]
    )
    show_metrics(result["metrics"], screen, title=_("Metrics, with the range that holds 95 % of resamples"))
    show_baselines(result, screen)
    show_groups(result.get("groups") or {}, screen)
    show_notes(result.get("notes") or [], screen)
    if result.get("report"):
        screen.heading(_("Report"))
        screen.line(str(result["report"]), indent=2)


def _judged(result: dict[str, Any]) -> str | None:
    """How many examples the figures speak of, beside how many were given where that is not the same."""
    judged, unusable = result.get("examples") or 0, result.get("unusable") or 0
    if not judged or not unusable:
        return f"{judged:,}" if judged else None
    total = judged + unusable + (result.get("excluded") or 0)
    return _("{n} of {total} that were given ({share})").format(
        n=f"{judged:,}", total=f"{total:,}", share=percent(judged / total)
    )
