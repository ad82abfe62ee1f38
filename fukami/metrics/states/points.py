"""Points that are found within a share of their thing's size, by name. B examples, D answers, G true things, P points, R
replicates."""

from typing import Any

import numpy as np

from fukami.fields.boxes.matching import pairs
from fukami.fields.keypoints.oks import likeness
from fukami.metrics.contract import State

ANY = np.array([1e-12])
"""Whatever is not wholly unlike."""


class CorrectPoints(State):
    """How many known points of each name are found, and how many there are."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.within = target.options.within
        self.sums_2RP = np.zeros((2, 1 + replicates, len(target.state["points"])))

    def update(self, answers: Any, truth: Any, weights_RB: np.ndarray, /) -> None:
        for b, (given, known) in enumerate(zip(answers.each(), truth.each(), strict=True)):
            correct_GP, known_GP = found_points(given, known, self.within)
            self.sums_2RP += np.stack([correct_GP.sum(0), known_GP.sum(0)])[:, None] * weights_RB[:, b, None]

    def merge(self, other: "CorrectPoints") -> None:
        self.sums_2RP += other.sums_2RP

    def share(self) -> np.ndarray:
        """(P,): of the known points of each name those that are found; NaN where none is known."""
        correct_P, known_P = self.sums_2RP[:, 0]
        return np.divide(correct_P, known_P, out=np.full(len(known_P), np.nan), where=known_P > 0)


def found_points(given: dict[str, np.ndarray], known: dict[str, np.ndarray], within: float) -> tuple[np.ndarray, np.ndarray]:
    """`correct_GP` and `known_GP` (bool) of one picture; things that are not judged have no known points."""
    known_GP = (known["points"][:, :, 2] > 0) & (known["ignored"] == 0)[:, None]
    correct_GP = np.zeros_like(known_GP)
    judged_G = np.flatnonzero(known_GP.any(1))
    if not len(judged_G) or not len(given["points"]):
        return correct_GP, known_GP
    own = {name: column[judged_G] for name, column in known.items()}
    order_D = np.argsort(-given["score"], kind="stable")
    sorted_D = {name: column[order_D] for name, column in given.items()}
    found_D = pairs(likeness(sorted_D, own), np.zeros(len(judged_G), np.int64), ANY)[:, 0]
    for d, g in enumerate(found_D.tolist()):
        if g >= 0:
            off_P2 = (sorted_D["points"][d, :, :2].astype(np.float64) - own["points"][g, :, :2]) * own["unit"][g]
            side = float(((own["box"][g, 2:] - own["box"][g, :2]).astype(np.float64) * own["unit"][g]).max())
            correct_GP[judged_G[g]] = np.sqrt(np.square(off_P2).sum(1)) <= within * side
    return correct_GP & known_GP, known_GP
