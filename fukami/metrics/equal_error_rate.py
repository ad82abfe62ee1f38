"""The rate of errors where as many pairs of one identity are refused as pairs of two are accepted (EER of verification)."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.fields.embedding.pairs import equal_error
from fukami.metrics.states.neighbours import Neighbours

CARD = MetricCard(
    name="equal_error_rate",
    label="EER",
    summary="errors where as many pairs of one identity are refused as pairs of two are accepted",
    of=("embedding",),
    higher_is_better=False,
    sentence="Where both kinds of errors are equally frequent, {value} of the pairs are judged wrongly ({examples} examples).",
)
State = Neighbours


def compute(state: Neighbours) -> np.ndarray:
    return state.verification(lambda same_G, other_G: equal_error(same_G, other_G)[0])
