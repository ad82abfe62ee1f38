"""Details for depth: the pictures that are most wrong, with their maps."""

from typing import Any

import numpy as np

from fukami.core.language import N_
from fukami.evaluate.details.contract import Details
from fukami.evaluate.details.tables import Worst
from fukami.fields.depth.render import kept
from fukami.metrics.contract import Running
from fukami.metrics.states.depth import errors


class CollectedDetails(Details):
    """Pictures by their own absolute relative error."""

    def __init__(self, target: Any, *, seed: int = 0, keep: int = 24):
        super().__init__(target, seed=seed, keep=keep)
        self.worst = Worst(keep)

    def update(self, answers: np.ndarray, truth: np.ndarray, rows: np.ndarray, /) -> None:
        if not self.keep:
            return
        wrong_B = np.array([errors(answer, known)[0] for answer, known in zip(answers, truth, strict=True)])
        some = np.flatnonzero(np.isfinite(wrong_B))
        self.worst.update(wrong_B[some], rows[some], [(kept(truth[b]), kept(answers[b])) for b in some.tolist()])

    def told(self, running: Running) -> dict[str, Any]:
        return {"mistakes": [{**one, "rank": N_("absolute relative error")} for one in self.worst.told()]}
