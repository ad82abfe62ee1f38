"""The same network with the weights that it was drawn with: what its shape alone knows of what is alike."""

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples

CARD = BaselineCard(
    name="untrained", summary="the same network before it has learned anything", of=("embedding",), network=True
)


def fit(examples: Examples) -> Answers:
    assert examples.untrained is not None
    return examples.untrained
