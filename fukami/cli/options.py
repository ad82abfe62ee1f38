"""`fukami options TASK [MODEL]`: every choice that `--set` takes, with default, meaning and limits."""

from typing import Any

from fukami.cli._parser import Parser, task
from fukami.cli._screen import Screen
from fukami.core.language import N_, _

SUMMARY = N_("every choice that --set takes: default, meaning, limits")
USAGE = ("TASK [MODEL]",)
EXAMPLES = (
    ("fukami options tabular-classification", N_("every choice for a task, with those of each model that fits it")),
    ("fukami options image-classification resnet18", N_("with what this model recommends, and its own choices")),
)

HEADINGS = {
    "columns": N_("Columns of a table"),
    "data": N_("Data and its division"),
    "model": N_("Model"),
    "learning": N_("Learning"),
    "plan": N_("Use of the machine"),
    "task_options": N_("The task's own"),
}
KINDS = {
    "truth": N_("yes or no"),
    "integer": N_("a whole number"),
    "number": N_("a number"),
    "text": "",
    "list": N_("names with commas between them"),
}


def arguments(parser: Parser) -> None:
    task(parser)
    parser.add_argument("model", metavar="MODEL", nargs="?", help=_("a model, such as resnet18 or cnn:tiny"))


def call(args: Any) -> dict[str, Any]:
    from fukami import api

    return api.options(args.task, args.model)


def show(result: dict[str, Any], screen: Screen) -> None:
    for section in dict.fromkeys(row["section"] for row in result["options"]):
        screen.heading(_heading(section))
        rows = [row for row in result["options"] if row["section"] == section]
        screen.table((), [(row["name"], _default(row), _told(row)) for row in rows], indent=2)
    screen.line()
    screen.line(
        _(
            "--set NAME=VALUE sets one, as often as needed; what stands behind → is what the model recommends "
            "(from scratch / fine tuned)."
        ),
        "dim",
    )


def _heading(section: str) -> str:
    kind, _dot, name = section.partition(".")
    if kind == "fields":
        return _("Reading of {name}").format(name=name)
    if section.startswith("model "):
        return _("The model {name}").format(name=section.removeprefix("model "))
    return _(HEADINGS[section])


def _default(row: dict[str, Any]) -> str:
    """`0.01`, with what the model recommends instead: `0.01 → 0.05`, and for fine tuning where that is another."""
    shown = list(dict.fromkeys(_shown(row[key]) for key in ("recommended", "fine_tuned") if key in row))
    return f"{_shown(row['default'])} → {' / '.join(shown)}" if shown else _shown(row["default"])


def _shown(value: Any) -> str:
    """A value as it can be typed."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ",".join(value) or "–"
    return f"{value:g}" if isinstance(value, (int, float)) else value or "–"


def _told(row: dict[str, Any]) -> str:
    """What an option means, and what it may be."""
    limits = _limits(row)
    return f"{row['meaning']}  [{limits}]" if limits else row["meaning"]


def _limits(row: dict[str, Any]) -> str:
    kind, low, high = _(KINDS[row["kind"]]), row["low"], row["high"]
    if row["choices"]:
        return " | ".join(row["choices"])
    if low is None:
        return kind
    return f"{kind}, {low:g} … {high:g}" if high is not None else f"{kind} ≥ {low:g}"
