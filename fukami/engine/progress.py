"""How far long work is: a live bar on a terminal, a plain line every few seconds elsewhere. Always on standard error.

The display reads the clock itself and is cheap to call at every step; values that cost something to read (a loss on a device)
are given as functions and read only when something is shown.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

from fukami.core.language import _

LINE_EVERY_S = 5.0
"""Seconds between plain lines, where nobody watches a terminal."""
BAR_EVERY_S = 0.2
"""Seconds between updates of the bar."""


class Display:
    """Shows one piece of long work of `total` units (steps, files, examples).

    Use it as a context. `unit` names what the rate counts, which may be finer than steps: `advance(step, counted=examples)`.
    Without a terminal nothing is shown in the first seconds, so short work stays silent.

    >>> import io
    >>> with Display("train", total=10, unit="images", stream=io.StringIO()) as display:
    ...     display.advance(5, counted=640, loss=lambda: 0.25)
    """

    def __init__(self, title: str, *, total: int, unit: str = "", stream: TextIO | None = None, live: bool | None = None):
        self.title, self.total, self.unit = title, max(total, 1), unit
        self.stream = stream if stream is not None else sys.stderr
        self.live = self.stream.isatty() if live is None else live
        self.done, self.counted = 0, 0
        self._start = self._shown = self._first_at = time.monotonic()
        self._first_done = self._first_counted = 0
        self._bar: Any = None
        self._values: dict[str, float] = {}

    def __enter__(self) -> Display:
        if self.live:
            self._open_bar()
        return self

    def __exit__(self, kind: object, *_error: object) -> None:
        if self._bar is not None:
            self._draw()
            self._bar.stop()
        elif kind is None and self._shown > self._start:
            self._print()

    def advance(self, done: int, *, counted: int = 0, **values: Callable[[], float] | float) -> None:
        """Says that `done` units are finished in all, `counted` further things since the last call, and current values."""
        self.done, self.counted = done, self.counted + (counted or 1)
        now = time.monotonic()
        if self._first_done == 0:
            # the rate leaves out the first step, which pays for warming up
            self._first_at, self._first_done, self._first_counted = now, done, self.counted
        if now - self._shown < (BAR_EVERY_S if self.live else LINE_EVERY_S):
            return
        self._shown = now
        self._values = {name: float(value() if callable(value) else value) for name, value in values.items()}
        self._draw() if self._bar is not None else self._print()

    def note(self, text: str) -> None:
        """A line that stays (the result of an epoch, a warning)."""
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            print(text, file=self.stream, flush=True)

    # -- figures -----------------------------------------------------------------------------------------------------
    def rate(self) -> float:
        """Counted things a second."""
        span = time.monotonic() - self._first_at
        return (self.counted - self._first_counted) / span if span > 0 else 0.0

    def seconds_left(self) -> float | None:
        """From the pace so far; None before there is one."""
        steps = self.done - self._first_done
        if steps <= 0:
            return None
        return (time.monotonic() - self._first_at) / steps * max(self.total - self.done, 0)

    def figures(self) -> str:
        """Rate, values and time left, as shown beside the bar."""
        left = self.seconds_left()
        parts = [f"{self.rate():,.0f} {self.unit}/s"] if self.unit and self.rate() >= 1 else []
        parts += [f"{name} {value:.4g}" for name, value in self._values.items()]
        parts += [_("{time} left").format(time=clock(left))] if left is not None and self.done < self.total else []
        return "  ".join(parts)

    # -- the two ways of showing -------------------------------------------------------------------------------------
    def _print(self) -> None:
        text = f"{self.title}  {self.done / self.total:4.0%}  {self.done}/{self.total}  {self.figures()}"
        print(text.rstrip(), file=self.stream, flush=True)

    def _open_bar(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[figures]}"))
        self._bar = Progress(*columns, console=Console(file=self.stream), refresh_per_second=5)
        self._task = self._bar.add_task(self.title, total=self.total, figures="")
        self._bar.start()

    def _draw(self) -> None:
        self._bar.update(self._task, completed=self.done, figures=self.figures())


def clock(seconds: float) -> str:
    """Seconds as people write them.

    >>> clock(5), clock(65), clock(3725)
    ('0:05', '1:05', '1:02:05')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
