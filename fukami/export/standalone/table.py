"""Inputs that are rows of a table: many an argument."""

import csv
import io
import json
import sys
from pathlib import Path

from fukami.export.standalone.decoded import text_of
from fukami.export.standalone.folder import files


def inputs(argument, told):
    """The rows of a CSV file or of a folder's, a row as a JSON object, or for `-` the lines of standard input, each as JSON."""
    if argument == "-" or argument.lstrip().startswith("{"):
        return [json.loads(line) for line in (sys.stdin.buffer if argument == "-" else [argument]) if line.strip()]
    rows = []
    for path in files(argument, told) if argument and Path(argument).is_dir() else [argument]:
        text = text_of(path)
        mark = max(",;\t|", key=text.partition("\n")[0].count)
        rows += csv.DictReader(io.StringIO(text, newline=""), delimiter=mark)
    if any(None in row or None in row.values() for row in rows):
        raise ValueError("a row has another number of cells than the header")
    return rows
