"""Details for answers that stand in a text: the surest of the wrong ones, and how often there was none."""

from typing import Any

import numpy as np

from fukami.evaluate.details.contract import Details
from fukami.evaluate.details.tables import Worst
from fukami.metrics.contract import Running


class CollectedDetails(Details):
    """`mistakes`: `{row, target, answer, score}`, the surest of the wrong ones first; `without`: how many questions have no
    answer, how many were given none, and of how many both is so."""

    def __init__(self, target: Any, *, seed: int = 0, keep: int = 24):
        super().__init__(target, seed=seed, keep=keep)
        self.worst = Worst(keep)
        self.none = np.zeros(3, np.int64)

    def update(self, answers: Any, truth: Any, rows: np.ndarray, /) -> None:
        given_B, known_B = np.asarray(answers["first"]) < 0, np.asarray(truth["first"])[:, 0] < 0
        self.none += known_B.sum(), given_B.sum(), (known_B & given_B).sum()
        if not self.keep:
            return
        f1_B = np.array([f1 for _em, f1 in self.target.compared(answers, truth)])
        wrong_B = np.flatnonzero(f1_B < 1)
        told = list(zip(self.target.known(truth), self.target.placed(answers, truth), strict=True))
        score_B = (1 - f1_B) * np.asarray(answers["score"], np.float64)
        self.worst.update(score_B[wrong_B], rows[wrong_B], [told[row] for row in wrong_B])

    def told(self, running: Running) -> dict[str, Any]:
        known, given, both = self.none.tolist()
        return {"mistakes": self.worst.told()} | ({"without": [known, given, both]} if known or given else {})
