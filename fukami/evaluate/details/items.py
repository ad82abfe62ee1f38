"""Details for rankings: by which protocol they were made, and users whose item stood last, in the middle and first.

B examples, K places.
"""

from typing import Any

import numpy as np

from fukami.evaluate.details.contract import Details
from fukami.evaluate.details.tables import Worst
from fukami.metrics.contract import Running
from fukami.metrics.states.places import TOP, hits

SHOWN = 12


class CollectedDetails(Details):
    """Where the first true item stands, how often, and the rankings that are shown."""

    def __init__(self, target: Any, *, seed: int = 0, keep: int = 24):
        super().__init__(target, seed=seed, keep=min(keep, SHOWN))
        self.worst, self.best = Worst(self.keep), Worst(min(self.keep, 3))
        self.places = np.zeros(0, np.int64)

    def update(self, answers: Any, truth: Any, rows: np.ndarray, /) -> None:
        item_BK = np.asarray(answers["item"])
        hit_BK = hits(item_BK, truth)
        place_B = np.where(hit_BK.any(1), hit_BK.argmax(1), item_BK.shape[1])
        counted = np.bincount(place_B, minlength=item_BK.shape[1] + 1)
        longest = max(len(counted), len(self.places))
        self.places = np.pad(self.places, (0, longest - len(self.places))) + np.pad(counted, (0, longest - len(counted)))
        if not self.keep:
            return
        known = self.target.known(truth)
        for kept, order in ((self.worst, np.argsort(-place_B, kind="stable")), (self.best, np.argsort(place_B, kind="stable"))):
            few = order[: self.keep]
            told = [
                (known[row]["items"], [self.target.state["items"][item - 1] for item in item_BK[row, :TOP].tolist() if item])
                for row in few.tolist()
            ]
            sign = 1 if kept is self.worst else -1
            kept.update(sign * place_B[few].astype(np.float64), rows[few], told)

    def told(self, running: Running) -> dict[str, Any]:
        """`places` counts users by the place of their first true item, the last count being those who had none."""
        best = [{**one, "score": -one["score"]} for one in self.best.told()]
        ranking = {"protocol": self.target.state["told"], "places": self.places.tolist()}
        return {"ranking": ranking, "mistakes": self.worst.told(), "typical": best}
