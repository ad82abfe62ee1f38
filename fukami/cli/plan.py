"""`fukami plan TASK DATA`: what a training would cost."""

from typing import Any

from fukami.cli import _parser
from fukami.cli._parser import Parser
from fukami.cli._results import show_notes
from fukami.cli._screen import Screen, amount
from fukami.core import plans
from fukami.core.durations import duration
from fukami.core.language import N_, _

SUMMARY = N_("memory, minutes and the step plan, before anything is spent")
USAGE = ("TASK DATA",)
EXAMPLES = (
    ("fukami plan image-classification photos/ --model resnet18", N_("what this training would take on this machine")),
    ("fukami plan text-classification reviews.tsv --set epochs=3", N_("with another number of epochs")),
)


def arguments(parser: Parser) -> None:
    _parser.task(parser)
    _parser.data(parser)
    parser.add_argument(
        "--model",
        metavar="NAME",
        default="auto",
        help=_("the model, such as resnet18 or cnn:tiny; `fukami models TASK` lists what fits"),
    )
    _parser.settings(parser)


def call(args: Any) -> dict[str, Any]:
    from fukami import api

    return api.plan(args.task, args.data, model=args.model, settings=_parser.chosen(args))


def show(result: dict[str, Any], screen: Screen) -> None:
    known: dict[str, tuple[str, Any]] = {
        "task": (_("task"), str),
        "model": (_("model"), str),
        "parameters": (_("parameters"), amount),
        "examples": (_("examples"), lambda n: f"{n:,}"),
        "epochs": (_("epochs"), lambda n: f"{n:g}"),
        "batch_size": (_("batch size"), str),
        "steps": (_("steps"), lambda n: f"{n:,}"),
        "seconds": (_("time"), duration),
        "memory_bytes": (_("memory"), lambda n: f"{n / 2**20:,.0f} MiB"),
        "device": (_("device"), str),
    }
    chosen = {**result["plan"], "compiled": result["plan"]["compile"] == "yes"}
    facts = [(name, form(result[key])) for key, (name, form) in known.items() if result.get(key) is not None]
    screen.facts([*facts, (_("plan"), plans.words(chosen))])
    measured = result["alternatives"]
    if measured:
        screen.heading(_("Measured on this machine"))
        rows = [
            (plans.step_time(m["seconds"]), plans.words(m))
            if m["admitted"]
            else (_("refused"), f"{plans.words(m)}: {plans.refusal(m['reason'])}")
            for m in measured
        ]
        screen.table((_("a step"), _("plan")), rows, indent=2)
    show_notes(result.get("notes") or [], screen)
