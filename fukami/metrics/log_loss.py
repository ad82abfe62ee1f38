"""Log loss: the negative log-likelihood per example in nats. For several labels at once, the mean over labels.

Probabilities are kept off 0 and 1 by the resolution of their number format, as in scikit-learn.
"""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.mean import Mean

CARD = MetricCard(
    name="log_loss",
    label="log loss",
    summary="surprise at the true answer, in nats",
    of=("category", "categories"),
    higher_is_better=False,
    high=None,
    unit="nat",
)


class State(Mean):
    """The negative log of the probability that each true answer was given."""

    def per_example(self, scores: np.ndarray, targets: np.ndarray, /) -> np.ndarray:
        eps = np.finfo(scores.dtype).eps if scores.dtype.kind == "f" else np.finfo(float).eps
        if targets.ndim == 2:
            likely_BK = np.clip(np.where(targets > 0.5, scores, 1 - scores), eps, 1 - eps)
            return -np.log(likely_BK.astype(np.float64)).mean(1)
        likely_B = np.clip(scores[np.arange(len(targets)), targets], eps, 1 - eps)
        return -np.log(likely_B.astype(np.float64))


def compute(state: State) -> np.ndarray:
    return state.mean()
