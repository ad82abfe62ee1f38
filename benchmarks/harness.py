"""Processes, rounds and their order.

In each round every side runs once, in a process of its own and in an empty folder; odd rounds go through the sides backwards,
so that a machine that slows down or warms up favours nobody. The seed is the number of the round.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.contract import Outcome, Settings, Side, Work

ROOT = Path(__file__).parent.parent
LIMIT_S = 3600.0
"""A measurement that takes longer is ended and told."""
QUIET = {
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "PYTHONWARNINGS": "ignore",
    "FUKAMI_LANG": "en",
}


@dataclass(frozen=True)
class Measurement:
    """One side of one round. `whole_s` is the process from start to end; `peak_bytes` the most memory that one process held."""

    side: str
    round: int
    whole_s: float = 0.0
    peak_bytes: int = 0
    outcome: Outcome | None = None
    error: str = ""


@dataclass(frozen=True)
class Interpreters:
    """Who runs what: Fukami's own interpreter, and that of the peers' environment."""

    own: str = sys.executable
    peers: str = sys.executable

    def of(self, side: Side) -> str:
        return self.own if side.own else self.peers


def measured(
    work: Work,
    sides: list[Side],
    settings: Settings,
    *,
    rounds: int,
    interpreters: Interpreters,
    env: dict[str, str] | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> list[Measurement]:
    """Every side, `rounds` times. Fukami comes first in the first round, so the loops that follow its plan know it.

    A side whose process fails is told as such, with the end of its words, and left out of later rounds.
    """
    run = _Runner(work, interpreters, env or {})
    found: list[Measurement] = [*run.preparations(sides, settings)]
    failed = {one.side for one in found}
    if "-" in failed:
        return found
    for number, side in in_turn(sides, rounds, warm=work.warm):
        if side.name in failed:
            continue
        seen = replace(settings, seed=max(number, 0), plan=_last_plan(found) if side.follows_plan else {})
        say(f"{work.name}  round {number + 1}/{rounds}  {side.name}" if number >= 0 else f"{work.name}  warm-up  {side.name}")
        one = run.once(side, seen, number)
        if one.error:
            failed.add(side.name)
            found = [m for m in found if m.side != side.name]
            say(f"{work.name}  {side.name}  {one.error.splitlines()[-1] if one.error else ''}")
        if number >= 0 or one.error:
            found.append(one)
    return found


def in_turn(sides: list[Side], rounds: int, *, warm: bool = False) -> Iterator[tuple[int, Side]]:
    """`(round, side)` in the order of measuring: there, back, there. Round -1 is the warm-up."""
    for number in range(-1 if warm else 0, rounds):
        for side in sides if number % 2 == 0 or number < 0 else reversed(sides):
            yield number, side


def _last_plan(found: list[Measurement]) -> dict[str, Any]:
    plans = [m.outcome.plan for m in found if m.outcome is not None and m.outcome.plan]
    return plans[-1] if plans else {}


class _Runner:
    """Starts the processes of one work."""

    def __init__(self, work: Work, interpreters: Interpreters, env: dict[str, str]):
        self.work, self.interpreters, self.env = work, interpreters, env

    def preparations(self, sides: list[Side], settings: Settings) -> Iterator[Measurement]:
        """Prepares the work and each side; yields what failed."""
        if self.work.prepare is not None:
            one = self._process(self._words("-", "prepare", settings, self.interpreters.own), Side("-", ""), settings, 0)
            if one.error:
                yield one
                return
        for side in sides:
            if side.prepare is not None:
                words = self._words(side.name, "prepare", settings, self.interpreters.of(side))
                one = self._process(words, side, settings, 0)
                if one.error:
                    yield one

    def once(self, side: Side, settings: Settings, number: int) -> Measurement:
        """One measurement."""
        if side.command is None:
            return self._process(self._words(side.name, "run", settings, self.interpreters.of(side)), side, settings, number)
        one = self._process(side.command(settings, self.interpreters.of(side)), side, settings, number)
        return one if one.error else replace(one, outcome=Outcome(seconds=one.whole_s))

    def _words(self, side: str, verb: str, settings: Settings, python: str) -> list[str]:
        told = json.dumps(asdict(settings))
        return [python, "-m", "benchmarks.measure", self.work.module, self.work.name, side, verb, told, "result.json"]

    def _process(self, words: list[str], side: Side, settings: Settings, number: int) -> Measurement:
        """Runs `words` in an empty folder and waits for the end."""
        with tempfile.TemporaryDirectory(prefix="fukami-benchmark-") as folder:
            place = Path(folder)
            with (place / "words.txt").open("wb") as words_out:
                started = time.perf_counter()
                process = subprocess.Popen(
                    words, cwd=place, env=self._environment(side, settings, place), stdout=words_out, stderr=subprocess.STDOUT
                )
                status, peak = _waited(process)
                whole_s = time.perf_counter() - started
            text = (place / "words.txt").read_text("utf-8", errors="replace").strip()
            if status != 0:
                lines = "\n".join(text.splitlines()[-12:])
                return Measurement(side.name, number, whole_s, peak, error=f"exit status {status}\n{lines}")
            result = place / "result.json"
            outcome = Outcome(**json.loads(result.read_text("utf-8"))) if result.exists() else None
            return Measurement(side.name, number, whole_s, peak, outcome)

    def _environment(self, side: Side, settings: Settings, place: Path) -> dict[str, str]:
        """The caller's variables, our own over them, the side's over those; a cache that no other measurement has filled."""
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        hidden = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"} if settings.device == "cpu" else {}
        cache = {"FUKAMI_CACHE": str(place / "cache"), "PYTHONPATH": path}
        return {**os.environ, **QUIET, **hidden, **cache, **side.env, **self.env}


def _waited(process: subprocess.Popen) -> tuple[int, int]:
    """Exit status, and the most memory (bytes) that the process or one of its children held.

    `wait4` and not `getrusage` of all children, which would give the largest of all measurements so far. Linux hands a child
    the peak of the process that started it, so nothing heavy is imported in the launching one.
    """
    timer = threading.Timer(LIMIT_S, process.kill)
    timer.start()
    try:
        _pid, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return process.returncode, usage.ru_maxrss * unit
