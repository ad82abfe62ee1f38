"""How many pairs of one identity are accepted where one in a thousand pairs of two is (TAR at FAR 10⁻³ of face
verification)."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.fields.embedding.pairs import accepted_at
from fukami.metrics.states.neighbours import Neighbours

CARD = MetricCard(
    name="tar_at_far",
    label="TAR at FAR 0.1 %",
    summary="pairs of one identity that are accepted where one in a thousand pairs of two is",
    of=("embedding",),
    higher_is_better=True,
    sentence="Where one in a thousand pairs of two identities is accepted, {value} of those of one are ({examples} examples).",
)
RATE = 1e-3
State = Neighbours


def compute(state: Neighbours) -> np.ndarray:
    return state.verification(lambda same_G, other_G: accepted_at(same_G, other_G, RATE))
