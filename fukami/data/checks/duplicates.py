"""The same input more than once."""

from collections.abc import Iterator

import numpy as np

from fukami.core.language import _, _n
from fukami.core.percent import percent
from fukami.core.problems import Problem
from fukami.data.evidence import Evidence

MANY = 0.05
"""From this share on copies are a warning: they count the same thing twice."""


def check(evidence: Evidence) -> Iterator[Problem]:
    """Exact copies among all usable examples."""
    if len(evidence) < 2:
        return
    _values, first, index = np.unique(evidence.hashes, return_index=True, return_inverse=True)
    copies = np.flatnonzero(first[index] != np.arange(len(evidence)))
    if len(copies) == 0:
        return
    share = len(copies) / len(evidence)
    yield Problem(
        code="F-DATA-DUPLICATE",
        severity="warning" if share > MANY else "note",
        what=_n(
            "{n} example has the same inputs as an earlier one ({share})",
            "{n} examples have the same inputs as an earlier one ({share})",
            len(copies),
            share=percent(share),
        ),
        where=evidence.pairs(first[index][copies], copies),
        fix=_("remove the copies, unless such examples really are that frequent"),
        count=len(copies),
    )
