"""Details for pictures that are made: some of them beside true ones, and how far both are from what was trained on.

B pictures, C channels, H and W pixels.
"""

import heapq
from typing import Any

import numpy as np

from fukami.evaluate.details.contract import Details
from fukami.fields.picture.render import sheet
from fukami.metrics.bootstrap import row_keys
from fukami.metrics.contract import Running

SHOWN = 64
"""Pictures of each sheet."""
NEAR = 0.01
"""Share of true pictures that lie as near to one that was trained on as what is called a copy."""


class CollectedDetails(Details):
    """`generated`: sheets of `made` and `true` pictures, `nearest`: how far both are from training pictures, and `copies`."""

    def __init__(self, target: Any, *, seed: int = 0, keep: int = 24):
        super().__init__(target, seed=seed, keep=keep)
        self._shown: list[tuple[int, int, np.ndarray, np.ndarray]] = []
        self._apart: tuple[list[np.ndarray], list[np.ndarray]] = [], []

    def update(self, answers: np.ndarray, truth: np.ndarray, rows: np.ndarray, /) -> None:
        if not self.keep:
            return
        for pixels_BCHW, found in zip((answers, truth), self._apart, strict=True):
            found.append(self.target.nearest(pixels_BCHW))
        keys_B = row_keys(self.seed, rows, "sheet").tolist()
        few = sorted(range(len(rows)), key=keys_B.__getitem__)[:SHOWN]
        told = [(keys_B[at], int(rows[at]), answers[at], truth[at]) for at in few]
        self._shown = heapq.nsmallest(SHOWN, [*self._shown, *told], key=lambda one: one[:2])

    def told(self, running: Running) -> dict[str, Any]:
        if not self._shown:
            return {}
        made_N, true_N = (np.concatenate(found) for found in self._apart)
        nearest = {"made": float(np.median(made_N)), "true": float(np.median(true_N)), "trained": len(self.target.kept)}
        sheets = {name: sheet(np.stack([one[at] for one in self._shown])) for name, at in (("made", 2), ("true", 3))}
        copies = float((made_N < np.quantile(true_N, NEAR)).mean())
        return {"generated": {**sheets, "nearest": nearest, "copies": copies, "expected": NEAR}}
