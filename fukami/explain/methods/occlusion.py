"""Occlusion: how far the answer's margin (log-odds) falls when one unit is taken away.

Zeiler & Fergus 2014. What differs: units are the field's own (patches, tokens, columns), and what stands in their place is what
the field has for "nothing known" rather than a grey square. Takes U + 1 answers and nothing else of the network.
"""

import numpy as np

from fukami.core.cards import MethodCard
from fukami.explain.case import Case
from fukami.explain.contract import Weights

CARD = MethodCard(
    name="occlusion",
    summary="how far the answer falls when one part is taken away",
    asks="units",
    source="Zeiler & Fergus 2014, arXiv:1311.2901",
)


def weigh(case: Case) -> Weights:
    """The fall of the margin without each unit."""
    return Weights(case.margin - case.margins(np.eye(len(case.units), dtype=bool)))
