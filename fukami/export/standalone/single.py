"""Inputs that stand for themselves, one an argument."""

import json
import os
import sys

from fukami.export.standalone.folder import files


def inputs(argument, told):
    """The argument itself, the files of a folder, or for `-` the lines of standard input, each as JSON."""
    if argument == "-":
        values = [json.loads(line) for line in sys.stdin.buffer if line.strip()]
        return [value.get(told["name"], value) if isinstance(value, dict) else value for value in values]
    return files(argument, told) if os.path.isdir(argument) else [argument]  # noqa: PTH112 - a text may be too long for a Path
