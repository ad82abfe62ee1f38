"""Medians, ranges and ratios of the measurements of a work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmarks.harness import Measurement


@dataclass(frozen=True)
class Spread:
    """A median and the range it comes from.

    >>> Spread.of([3, 1, 2])
    Spread(median=2, low=1, high=3)
    """

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Spread | None:
        """None where nothing was measured."""
        known = [value for value in values if value is not None]
        return cls(median(known), min(known), max(known)) if known else None


@dataclass(frozen=True)
class Row:
    """One side over all rounds. `ratio` compares with Fukami's figure: what is counted by the second, or else seconds.

    Args:
        seconds, rate: of the training as its user waits for it; `rate` is None where only time is counted.
        ratio: Fukami's median ÷ this side's; its range is that of the rounds.
        loop_ratio: the same for Fukami's steps alone, without the measuring of its plan.
        whole_s, peak_bytes: of the process.
        notes: figures that the sides gave besides, the last round's.
        error: why there is nothing else.
    """

    side: str
    rounds: int = 0
    accuracy: Spread | None = None
    seconds: Spread | None = None
    rate: Spread | None = None
    ratio: Spread | None = None
    loop_ratio: Spread | None = None
    whole_s: Spread | None = None
    peak_bytes: Spread | None = None
    notes: dict[str, Any] = field(default_factory=dict)
    error: str = ""


Figure = Callable[[Measurement], float | None]


def seconds(one: Measurement) -> float | None:
    return one.outcome.seconds if one.outcome else None


def rate(one: Measurement) -> float | None:
    return one.outcome.units / one.outcome.seconds if one.outcome and one.outcome.units else None


def loop_rate(one: Measurement) -> float | None:
    """By the steps alone where they were timed apart, else by the whole training."""
    told = one.outcome
    return told.units / (told.loop_seconds or told.seconds) if told and told.units else None


LEAST_APART, WIDE = 0.05, 3.0
"""An accuracy is outside the others' where it is further from the median than this and so many times the usual distance."""


def outside(measurements: list[Measurement]) -> dict[str, str]:
    """Sides that did not learn what the others learned, with the reason: how quick they were says nothing.

    >>> from benchmarks.contract import Outcome
    >>> runs = [Measurement(side, 0, outcome=Outcome(1.0, 10, a)) for side, a in zip("abcd", (0.75, 0.76, 0.5, 0.74))]
    >>> outside(runs)
    {'c': "invalid: its accuracy 0.5000 lies outside the others' (0.7400 – 0.7600)"}
    """
    told = [(m.side, m.outcome.accuracy) for m in measurements if m.outcome and m.outcome.accuracy is not None]
    if not told:
        return {}
    middle = median(accuracy for _side, accuracy in told)
    far = max(LEAST_APART, WIDE * median(abs(accuracy - middle) for _side, accuracy in told))
    out = {side: accuracy for side, accuracy in told if abs(accuracy - middle) > far}
    within = [accuracy for _side, accuracy in told if abs(accuracy - middle) <= far]
    text = "invalid: its accuracy {:.4f} lies outside the others' ({:.4f} – {:.4f})"
    return {side: text.format(accuracy, min(within), max(within)) for side, accuracy in out.items()}


def summarised(measurements: list[Measurement], names: list[str], *, by_time: bool = False) -> list[Row]:
    """A row for each of `names`, the first of which is Fukami. `by_time` compares seconds where rates would mislead.

    A side whose accuracy lies `outside` the others' is not compared, and with Fukami's own there nothing is.
    """
    invalid = {} if by_time else outside(measurements)
    by_side = {name: [m for m in measurements if m.side == name] for name in names}
    first = by_side[names[0]]
    rows = []
    for name in names:
        own = by_side[name]
        errors = [m.error for m in own if m.error] or list(filter(None, [invalid.get(name)]))
        if errors or not own:
            rows.append(Row(name, error=errors[0] if errors else "not measured"))
            continue
        timed = by_time or rate(own[0]) is None
        other = name != names[0] and names[0] not in invalid
        told = [m.outcome for m in own if m.outcome]
        rows.append(
            Row(
                name,
                rounds=len(own),
                accuracy=Spread.of(o.accuracy for o in told),
                seconds=Spread.of(map(seconds, own)),
                rate=None if timed else Spread.of(map(rate, own)),
                ratio=ratio(first, own, seconds if timed else rate) if other else None,
                loop_ratio=ratio(first, own, loop_rate) if other and not timed else None,
                whole_s=Spread.of(m.whole_s for m in own),
                peak_bytes=Spread.of(float(m.peak_bytes) for m in own),
                notes={**told[-1].notes, **({"plan": told[-1].plan} if told[-1].plan else {})},
            )
        )
    return rows


def ratio(first: list[Measurement], other: list[Measurement], figure: Figure) -> Spread | None:
    """The median of `first` ÷ the median of `other`; its range is that of the ratios within the rounds."""
    ours, theirs = ({m.round: value for m in side if (value := figure(m))} for side in (first, other))
    both = [ours[number] / theirs[number] for number in ours.keys() & theirs.keys()]
    if not both:
        return None
    middle = median(ours.values()) / median(theirs.values())
    return Spread(middle, min(both), max(both))
