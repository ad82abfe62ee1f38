"""How far an example is from the mean of the normal ones, in plain features, each in its own deviations."""

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns, plain_features
from fukami.evaluate.baselines.normal_scores import dense, in_thresholds

CARD = BaselineCard(
    name="distance-to-mean", summary="distance to the mean of the normal examples", of=("anomaly",), needs="plain_features"
)


def fit(examples: Examples) -> Answers:
    def learned(few: Examples) -> Answers:
        x_ND = dense(plain_features(few.inputs, few.columns))
        mean_D, deviation_D = x_ND.mean(0), x_ND.std(0)
        deviation_D = np.where(deviation_D > 1e-6, deviation_D, max(float(deviation_D.max(initial=0.0)), 1e-6))

        def answer(columns: InputColumns) -> np.ndarray:
            apart_BD = (dense(plain_features(few.inputs, columns)) - mean_D) / deviation_D
            return np.sqrt(np.square(apart_BD).mean(1))

        return answer

    return in_thresholds(examples, learned)
