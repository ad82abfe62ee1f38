"""The mean of the training targets, whatever the input."""

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Examples, Scores, num_rows

CARD = BaselineCard(name="mean", summary="always the mean", of=("number",))


def fit(examples: Examples) -> Scores:
    mean = float(np.mean(examples.targets, dtype=np.float64))
    return lambda columns: np.full(num_rows(columns), mean)
