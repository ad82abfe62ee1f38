"""Isolation forest of scikit-learn with its defaults, on plain features: how few random cuts set an example apart (Liu et al.
2008)."""

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns, plain_features
from fukami.evaluate.baselines.normal_scores import in_thresholds

CARD = BaselineCard(name="isolation-forest", summary="isolation forest", of=("anomaly",), needs="plain_features")


def fit(examples: Examples) -> Answers:
    def learned(few: Examples) -> Answers:
        from sklearn.ensemble import IsolationForest

        forest = IsolationForest(random_state=few.seed).fit(plain_features(few.inputs, few.columns))

        def answer(columns: InputColumns) -> np.ndarray:
            return -forest.score_samples(plain_features(few.inputs, columns))

        return answer

    return in_thresholds(examples, learned)
