"""`fukami export RUN`: the run in another format, written only if it answers as the run does."""

from pathlib import Path
from typing import Any

from fukami.cli import _parser
from fukami.cli._parser import Parser
from fukami.cli._results import show_notes
from fukami.cli._screen import Screen, number
from fukami.core.language import N_, _

SUMMARY = N_("write ONNX and other formats, only if they answer as the run does")
USAGE = ("RUN [DATA]",)
EXAMPLES = (
    ("fukami export runs/cats", N_("ONNX, with a predict.py that needs neither Fukami nor torch")),
    ("fukami export runs/cats --to pte", N_("for phones and small devices")),
    ("fukami export runs/cats photos/test --out cats-onnx", N_("proved on other data, into a folder of your choice")),
)


def arguments(parser: Parser) -> None:
    _parser.run(parser)
    _parser.data(parser, optional=True, without=_("without it, the examples that the training kept aside"))
    parser.add_argument(
        "--to",
        metavar="FORMAT",
        type=format_name,
        default="onnx",
        help=_("onnx, pt2 (torch.export), pte (ExecuTorch) or folder (for timm or transformers); onnx unless given"),
    )
    parser.add_argument("--out", metavar="FOLDER", type=Path, help=_("a new folder; RUN-FORMAT unless given"))


def format_name(text: str) -> str:
    """A format's name, checked at once."""
    from fukami.core.cards import card

    return card("export/formats", text).name


def call(args: Any) -> dict[str, Any]:
    from fukami import api
    from fukami.core import artefact

    if args.out:
        artefact.refuse_existing(args.out)  # before anything heavy is loaded
    return api.export(args.run, args.to, out=args.out, data=args.data)


def show(result: dict[str, Any], screen: Screen) -> None:
    told = result["parity"]
    screen.facts([(_("run"), result["run"]), (_("format"), result["to"]), (_("folder"), result["out"])])
    screen.heading(_("The same answers as the run"))
    screen.facts(
        [
            (_("examples"), f"{told['examples']:,}"),
            (_("from raw inputs"), f"{told['raw']['examples']:,}"),
            (_("largest difference"), f"{told['max_difference']:.2g} ≤ {told['tolerance']:g}"),
        ],
        indent=2,
    )
    rows = [(name, number(both["run"]), number(both["exported"])) for name, both in told["metrics"].items()]
    screen.table((_("metric"), _("run"), _("exported")), rows, indent=2)
    screen.heading(_("Files"))
    for name in result["files"]:
        screen.line(f"{result['out']}/{name}", indent=2)
    show_notes(result["notes"], screen)
