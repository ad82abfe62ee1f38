"""`fukami diagnose RUN`: why a training did not learn, and what mends it."""

from typing import Any

from fukami.cli import _parser
from fukami.cli._evidence import told
from fukami.cli._parser import Parser
from fukami.cli._screen import Screen
from fukami.core.language import N_, _
from fukami.core.percent import percent

SUMMARY = N_("why a training did not learn, and what mends it")
USAGE = ("RUN [DATA]",)
EXAMPLES = (
    ("fukami diagnose runs/cats", N_("a finished run, or a training that was interrupted")),
    ("fukami diagnose runs/cats photos/", N_("where the data lies elsewhere by now")),
)


def arguments(parser: Parser) -> None:
    _parser.run(parser)
    _parser.data(parser, optional=True, without=_("without it, what the run was trained on"))


def call(args: Any) -> dict[str, Any]:
    from fukami import api

    return api.diagnose(args.run, args.data)


def show(result: dict[str, Any], screen: Screen) -> None:
    if result["healthy"]:
        screen.line(_("Nothing found."), "bold")
    for place, finding in enumerate(result["findings"], 1):
        screen.heading(f"{place}. {finding['code']}  {finding['sentence']}")
        screen.facts(
            [
                (_("how sure"), percent(finding["score"], digits=0)),
                (_("follows from"), finding["follows"]),
                (_("evidence"), told(finding["evidence"])),
                (_("fix"), finding["fix"]),
            ],
            indent=2,
        )
    if result["verdict"]:  # a training may learn well, and a simple model better
        screen.heading(_("Beside simple models"))
        for sentence in result["verdict"]:
            screen.line(sentence, indent=2)
    screen.heading(_("Looked at"))
    # the figures of each are for --json: their names are those of the tests
    rows = [(test.get("looked_for") or name, test.get("left_out") or "") for name, test in result["tests"].items()]
    screen.table((), rows, indent=2)
