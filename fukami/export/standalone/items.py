"""The best items, from the scores of all."""

import numpy as np


def answer(scores, told):
    """The items of the highest scores; those that may not be answered have a score that no other has."""
    scores = np.asarray(scores, np.float64)
    best = [number for number in np.argsort(-scores, kind="stable")[: told["top"]] if scores[number] > told["closed"]]
    return {
        "items": [told["items"][number - 1] for number in best],
        "scores": [float(f"{scores[number]:.6g}") for number in best],
    }
