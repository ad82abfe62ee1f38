"""Seeds on the command line."""

import json
import sys


def inputs(argument, told):
    """A seed, those of a range such as 0:16, or for `-` the lines of standard input, each as JSON."""
    if argument == "-":
        values = [json.loads(line) for line in sys.stdin.buffer if line.strip()]
        return [value.get(told["name"], value) if isinstance(value, dict) else value for value in values]
    first, colon, end = argument.partition(":")
    return list(range(int(first), int(end))) if colon else [argument]
