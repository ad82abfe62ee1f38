"""Inputs that stand for themselves, one an argument."""

import json
import sys


def inputs(argument, told):
    """The argument itself, or for `-` the lines of standard input, each as JSON."""
    if argument != "-":
        return [argument]
    values = [json.loads(line) for line in sys.stdin.buffer if line.strip()]
    return [value.get(told["name"], value) if isinstance(value, dict) else value for value in values]
