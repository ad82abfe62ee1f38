"""Inputs that are rows of a table: many an argument."""

import csv
import io
import json
import os
import sys
from pathlib import Path

from fukami.export.standalone.folder import files


def inputs(argument, told):
    """The rows of a CSV file or of a folder's, a row as a JSON object, or for `-` the lines of standard input, each as JSON."""
    if argument == "-" or argument.lstrip().startswith("{"):
        return [json.loads(line) for line in (sys.stdin.buffer if argument == "-" else [argument]) if line.strip()]
    paths = files(argument, told) if os.path.isdir(argument) else [argument]  # noqa: PTH112 - no argument is no folder
    return [row for path in paths for row in table(path)]


def table(path):
    """The rows of a CSV file, whatever mark is between its cells."""
    text = Path(path).read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t|", key=text.partition("\n")[0].count)))
    if any(None in row or None in row.values() for row in rows):
        raise ValueError("a row has another number of cells than the header")
    return rows
