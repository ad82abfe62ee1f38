"""What followed the last two tokens, with what followed the last one and what is frequent (Witten and Bell 1991)."""

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples
from fukami.evaluate.ngrams import Counts, foretelling

CARD = BaselineCard(name="trigram", summary="what followed the last two tokens in training", of=("continuation",))


def fit(examples: Examples) -> Answers:
    return foretelling(examples, Counts.of(examples.targets["tokens"], examples.target, order=3))
