"""What the doctor finds in recordings on their own: unreadable, empty, silent, clipped, cut off, too short or long, mixed."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from fukami.core.language import _, _n, joined
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.audio.decode import RATE_OF_ARRAYS, Look, looks_at, place, raw_cells

SILENT = 1e-4
"""The loudest sample of a recording in which there is nothing: -80 dB of full scale."""
CLIPPED, CUT = 0.01, 0.01
"""Shares of a recording from which on it counts as clipped, or as cut off."""
SHORT_S, QUIET_RATIO = 0.05, 2.5
"""Seconds below which nothing can be heard; factor between rates from which on bands above the lower one tell the source."""


def is_usable(look: Look) -> bool:
    """Whether anything can be heard in a recording."""
    return look.error is None and look.peak > SILENT


def check_recordings(column: Column, most_seconds: float) -> Iterator[Problem]:
    """Every problem of a column of recordings, of which the first `most_seconds` are heard."""
    seen = looks_at(column)
    yield from _unreadable(column, seen)
    yield from _without_rate(column)
    fine = [row for row, one in enumerate(seen) if one.error is None]
    told = [
        ("F-AUDIO-SILENT", [row for row in fine if not is_usable(seen[row])]),
        ("F-AUDIO-CLIPPED", [row for row in fine if seen[row].clipped > CLIPPED]),
        ("F-AUDIO-CUT", [row for row in fine if seen[row].missing > CUT]),
        ("F-AUDIO-SHORT", [row for row in fine if seen[row].seconds < SHORT_S]),
        ("F-AUDIO-LONG", [row for row in fine if most_seconds and seen[row].seconds > most_seconds]),
    ]
    alone = len(column) == 1
    for code, rows in told:
        if rows:
            yield _problem(code, column, rows, seen, most_seconds, alone=alone)
    yield from _mixed(column, [seen[row] for row in fine])


def _unreadable(column: Column, seen: Sequence[Look]) -> Iterator[Problem]:
    by_code: dict[str, list[int]] = {}
    for row, one in enumerate(seen):
        if one.error is not None:
            by_code.setdefault(one.error.code, []).append(row)
    for code, rows in by_code.items():
        error = seen[rows[0]].error
        assert error is not None
        all_of_them = len(rows) == len(seen)
        what = error.what
        if len(rows) > 1:
            several = _n("{n} recording cannot be used", "{n} recordings cannot be used", len(rows))
            what = joined(": ", [several, error.what])
        severity = "error" if all_of_them else "warning"
        told = {"expected": error.expected, "got": error.got, "fix": error.fix}
        yield Problem(code=code, severity=severity, what=what, where=_where(column, rows), count=len(rows), **told)


def _without_rate(column: Column) -> Iterator[Problem]:
    """Arrays of samples, of which nobody says how many a second has."""
    arrays = len(column) if column.is_array else sum(isinstance(cell, list) for cell in raw_cells(column))
    count, rate = column.told.get("without_rate", (arrays, RATE_OF_ARRAYS))
    if count:
        yield Problem(
            code="F-AUDIO-NO-RATE",
            severity="warning",
            what=_n(
                "{n} recording is an array without a rate; {rate} samples a second are assumed",
                "{n} recordings are arrays without a rate; {rate} samples a second are assumed",
                count,
                rate=f"{rate:,}",
            ),
            where=cells.place(column),
            expected=_("a pair of an array and its rate, or a sound file"),
            fix=_("at another rate everything is heard too high or too low: give {pair}").format(pair="(array, rate)"),
            count=count,
        )


def _where(column: Column, rows: Sequence[int]) -> str:
    found = raw_cells(column.take(np.array(rows[:3])))
    named = ", ".join(place(column, row, cell) for row, cell in zip(rows[:3], found, strict=True))
    return f"{named}, …" if len(rows) > 3 else named


def _problem(code: str, column: Column, rows: list[int], seen: Sequence[Look], most: float, *, alone: bool) -> Problem:
    n, first = len(rows), seen[rows[0]]
    told: dict[str, Any] = {
        "F-AUDIO-SILENT": {
            "severity": "error" if alone or n == len(seen) else "warning",
            "what": _n("{n} recording is silent and is left out", "{n} recordings are silent and are left out", n),
            "expected": _("a sample louder than {level} dB of full scale").format(level=-80),
            "fix": _("look at the microphone, or delete them"),
        },
        "F-AUDIO-CLIPPED": {
            "severity": "warning",
            "what": _n("{n} recording is too loud for its file", "{n} recordings are too loud for their files", n),
            "expected": _("less than {share} of the samples at full scale").format(share=f"{CLIPPED:.0%}"),
            "got": f"{max(seen[row].clipped for row in rows):.0%}",
            "fix": _("record them with less gain"),
        },
        "F-AUDIO-CUT": {
            "severity": "warning",
            "what": _n("{n} file holds less than it announces", "{n} files hold less than they announce", n),
            "got": _("up to {share} is missing").format(share=f"{max(seen[row].missing for row in rows):.0%}"),
            "fix": _("copy them again; what is there is heard"),
        },
        "F-AUDIO-SHORT": {
            "severity": "warning",
            "what": _n("{n} recording is hardly there", "{n} recordings are hardly there", n),
            "expected": _("at least {s} s").format(s=SHORT_S),
            "got": f"{first.seconds:.3f} s",
            "fix": _("delete them, or record them again"),
        },
        "F-AUDIO-LONG": {
            "severity": "warning",
            "what": _n("of {n} recording only the beginning is heard", "of {n} recordings only the beginning is heard", n),
            "expected": _("at most {s} s").format(s=f"{most:g}"),
            "got": f"{max(seen[row].seconds for row in rows):.1f} s",
            "fix": _("cut them, or hear more: {command}").format(command="--set max_seconds=N"),
        },
    }[code]
    return Problem(code=code, where=_where(column, rows), count=n, **told)


def _mixed(column: Column, seen: Sequence[Look]) -> Iterator[Problem]:
    rates = np.unique([one.rate for one in seen])
    where = cells.place(column)
    if len(rates) > 1:
        wide = rates[-1] >= QUIET_RATIO * rates[0]
        yield Problem(
            code="F-AUDIO-RATES",
            severity="warning" if wide else "note",
            what=_("recordings have several rates; each is turned into the one that is learned at"),
            where=where,
            got=", ".join(f"{rate} Hz" for rate in rates[:6].tolist()),
            fix=_("where a class or a source has a rate of its own, set the lowest: {command}").format(
                command=f"--set rate_hz={rates[0]}"
            ),
            count=len(seen),
        )
    several = sum(one.channels > 1 for one in seen)
    if several:
        yield Problem(
            code="F-AUDIO-CHANNELS",
            severity="note",
            what=_n(
                "{n} recording has several channels, of which the mean is heard",
                "{n} recordings have several channels, of which the mean is heard",
                several,
            ),
            where=where,
            fix=_("hear one alone: {command}").format(command="--set channel=left"),
            count=several,
        )
