"""`python -m benchmarks`: measures works, prints a table for each, and writes what it is asked to write."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import figures, peers, table
from benchmarks.contract import Settings, Side, Work
from benchmarks.harness import Interpreters, Measurement, measured
from benchmarks.summary import summarised
from benchmarks.works import WORKS

PYTHON = "FUKAMI_BENCHMARK_PYTHON"
NOTED = ("fukami", "torch", "torchvision", "transformers", "scikit-learn", "keras", "jax", "lightning", "fastai", "accelerate")
"""Packages whose versions stand beside the figures."""


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m benchmarks", description="Fukami and its peers, side by side.")
    made.add_argument("works", nargs="*", metavar="WORK", help="fashion, jpeg, sst2, adult, startup; all where none is named")
    made.add_argument("--list", action="store_true", help="show the works and their sides, measure nothing")
    made.add_argument("--repeats", type=int, default=3, metavar="N", help="rounds; each has a seed of its own (3)")
    made.add_argument("--peers", metavar="A,B", help="only these sides besides Fukami (keras means keras-jax and keras-torch)")
    made.add_argument("--python", metavar="FILE", help=f"the interpreter of the peers' environment (or {PYTHON})")
    made.add_argument("--data", metavar="FOLDER", help="the folder of the data sets (or FUKAMI_DATA)")
    made.add_argument("--json", metavar="FILE", type=Path, help="write every measurement of this run to FILE")
    made.add_argument("--write", action="store_true", help="bring benchmarks/figures.md up to date")
    made.add_argument("--to-accuracy", type=float, default=0.0, metavar="A", help="train until this accuracy (fashion)")
    made.add_argument(
        "--examples", type=int, default=0, metavar="N", help="training examples, instead of the work's own number"
    )
    made.add_argument("--epochs", type=int, default=0, metavar="N", help="epochs, instead of the work's own number")
    made.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where every side trains (cpu)")
    made.add_argument(
        "--env", action="append", default=[], metavar="K=V", help="a variable for every side, such as OMP_NUM_THREADS"
    )
    made.add_argument("--keep", metavar="FOLDER", type=Path, help="keep unpacked data and prepared models here between runs")
    return made


def main(words: list[str] | None = None) -> int:
    """0 where everything that was asked for was measured, 1 where a side is missing or failed."""
    asked = parser().parse_args(words)
    works = chosen(asked.works, WORKS)
    if asked.list:
        print("\n".join(listed(works)))
        return 0
    interpreters = Interpreters(peers=asked.python or os.environ.get(PYTHON, "") or sys.executable)
    env = dict(pair.split("=", 1) for pair in asked.env)
    with tempfile.TemporaryDirectory(prefix="fukami-benchmarks-") as scratch:
        place = (asked.keep or Path(scratch)).resolve()
        found = []
        for work in works:
            found.append(one_work(work, asked, place / work.name, interpreters, env))
            print(f"\n## {work.name}: {work.summary}\n\n{found[-1]['table']}", flush=True)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    if asked.write:
        say(f"written: {figures.write(found)}")
    return int(any(row["error"] for one in found for row in one["rows"]))


def one_work(
    work: Work, asked: argparse.Namespace, place: Path, interpreters: Interpreters, env: dict[str, str]
) -> dict[str, Any]:
    """Measures one work and tells everything about it."""
    settings = settings_for(work, asked, place)
    sides = sides_for(work, asked.peers)
    lacking = peers.missing(sides, interpreters)
    place.mkdir(parents=True, exist_ok=True)
    there = [side for side in sides if side.name not in lacking]
    found = measured(work, there, settings, rounds=asked.repeats, interpreters=interpreters, env=env, say=say)
    found += [Measurement(name, 0, error=text) for name, text in lacking.items()]
    by_time = bool(settings.to_accuracy)
    rows = summarised(found, [side.name for side in sides], by_time=by_time)
    versions = {
        name: peers.versions(python, list(NOTED))
        for name, python in (("fukami", interpreters.own), ("peers", interpreters.peers))
    }
    shown = table.shown(work, rows, by_time=by_time)
    return figures.told(work, settings, found, rows, table=shown, rounds=asked.repeats, versions=versions, env=env)


def say(text: str) -> None:
    """Progress goes to standard error; standard output carries the tables."""
    print(text, file=sys.stderr, flush=True)


def chosen(names: list[str], works: tuple[Work, ...]) -> list[Work]:
    """The works that are named, by their whole name or what stands before its hyphen; all where none is."""
    found = [work for work in works if not names or any(named(work.name, name) for name in names)]
    strange = [name for name in names if not any(named(work.name, name) for work in works)]
    if strange:
        raise SystemExit(f"there is no work called {', '.join(strange)}; there are {', '.join(work.name for work in works)}")
    return found


def named(whole: str, name: str) -> bool:
    """
    >>> named("keras-jax", "keras"), named("keras-jax", "keras-jax"), named("keras-jax", "jax")
    (True, True, False)
    """
    return whole == name or whole.startswith(f"{name}-")


def sides_for(work: Work, asked: str | None) -> list[Side]:
    """Fukami and the sides of `work` that `--peers` names; all where it names none. A name that no work has is refused."""
    first, *others = work.sides
    if not asked:
        return [first, *others]
    names = [name.strip() for name in asked.split(",")]
    known = {side.name for one in (*WORKS, work) for side in one.sides}
    strange = [name for name in names if not any(named(whole, name) for whole in known)]
    if strange:
        raise SystemExit(f"there is no peer called {', '.join(strange)}; there are {', '.join(sorted(known - {'fukami'}))}")
    return [first, *(side for side in others if any(named(side.name, name) for name in names))]


def settings_for(work: Work, asked: argparse.Namespace, place: Path) -> Settings:
    """The work's settings with what was asked for in their place."""
    if asked.to_accuracy and work.to_accuracy is None:
        can = ", ".join(one.name for one in WORKS if one.to_accuracy)
        raise SystemExit(f"{work.name} is not measured to an accuracy; name one of: {can}")
    data = asked.data or os.environ.get("FUKAMI_DATA", "")
    if not data or not Path(data).is_dir():
        raise SystemExit("the data sets are needed: --data FOLDER, or the environment variable FUKAMI_DATA")
    own = work.to_accuracy if asked.to_accuracy and work.to_accuracy else work.settings
    return replace(
        own,
        data=str(Path(data).resolve()),
        place=str(place),
        examples=asked.examples or own.examples,
        epochs=asked.epochs or own.epochs,
        device=asked.device,
        to_accuracy=asked.to_accuracy,
    )


def listed(works: list[Work]) -> list[str]:
    """Works and sides, a line each."""
    lines = []
    for work in works:
        lines.append(f"{work.name:16}  {work.summary}")
        lines += [f"  {side.name:14}  {side.does}" for side in work.sides]
    return lines


if __name__ == "__main__":
    sys.exit(main())
