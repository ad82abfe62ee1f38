"""The translation of the training text that is most like the source: what a translation memory gives."""

from typing import Any

import numpy as np
from sklearn.preprocessing import normalize

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns, plain_features
from fukami.evaluate.rewritten import taken

CARD = BaselineCard(
    name="nearest_sentence",
    summary="the answer to the training text that is most like the source",
    of=("sentence",),
    needs="plain_features",
)
MOST = 100_000
"""Training examples that are looked at."""
_AT_ONCE = 256


def fit(examples: Examples) -> Answers:
    few = examples.sample(MOST)
    known: Any = normalize(plain_features(few.inputs, few.columns))

    def answer(columns: InputColumns):
        asked: Any = normalize(plain_features(few.inputs, columns))
        parts = [asked[start : start + _AT_ONCE] @ known.T for start in range(0, asked.shape[0], _AT_ONCE)]
        return taken(few, np.concatenate([np.asarray(part.argmax(1)).ravel() for part in parts]))

    return answer
