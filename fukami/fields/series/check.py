"""What the doctor says of windows: channels that never change, values far from all others."""

from collections.abc import Iterator

import numpy as np

from fukami.core.errors import quoted
from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column

FAR = 20
"""A value this many times the spread of the middle half away from the median is worth a note."""


def problems(column: Column) -> Iterator[Problem]:
    """Constant channels and far values of the recording that the windows are of."""
    windows, whole = column.values, column.values.whole
    looked_at = windows.covered(len(whole))
    for name, values in zip(whole.channels, whole.values.T, strict=True):
        known = values[looked_at & ~np.isnan(values)]
        if not len(known):
            continue
        place = f"{column.file} ({name})" if column.file else name
        if np.ptp(known) == 0:
            yield Problem(
                code="F-SERIES-CONSTANT",
                severity="warning",
                what=_("the column {name} never changes, so there is nothing to foresee in it").format(name=name),
                where=place,
                got=f"{known[0]:g}",
                fix=f"--set ignore={quoted(name)}",
                count=len(known),
            )
            continue
        low, middle, high = np.percentile(known, [25, 50, 75])
        far = known[np.abs(known - middle) > FAR * (high - low)] if high > low else known[:0]
        if len(far):
            yield Problem(
                code="F-SERIES-FAR",
                severity="note",
                what=_n("{n} value is very far from the others", "{n} values are very far from the others", len(far)),
                where=place,
                expected=_("mostly between {low} and {high}").format(low=f"{low:g}", high=f"{high:g}"),
                got=", ".join(f"{value:g}" for value in far[:3]),
                fix=_("correct them if they are mistakes; loss=huber makes them count less"),
                count=len(far),
            )
