"""The commonest class of a pixel, everywhere. B examples, H and W pixels."""

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, num_rows

CARD = BaselineCard(name="majority_pixel", summary="the commonest class everywhere", of=("mask",))


def fit(examples: Examples) -> Answers:
    counts_K = np.array(examples.target.state["counts"], float)
    size = examples.target.state["height"], examples.target.state["width"]
    best, share = int(counts_K.argmax()), counts_K.max() / max(1.0, counts_K.sum())

    def answer(columns: dict) -> dict[str, np.ndarray]:
        B = num_rows(columns)
        return {"class": np.full((B, *size), best, np.uint8), "sure": np.full((B, *size), share, np.float16)}

    return answer
