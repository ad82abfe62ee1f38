"""Which peers are installed in an environment, in which versions, and the command that installs the others."""

from __future__ import annotations

import json
import subprocess

from benchmarks.contract import Side
from benchmarks.harness import Interpreters

_ASK = """
import importlib.metadata, json, platform, sys
found = {"python": platform.python_version()}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


def versions(python: str, packages: list[str]) -> dict[str, str]:
    """Package → version, of those of `packages` that the environment of `python` has. Nothing is imported there.

    Raises `SystemExit` with a sentence where there is no such interpreter.
    """
    try:
        told = subprocess.run([python, "-c", _ASK, *packages], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"the interpreter for the peers cannot be started: {python} ({error})") from None
    return json.loads(told.stdout)


def missing(sides: list[Side], interpreters: Interpreters) -> dict[str, str]:
    """Side → what is to be said of it where its environment lacks a package: which, and the command that installs it."""
    wanted = sorted({name for side in sides for name in side.packages})
    there = {python: versions(python, wanted) for python in {interpreters.of(side) for side in sides}}
    found = {}
    for side in sides:
        python = interpreters.of(side)
        lacks = [name for name in side.packages if name not in there[python]]
        if lacks:
            command = f"uv pip install --python {python} {' '.join(lacks)} -c constraints.txt"
            found[side.name] = f"not installed: {', '.join(lacks)}. {command}"
    return found
