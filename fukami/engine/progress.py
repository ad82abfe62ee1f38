"""How far long work is: a live bar on a terminal, a plain line every few seconds elsewhere. Always on standard error.

`due()` says whether something would be shown now, so that values which cost something to read (a loss on a device) are
read only then:

    if display.due():
        display.step(step, loss=float(loss), examples=len(rows))
"""

import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

from fukami.core.language import _

LINE_EVERY_S = 5.0
"""Seconds between plain lines, where nobody watches a terminal."""
BAR_EVERY_S = 0.2
"""Seconds between updates of the bar."""
VALID_EVERY_S = 1.0
"""Least seconds between lasting lines of validation; an epoch of a small table takes less than reading one."""


class Display:
    """Shows one piece of long work of `total` steps.

    `unit` is that of the rate ("images/s"). `live` overrides whether `stream` is a terminal. Nothing is shown before the first
    step, and without a terminal nothing in the first seconds, so short work stays silent there.

    >>> import io
    >>> out = io.StringIO()
    >>> with Display("train", total=10, unit="images/s", stream=out) as display:
    ...     display.step(5, loss=0.25, examples=64)
    ...     display.note("halfway")
    >>> out.getvalue()
    'halfway\\n'
    """

    def __init__(
        self,
        title: str,
        *,
        total: int,
        unit: str = "",
        stream: TextIO | None = None,
        live: bool | None = None,
        now: Callable[[], float] = time.monotonic,
    ):
        self.title, self.total, self.unit = title, max(total, 1), unit
        self.stream = stream if stream is not None else sys.stderr
        self.live = self.stream.isatty() if live is None else live
        self._now = now
        self._shown = self._lasting = now()
        self._first: tuple[float, int] | None = None
        self._done, self._examples = 0, 1
        self._values: dict[str, float] = {}
        self._bar: Any = None

    def due(self) -> bool:
        """Whether the next `step` would show something."""
        return self._first is None or self._now() - self._shown >= (BAR_EVERY_S if self.live else LINE_EVERY_S)

    def step(self, done: int, *, loss: float | None = None, examples: int = 1, epoch: float | None = None) -> None:
        """`done` steps are finished, the last one with this loss on this many examples, `epoch` passes over the data in all."""
        shows = self._now() - self._shown >= (BAR_EVERY_S if self.live else LINE_EVERY_S)
        self._done, self._examples = done, examples
        told = {_("epoch"): epoch, _("loss"): loss}
        self._values |= {name: float(value) for name, value in told.items() if value is not None}
        if self._first is None:
            # the pace is counted from here: the first step also pays for warming up
            self._first = (self._now(), done)
        if shows:
            self._shown = self._now()
            self._show()

    def valid(self, values: dict[str, float | None]) -> None:
        """The metrics of a validation: a line that stays, unless the last one was a moment ago."""
        if self._now() - self._lasting < VALID_EVERY_S:
            return
        self._lasting = self._now()
        told = "  ".join(f"{name} {value:.4f}" for name, value in values.items() if value is not None)
        epoch = self._values.get(_("epoch"))
        self.note(f"{_('epoch')} {epoch:.4g}  {told}" if epoch is not None else told)

    def note(self, text: str) -> None:
        """A line that stays."""
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            print(text, file=self.stream, flush=True)

    def close(self) -> None:
        """Leaves the display as it is and gives the terminal back."""
        if self._bar is not None:
            self._show()
            self._bar.stop()
            self._bar = None

    def __enter__(self) -> "Display":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    # -- figures -----------------------------------------------------------------------------------------------------
    def steps_per_s(self) -> float:
        """The pace since the first step; 0 before there is one."""
        if self._first is None or self._done <= self._first[1]:
            return 0.0
        return (self._done - self._first[1]) / max(self._now() - self._first[0], 1e-9)

    def figures(self) -> str:
        """Values, rate and time left, as shown beside the bar."""
        pace = self.steps_per_s()
        parts = [f"{name} {value:.4g}" for name, value in self._values.items()]
        if pace and self.unit:
            parts.append(f"{pace * self._examples:,.0f} {self.unit}")
        if pace and self._done < self.total:
            parts.append(_("{time} left").format(time=clock((self.total - self._done) / pace)))
        return "  ".join(parts)

    def _show(self) -> None:
        if self.live:
            self._bar = self._bar or self._open_bar()
            self._bar.update(self._task, completed=self._done, figures=self.figures())
        else:
            share = f"{self._done / self.total:4.0%}"
            print(f"{self.title}  {share}  {self._done}/{self.total}  {self.figures()}", file=self.stream, flush=True)

    def _open_bar(self) -> Any:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[figures]}"))
        bar = Progress(*columns, console=Console(file=self.stream), refresh_per_second=5)
        self._task = bar.add_task(self.title, total=self.total, figures="")
        bar.start()
        return bar


def clock(seconds: float) -> str:
    """Seconds as people write them.

    >>> clock(5), clock(65), clock(3725)
    ('0:05', '1:05', '1:02:05')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
