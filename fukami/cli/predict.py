"""`fukami predict RUN INPUT…`: answers for new inputs."""

import json
from pathlib import Path
from typing import Any

from fukami.cli import _parser
from fukami.cli._parser import Parser
from fukami.cli._screen import Screen, number
from fukami.core.errors import UsageError
from fukami.core.given import shortened
from fukami.core.language import N_, _, _n
from fukami.fields.answers import sureness, words

SUMMARY = N_("answers for new inputs: files, folders, tables, or standard input")
USAGE = ("RUN INPUT…", "RUN --history ITEM,ITEM…")
EXAMPLES = (
    ("fukami predict runs/cats cat.jpg other/*.jpg", N_("an answer for each picture")),
    ("fukami predict runs/cats photos/", N_("an answer for each file of a folder and of its sub-folders")),
    ("fukami predict runs/income people.csv --out answers.xlsx", N_("the rows of a table with their answers, as a table")),
    ("fukami predict runs/shoes 0:16 --out shoes/", N_("pictures made of 16 seeds, as files")),
    ("fukami predict runs/films --history 50,181,174", N_("what comes next for somebody whom the training did not know")),
    ("echo 'A fine film.' | fukami predict runs/reviews -", N_("text or JSON from standard input")),
)


def arguments(parser: Parser) -> None:
    _parser.run(parser)
    parser.add_argument(
        "inputs",
        metavar="INPUT",
        nargs="*",
        help=_("a file; a folder or a table (CSV, Excel, JSONL, Parquet) for many; `-` for standard input"),
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="PLACE",
        help=_(
            "a file for the rows with their answers (.csv, .tsv, .xlsx, .jsonl, .parquet), or a folder for answered pictures"
        ),
    )
    parser.add_argument(
        "--history", metavar="ITEM,ITEM…", help=_("what somebody chose so far, the oldest first, as the input of a recommender")
    )
    _parser.settings(parser)


def call(args: Any) -> dict[str, Any]:
    from fukami import api

    items = [item.strip() for item in (args.history or "").split(",") if item.strip()]
    inputs = [*args.inputs, *([json.dumps({"history": items}, ensure_ascii=False)] if args.history is not None else [])]
    if not inputs:
        raise UsageError("F-ARGUMENT-MISSING", _("nothing was given to be answered"), expected=_("an input, or --history"))
    return api.predict(args.run, inputs, settings=_parser.chosen(args), out=args.out)


def show(result: dict[str, Any], screen: Screen) -> None:
    told = result["predictions"]
    if result.get("out"):
        screen.line(f"{result['out']} ({_n('{n} answer', '{n} answers', sum('error' not in one for one in told))})")
        told = [one for one in told if "error" in one]
    screen.table((), [_row(prediction) for prediction in told])


def code(result: dict[str, Any]) -> int:
    """1 where an input has no answer."""
    return int(any("error" in prediction for prediction in result["predictions"]))


def _row(prediction: dict[str, Any]) -> tuple[str, str, str]:
    """The input, the answer and how sure it is; or why there is none, and what mends it."""
    answer = {key: value for key, value in prediction.items() if key != "input"}
    if error := answer.get("error"):
        mend = f" ({_('fix')}: {error['fix']})" if error.get("fix") else ""
        return _input(prediction["input"]), "–", f"{error['code']}  {error['what']}{mend}"
    sure = sureness(answer)
    return _input(prediction.get("input")), words(answer), "" if sure is None else number(sure)


def _input(value: Any) -> str:
    return shortened(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), 60)
