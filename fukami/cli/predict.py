"""`fukami predict RUN INPUT…`: answers for new inputs."""

import json
from typing import Any

from fukami.cli import _parser
from fukami.cli._parser import Parser
from fukami.cli._screen import Screen, number
from fukami.core.given import shortened
from fukami.core.language import N_, _

SUMMARY = N_("answers for new inputs: files, folders, tables, or standard input")
USAGE = ("RUN INPUT…",)
EXAMPLES = (
    ("fukami predict runs/cats cat.jpg other/*.jpg", N_("an answer for each picture")),
    ("fukami predict runs/cats photos/", N_("an answer for each file of a folder and of its sub-folders")),
    ("fukami predict runs/income people.csv --json", N_("an answer for each row of a table")),
    ("echo 'A fine film.' | fukami predict runs/reviews -", N_("text or JSON from standard input")),
)


def arguments(parser: Parser) -> None:
    _parser.run(parser)
    parser.add_argument(
        "inputs",
        metavar="INPUT",
        nargs="+",
        help=_("a file; a folder or a CSV or JSONL table for many; `-` for standard input"),
    )


def call(args: Any) -> dict[str, Any]:
    from fukami import api

    return api.predict(args.run, args.inputs)


def show(result: dict[str, Any], screen: Screen) -> None:
    rows = [(_input(p.get("input")), *_answer(p)) for p in result["predictions"]]
    screen.table((), rows)


def _input(value: Any) -> str:
    return shortened(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), 60)


def _answer(prediction: dict[str, Any]) -> tuple[str, str]:
    """The answer and how sure it is. The shapes are those that target fields restore to."""
    if "label" in prediction:
        return str(prediction["label"]), number(prediction.get("score"))
    if "labels" in prediction:
        return ", ".join(map(str, prediction["labels"])) or "–", ""
    if "value" in prediction:
        return number(prediction["value"]), ""
    rest = {key: value for key, value in prediction.items() if key != "input"}
    return json.dumps(rest, ensure_ascii=False), ""
