"""Recordings with noise beside those without: pairs of unequal length, and pairs that are the same."""

from collections.abc import Iterator

import numpy as np

from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.data.evidence import Evidence
from fukami.fields.audio.decode import looks_at
from fukami.fields.noisy.field import CLEAN, Noisy
from fukami.fields.sound.field import Sound

APART_S = 0.02
"""Seconds by which lengths of a pair may differ."""


def check(evidence: Evidence) -> Iterator[Problem]:
    """Every input with noise beside every target without; what noise is mixed into has no fault of this kind."""
    for target, clean in evidence.targets.items():
        for name, noisy in evidence.inputs.items():
            column = evidence.columns[name][0]
            if isinstance(clean, Sound) and isinstance(noisy, Noisy) and not column.told.get(CLEAN):
                sides = [looks_at(side) for side in (column, evidence.columns[target][0])]
                yield from _found(evidence, *sides)


def _found(evidence: Evidence, noisy: list, clean: list) -> Iterator[Problem]:
    seconds_2P = np.array([[look.seconds for look in side] for side in (noisy, clean)])
    uneven = np.abs(seconds_2P[0] - seconds_2P[1]) > APART_S
    same = np.array([a.content == b.content for a, b in zip(noisy, clean, strict=True)], bool)
    if uneven.any():
        row = int(np.abs(seconds_2P[0] - seconds_2P[1]).argsort()[-1])
        yield Problem(
            code="F-SOUND-LENGTHS",
            severity="warning",
            what=_n(
                "{n} pair has sides of unequal length; what both have is compared",
                "{n} pairs have sides of unequal length; what both have is compared",
                int(uneven.sum()),
            ),
            where=_places(evidence, uneven),
            got=f"{seconds_2P[0, row]:.2f} s, {seconds_2P[1, row]:.2f} s",
            fix=_("cut both alike; they have to begin at the same moment"),
            count=int(uneven.sum()),
        )
    if same.any():
        yield Problem(
            code="F-SOUND-SAME",
            severity="warning",
            what=_n(
                "{n} recording with noise is the same as the one without",
                "{n} recordings with noise are the same as those without",
                int(same.sum()),
            ),
            where=_places(evidence, same),
            fix=_("give a folder of clean recordings alone to have noise mixed into them"),
            count=int(same.sum()),
        )


def _places(evidence: Evidence, which: np.ndarray) -> str:
    rows = np.flatnonzero(which)
    return ", ".join([*(evidence.place(int(row)) for row in rows[:3]), *(["…"] if len(rows) > 3 else [])])
