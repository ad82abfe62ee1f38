"""The boxes, masks or points of the training picture that looks most alike, as plain features say. B pictures."""

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, plain_features
from fukami.fields.batch import Rows

CARD = BaselineCard(
    name="nearest_boxes",
    summary="what the most similar training picture shows",
    of=("boxes", "instances", "keypoints"),
    needs="plain_features",
)
MAX_EXAMPLES = 2000


def fit(examples: Examples) -> Answers:
    from sklearn.neighbors import NearestNeighbors

    examples = examples.sample(MAX_EXAMPLES)
    truth: Rows = examples.targets
    near = NearestNeighbors(n_neighbors=1).fit(plain_features(examples.inputs, examples.columns))

    def answer(columns: dict) -> Rows:
        distance_B1, row_B1 = near.kneighbors(plain_features(examples.inputs, columns))
        taken = truth.taken(row_B1[:, 0])
        sure_B = 1 / (1 + distance_B1[:, 0])
        told = {name: np.asarray(column) for name, column in taken.columns.items() if name != "ignored"}
        return Rows({**told, "score": np.repeat(sure_B, np.asarray(taken.counts)).astype(np.float32)}, np.asarray(taken.counts))

    return answer
