"""A linear model on plain features: logistic regression or ridge regression of scikit-learn, on at most 10,000 examples.

B examples, D features, K classes or labels.
"""

import time
from typing import Any

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, plain_features
from fukami.models.linear import logistic, ridge

CARD = BaselineCard(name="linear", summary="a linear model", of=("category", "categories", "number"), needs="plain_features")

MAX_EXAMPLES = 10_000
MAX_SECONDS = 30.0
"""For many labels, each of which has a model of its own; labels left when it is over get their frequency."""
_MOST_WEIGHTS = 4_000_000
"""Weights of a logistic regression; fitting takes 200 bytes for each. The rarest classes beyond them get their frequency."""


def fit(examples: Examples) -> Answers:
    examples = examples.sample(MAX_EXAMPLES)
    features = _Features(examples)
    if np.issubdtype(examples.targets.dtype, np.integer):
        answer = _classes(examples, features.train)
    elif examples.targets.ndim == 2:
        answer = _labels(examples, features.train)
    else:
        answer = _ridge(examples, features.train)
    return lambda columns: answer(features(columns))


class _Features:
    """Plain features, standardised where they are dense; sparse ones (counts of words) are already of one scale."""

    def __init__(self, examples: Examples):
        from scipy import sparse

        self._inputs = examples.inputs
        raw = plain_features(examples.inputs, examples.columns)
        self._mean, self._scale = 0.0, 1.0
        self._dense = not sparse.issparse(raw)
        if self._dense:
            raw = np.asarray(raw, dtype=np.float32).reshape(len(raw), -1)
            spread = raw.std(0)
            self._mean, self._scale = raw.mean(0), np.where(spread > 0, spread, 1.0).astype(np.float32)
        self.train = self._standard(raw)

    def _standard(self, raw: Any) -> Any:
        return (np.asarray(raw, dtype=np.float32).reshape(raw.shape[0], -1) - self._mean) / self._scale if self._dense else raw

    def __call__(self, columns: dict) -> Any:
        return self._standard(plain_features(self._inputs, columns))


def _classes(examples: Examples, train: Any) -> Any:
    (frequencies_K,) = examples.guess()
    present = np.flatnonzero(frequencies_K)
    if len(present) < 2:
        return lambda features: examples.guess(features.shape[0])
    most = max(2, _MOST_WEIGHTS // max(train.shape[1], 1))
    modelled = np.sort(present[np.argsort(-frequencies_K[present], kind="stable")][:most])
    all_of_them = len(modelled) == len(present)
    rows = slice(None) if all_of_them else np.flatnonzero(np.isin(examples.targets, modelled))
    share = 1.0 if all_of_them else frequencies_K[modelled].sum()
    model = logistic(train[rows], examples.targets[rows])

    def answer(features: Any) -> np.ndarray:
        scores_BK = examples.guess(features.shape[0])
        scores_BK[:, modelled] = model.predict_proba(features) * share
        return scores_BK

    return answer


def _labels(examples: Examples, train: Any) -> Any:
    (frequencies_K,), deadline = examples.guess(), time.monotonic() + MAX_SECONDS
    models = {}
    for label in np.argsort(-np.abs(frequencies_K * (1 - frequencies_K))):  # labels that vary most come first
        if 0 < frequencies_K[label] < 1 and time.monotonic() < deadline:
            models[int(label)] = logistic(train, (examples.targets[:, label] > 0.5).astype(np.int64))

    def answer(features: Any) -> np.ndarray:
        scores_BK = examples.guess(features.shape[0])
        for label, model in models.items():
            scores_BK[:, label] = model.predict_proba(features)[:, 1]
        return scores_BK

    return answer


def _ridge(examples: Examples, train: Any) -> Any:
    targets_B = examples.targets.astype(np.float64)
    middle, scale = targets_B.mean(), targets_B.std() or 1.0
    model = ridge(train, (targets_B - middle) / scale)
    return lambda features: model.predict(features).astype(np.float64) * scale + middle
