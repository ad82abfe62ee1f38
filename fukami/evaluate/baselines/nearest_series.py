"""The target of the training series that is nearest by dynamic time warping: Sakoe and Chiba 1978, the usual reference.

Steps may be matched to others up to a tenth of the series away, all channels together. Longer series than `LONGEST` are
averaged down to so many steps, and at most `MOST` training series are looked at. N known, B asked, L steps, C channels.
"""

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns

CARD = BaselineCard(
    name="nearest-series",
    summary="what the nearest training series is, by dynamic time warping",
    of=("category", "number"),
    needs="steps_of",
)
MOST, LONGEST, BAND = 300, 128, 0.1
SURE = 0.9
"""Probability given to the neighbour's class; the rest is spread as classes are frequent."""


def fit(examples: Examples) -> Answers:
    few = examples.sample(MOST)
    ((name, field),) = few.inputs.items()

    def steps(columns: InputColumns) -> np.ndarray:
        return shortened(field.steps_of(columns[name]), LONGEST)  # type: ignore[attr-defined]

    known_NLC = steps(few.columns)

    def answer(columns: InputColumns) -> np.ndarray:
        nearest_B = np.concatenate([warped(part, known_NLC).argmin(1) for part in batches(steps(columns))])
        found_B = few.targets[nearest_B]
        if not np.issubdtype(few.targets.dtype, np.integer):
            return found_B.astype(np.float64)
        guess_BK = (1 - SURE) * examples.guess(len(found_B))
        guess_BK[np.arange(len(found_B)), found_B] += SURE
        return guess_BK

    return answer


def batches(x_BLC: np.ndarray, size: int = 64) -> list[np.ndarray]:
    return [x_BLC[start : start + size] for start in range(0, len(x_BLC), size)]


def shortened(x_NLC: np.ndarray, most: int) -> np.ndarray:
    """Means of neighbouring steps, at most `most` of them."""
    edges = np.linspace(0, x_NLC.shape[1], min(most, x_NLC.shape[1]) + 1).round().astype(int)
    return np.add.reduceat(x_NLC, edges[:-1], axis=1) / np.diff(edges)[:, None]


def warped(left_BLC: np.ndarray, right_NLC: np.ndarray) -> np.ndarray:
    """The least sum of squared differences (B, N) over all ways to match steps in order, in a band around equal times.

    >>> warped(np.array([[[0.0], [0.0], [1.0], [2.0]]]), np.array([[[0.0], [1.0], [2.0], [2.0]]])).tolist()
    [[0.0]]
    """
    length = left_BLC.shape[1]
    band = max(1, round(BAND * length))
    best = np.full((len(left_BLC), len(right_NLC), length + 1), np.inf)
    best[:, :, 0] = 0
    for step in range(length):
        low, high = max(0, step - band), min(length, step + band + 1)
        apart = ((left_BLC[:, None, step, None] - right_NLC[None, :, low:high]) ** 2).sum(-1)
        now = np.full_like(best, np.inf)
        reach = np.minimum(best[:, :, low:high], best[:, :, low + 1 : high + 1])
        for place in range(low, high):
            before = np.minimum(reach[:, :, place - low], now[:, :, place])
            now[:, :, place + 1] = before + apart[:, :, place - low]
        best = now
    return best[:, :, length]
