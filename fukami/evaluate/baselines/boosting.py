"""Gradient-boosted trees: scikit-learn's histogram boosting with its defaults, on at most 100,000 rows of a table."""

from typing import Any

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns, num_rows
from fukami.models.boosting import grown

CARD = BaselineCard(name="boosting", summary="gradient-boosted trees", of=("category", "number"), needs="boosting_features")

MAX_TREES = 1000
"""Each round grows a tree per class, so many classes get fewer rounds than the usual 100."""


def fit(examples: Examples) -> Answers:
    train, categorical = _features(examples.inputs, examples.columns)
    if not np.issubdtype(examples.targets.dtype, np.integer):
        regressor = grown(train, examples.targets, categorical, seed=examples.seed)
        return lambda columns: regressor.predict(_features(examples.inputs, columns)[0])
    (frequencies_K,) = examples.guess()
    present = np.flatnonzero(frequencies_K)
    if len(present) < 2:
        return lambda columns: examples.guess(num_rows(columns))
    rounds = 100 if len(present) == 2 else int(np.clip(MAX_TREES // len(present), 10, 100))
    classifier = grown(train, examples.targets, categorical, seed=examples.seed, max_iter=rounds)

    def answer(columns: InputColumns) -> np.ndarray:
        features = _features(examples.inputs, columns)[0]
        scores_BK = np.zeros((len(features), len(frequencies_K)))
        scores_BK[:, present] = classifier.predict_proba(features)
        return scores_BK

    return answer


def _features(inputs: dict[str, Any], columns: InputColumns) -> tuple[np.ndarray, np.ndarray]:
    """All inputs' features (B, D) with NaN for missing, and which of them are categories (D,)."""
    parts = [field.boosting_features(columns[name]) for name, field in inputs.items()]
    return np.hstack([features for features, _mask in parts]), np.concatenate([mask for _features, mask in parts])
