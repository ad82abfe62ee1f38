"""How often each token is, whatever stands before it: frequencies of the training passages, one added to each count."""

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples
from fukami.evaluate.ngrams import Counts, foretelling

CARD = BaselineCard(name="unigram", summary="how often each token is, whatever stands before it", of=("continuation",))


def fit(examples: Examples) -> Answers:
    return foretelling(examples, Counts.of(examples.targets["tokens"], examples.target, order=1))
