"""`fukami check TASK DATA`: the doctor."""

from typing import Any

from fukami.cli import _parser
from fukami.cli._parser import Parser
from fukami.cli._problems import show_problems
from fukami.cli._results import show_columns
from fukami.cli._screen import Screen
from fukami.core.language import N_, _, listed

SUMMARY = N_("look for problems in the data, each with its place and its remedy")
USAGE = ("TASK DATA",)
EXAMPLES = (
    ("fukami check image-classification photos/", N_("a folder with one folder of pictures for each class")),
    ("fukami check tabular-classification adult.csv --set target=income", N_("a table, and the column to predict")),
)

PARTS: dict[str, str] = {"train": N_("training"), "valid": N_("validation"), "test": N_("test")}


def arguments(parser: Parser) -> None:
    _parser.task(parser)
    _parser.data(parser)
    _parser.settings(parser)


def call(args: Any) -> dict[str, Any]:
    from fukami import api

    return api.check(args.task, args.data, settings=_parser.chosen(args))


def show(result: dict[str, Any], screen: Screen) -> None:
    screen.facts(
        [
            (_("data"), result.get("data")),
            (_("layout"), layout_told(result.get("layout"))),
            (_("columns"), "; ".join(f"{name} {read_from(read)}" for name, read in (result.get("columns") or {}).items())),
            (_("examples"), f"{result['examples']:,}" if result.get("examples") is not None else None),
            (_("parts"), listed(f"{_(PARTS[name])} {count:,}" for name, count in (result.get("parts") or {}).items())),
        ]
    )
    show_columns(result.get("read") or [], screen)
    show_problems(result["problems"], screen)


def layout_told(name: str | None) -> str | None:
    """A layout in words, with the name that `--set layout=` takes.

    >>> layout_told("folder")
    'a folder for each class (folder)'
    """
    from fukami.data import catalogue, readers

    if not name:
        return name
    words = catalogue.TOLD if name == catalogue.LAYOUT else readers.reader(name).TOLD
    return _("{what} ({name})").format(what=_(words), name=name)


def read_from(columns: list[str], *, most: int = 12) -> str:
    """The columns that an input or a target is read from.

    >>> read_from(["age", "town", "job"], most=2)
    '← age, town, … (3)'
    """
    named = ", ".join([name or "–" for name in columns[:most]] + ["…"] * (len(columns) > most))
    return f"← {named}" + (f" ({len(columns)})" if len(columns) > 1 else "")


def code(result: dict[str, Any]) -> int:
    """1 where an error would stop a training."""
    return int(any(problem["severity"] == "error" for problem in result["problems"]))
