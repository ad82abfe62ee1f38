"""How far a search is: what is at work, how many forms are left, for how long, and what was measured, line by line."""

import time
from collections.abc import Callable, Mapping, Sequence

from fukami.core.language import _
from fukami.engine.progress import clock

WIDTHS = (44, 10, 10, 20)
"""Columns of the lines about what was measured. The table at the end has the widths that it needs; these come before."""


class Course:
    """Tells `say` about a search through forms.

    `ways` are those of the forms to come, in order; `guesses` tell how many seconds a way may take that was not gone yet.

    >>> told = Course(["bf16", "int8"], {"int8": 60.0}, print, now=iter([0, 2]).__next__)
    >>> told.begins("bf16"); told.measured(("bf16", "1.2 ms"))
    bf16: at work; at most 1 more after it, about 1:00 left
    bf16                                          1.2 ms
    """

    def __init__(
        self,
        ways: Sequence[str],
        guesses: Mapping[str, float],
        say: Callable[[str], None],
        *,
        now: Callable[[], float] = time.monotonic,
    ):
        self._left, self._guesses, self._say, self._now = list(ways), guesses, say, now
        self._took: dict[str, list[float]] = {}
        self._begun: tuple[str, float] | None = None

    def begins(self, name: str) -> None:
        """The next form is at work."""
        seconds = self.seconds_left()
        way = self._left.pop(0)
        self._begun = way, self._now()
        if not self._left:
            self._say(_("{how}: at work; it is the last").format(how=name))
        elif seconds < 1:
            self._say(_("{how}: at work; at most {count} more after it").format(how=name, count=len(self._left)))
        else:
            text = _("{how}: at work; at most {count} more after it, about {time} left")
            self._say(text.format(how=name, count=len(self._left), time=clock(seconds)))

    def measured(self, figures: Sequence[str]) -> None:
        """A form was made and measured; `figures` begin with its name."""
        if self._begun is not None:
            way, begun = self._begun
            self._took.setdefault(way, []).append(self._now() - begun)
            self._begun = None
        *cells, last = (f"{cell:<{width}}" for cell, width in zip(figures, [*WIDTHS, *[0] * len(figures)], strict=False))
        self._say("  ".join([*cells, last]).rstrip())

    def skips(self) -> None:
        """The next form is left out, as that is not there which it would be made of."""
        self._left.pop(0)

    def seconds_left(self) -> float:
        """What the forms that are left will take: as long as those of the same way took, else as was guessed."""
        means = {way: sum(times) / len(times) for way, times in self._took.items()}
        return sum(means.get(way, self._guesses.get(way, 0.0)) for way in self._left)
