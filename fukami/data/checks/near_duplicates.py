"""Nearly the same input more than once: a picture saved again at another size, a text with another full stop."""

from collections.abc import Iterator

import numpy as np

from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.data.evidence import Evidence
from fukami.data.near import near_pairs

COMMON = 30
"""A fingerprint that more examples share says nothing (blank pictures, one-word texts)."""
MOST_PAIRS = 200_000
MANY = 0.05


def check(evidence: Evidence) -> Iterator[Problem]:
    """Near copies within a sample, by every input that knows nearness. Exact copies are another check's."""
    if len(evidence) < 2:
        return
    for name, field in evidence.inputs.items():
        rows = evidence.sample
        columns = [column.take(rows) for column in evidence.columns[name]]
        marks = field.near_fingerprint(columns)
        if marks is None:
            continue
        _values, index, counts = np.unique(marks, return_inverse=True, return_counts=True)
        telling = np.flatnonzero(counts[index] <= COMMON)
        near = near_pairs(marks[telling], marks[telling], distance=field.near_bits)
        ordered = near.left < near.right
        left, right = telling[near.left[ordered]], telling[near.right[ordered]]
        other = evidence.hashes[rows[left]] != evidence.hashes[rows[right]]
        left, right = left[other][:MOST_PAIRS], right[other][:MOST_PAIRS]
        same = field.nearly_same(columns, left, right)
        left, right = left[same], right[same]
        if len(left):
            yield _told(evidence, rows[left], rows[right], sampled=len(rows) < len(evidence))


def _told(evidence: Evidence, left: np.ndarray, right: np.ndarray, *, sampled: bool) -> Problem:
    count = len(np.unique(right))
    looked = len(evidence.sample)
    what = (
        _("{n} of {looked} sampled examples are nearly the same as another one").format(n=count, looked=looked)
        if sampled
        else _n("{n} example is nearly the same as another one", "{n} examples are nearly the same as another one", count)
    )
    return Problem(
        code="F-DATA-NEAR",
        severity="warning" if count > MANY * looked else "note",
        what=what,
        where=evidence.pairs(left, right, sign="≈"),
        fix=_("if they are one and the same thing, keep one, or name it in a column of a table: --set group=COLUMN"),
        count=count,
    )
