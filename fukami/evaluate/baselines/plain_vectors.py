"""Plain features of the inputs taken for vectors as they are: raw pixels of a small copy, counts of words. B examples, D
features.

Less the mean of the training examples, which all are alike in; of more than 1,024 features random directions.
"""

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, plain_features

CARD = BaselineCard(
    name="plain_vectors",
    summary="the raw input as it is: pixels, or counts of words",
    of=("embedding",),
    needs="plain_features",
)
MAX_EXAMPLES, MOST = 5000, 1024


def fit(examples: Examples) -> Answers:
    from sklearn.random_projection import GaussianRandomProjection

    examples = examples.sample(MAX_EXAMPLES)
    known_BD = plain_features(examples.inputs, examples.columns)
    mean_D = np.asarray(known_BD.mean(0), np.float32).reshape(1, -1)
    drawn = None
    if known_BD.shape[1] > MOST:
        drawn = GaussianRandomProjection(MOST, random_state=examples.seed).fit(known_BD)  # pyright: ignore[reportArgumentType]
        mean_D = np.asarray(drawn.transform(mean_D), np.float32)

    def answer(columns: dict) -> np.ndarray:
        raw_BD = plain_features(examples.inputs, columns)
        found_BD = np.asarray(raw_BD if drawn is None else drawn.transform(raw_BD), np.float32) - mean_D
        return found_BD / np.maximum(np.linalg.norm(found_BD, axis=1, keepdims=True), 1e-12)

    return answer
