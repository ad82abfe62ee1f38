"""Details for keypoints: those of boxes, by how alike poses are, each point on its own, and pictures with poses on them."""

from typing import Any

import numpy as np

from fukami.evaluate.details import boxes
from fukami.metrics.contract import Running, State
from fukami.metrics.states.points import CorrectPoints


class CollectedDetails(boxes.CollectedDetails):
    """Per class, faults, the share of each point that is found, and the pictures that have most faults."""

    def states(self) -> tuple[type[State], ...]:
        return (*super().states(), CorrectPoints)

    def told(self, running: Running) -> dict[str, Any]:
        state = running.state(CorrectPoints)
        shares, known = state.share().tolist(), state.sums_2RP[1, 0].tolist()
        points = [
            {"point": name, "pck": share, "support": round(count)}
            for name, share, count in zip(self.target.state["points"], shares, known, strict=True)
        ]
        return super().told(running) | {"per_point": points}

    def one(self, rows: dict[str, np.ndarray], at: int) -> dict[str, Any]:
        points_P3 = rows["points"][at]
        points = [[round(float(x), 5), round(float(y), 5)] if sure > 0 else None for x, y, sure in points_P3]
        return super().one(rows, at) | {"points": points, "sure": [round(float(sure), 3) for sure in points_P3[:, 2]]}
