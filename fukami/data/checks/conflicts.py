"""Equal inputs with different labels: one of them is wrong, or the inputs do not say enough."""

from collections.abc import Iterator

import numpy as np

from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.data.evidence import Evidence

MANY = 0.01


def check(evidence: Evidence) -> Iterator[Problem]:
    """Groups of equal inputs whose targets differ. Numbers may: the same thing measured twice."""
    if len(evidence) < 2:
        return
    for name, field in evidence.targets.items():
        if not field.discrete:
            continue
        truth = field.fingerprint(evidence.columns[name])
        _values, first, index = np.unique(evidence.hashes, return_index=True, return_inverse=True)
        odd = np.flatnonzero(truth != truth[first[index]])
        if len(odd) == 0:
            continue
        concerned = np.flatnonzero(np.isin(index, index[odd]))
        yield Problem(
            code="F-DATA-CONFLICT",
            severity="warning" if len(concerned) > MANY * len(evidence) else "note",
            what=_n(
                "{n} example has the same inputs as another one but a different label",
                "{n} examples have the same inputs as another one but a different label",
                len(concerned),
            ),
            where=evidence.pairs(first[index][odd], odd, sign="≠"),
            expected=_("one label for equal inputs"),
            fix=_("look at these examples and correct or remove them"),
            count=len(concerned),
        )
