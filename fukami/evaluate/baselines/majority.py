"""The commonest class, whatever the input: each class with the probability that it has in training."""

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Examples, Scores, num_rows

CARD = BaselineCard(name="majority", summary="always the commonest class", of=("category", "categories"))


def fit(examples: Examples) -> Scores:
    frequencies_K = examples.frequencies()
    return lambda columns: np.tile(frequencies_K, (num_rows(columns), 1))
