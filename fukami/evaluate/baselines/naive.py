"""Every step as the last known one."""

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples
from fukami.evaluate.baselines.seasonal_naive import repeated

CARD = BaselineCard(name="naive", summary="always the last value", of=("series",))


def fit(examples: Examples) -> Answers:
    return lambda columns: repeated(examples, columns, 1)
