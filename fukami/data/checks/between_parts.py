"""What the parts of a split have to do with each other, as each kind of data knows it."""

from collections.abc import Iterator

import numpy as np

from fukami.core.problems import Problem
from fukami.data.evidence import Evidence


def check(evidence: Evidence) -> Iterator[Problem]:
    """Every input asked about the training part and what is kept aside."""
    if evidence.split is None:
        return
    train, held = evidence.split.train, np.concatenate([evidence.split.valid, evidence.split.test])
    for name, field in evidence.inputs.items():
        yield from field.between(evidence.columns[name], train, held)
