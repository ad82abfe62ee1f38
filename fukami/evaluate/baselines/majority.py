"""The commonest class, whatever the input: each class with the probability that it has in training."""

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, num_rows

CARD = BaselineCard(name="majority", summary="always the commonest class", of=("category", "categories"))


def fit(examples: Examples) -> Answers:
    return lambda columns: examples.guess(num_rows(columns))
