"""Details for how a text goes on: passages token by token with how much each surprised, the worst and some as they come.

T tokens of all passages of a batch.
"""

from typing import Any

import numpy as np

from fukami.evaluate.details.contract import Details
from fukami.evaluate.details.tables import Worst
from fukami.metrics.bootstrap import row_keys
from fukami.metrics.contract import Running
from fukami.metrics.states.surprise import Surprise, sums

KEPT = 3
"""Passages of each of both kinds."""
MOST_TOKENS = 400
"""Of a passage."""


class CollectedDetails(Details):
    """`passages`: `{row, tokens, nats, nats_per_token, why}`, `why` being "usual" or "surprising"; `unknown_share`."""

    def __init__(self, target: Any, *, seed: int = 0, keep: int = 24):
        super().__init__(target, seed=seed, keep=keep)
        few = min(KEPT, keep)
        self.surprising, self.usual = Worst(few), Worst(few)
        self.unknown, self.total = 0, 0

    def states(self) -> tuple[type, ...]:
        return (Surprise,)

    def update(self, answers: Any, truth: Any, rows: np.ndarray, /) -> None:
        ids_T, nats_T, offsets = truth["tokens"].columns["id"], answers.columns["nats"], answers.offsets
        self.unknown += int((ids_T == self.target.state["special"]["unk"]).sum())
        self.total += len(ids_T)
        if not self.surprising.keep:
            return
        mean_B = sums(nats_T, offsets) / np.maximum(np.diff(offsets), 1)
        chance_B = (row_keys(self.seed, rows, "passages") >> np.uint64(11)).astype(np.float64)
        for worst, score_B in ((self.surprising, mean_B), (self.usual, chance_B)):
            few = np.argsort(-score_B, kind="stable")[: worst.keep]
            parts = [slice(offsets[row], min(offsets[row + 1], offsets[row] + MOST_TOKENS)) for row in few.tolist()]
            worst.update(score_B[few], rows[few], [(ids_T[part].copy(), nats_T[part].copy()) for part in parts])

    def told(self, running: Running) -> dict[str, Any]:
        found = {"usual": self.usual.told(), "surprising": self.surprising.told()}
        passages = [
            {
                "row": one["row"],
                "why": why,
                "tokens": self.target.spelled(one["target"]),
                "nats": [round(float(n), 3) for n in one["answer"]],
                "nats_per_token": float(np.mean(one["answer"])) if len(one["answer"]) else None,
            }
            for why, kept in found.items()
            for one in kept
        ]
        return {"passages": passages, "unknown_share": self.unknown / max(self.total, 1)} if self.keep else {}
