"""Details for vectors: how many identities are judged, how many of them were learned from, how similar pairs are, and the
examples whose nearest neighbour is of another identity. N examples, D dimensions.
"""

from typing import Any

import numpy as np

from fukami.evaluate.details.contract import Details
from fukami.metrics.contract import Running
from fukami.metrics.states.neighbours import Neighbours, nearest

BINS = 40
"""Steps in which the report draws how similar pairs are."""


class CollectedDetails(Details):
    """`identities`: `{examples, identities, learned, alone}`; `pairs`: shares of pairs of one identity and of two by
    similarity; `mistakes`: `{row, target, answer, score}`, the score being the similarity to the wrong one."""

    def __init__(self, target: Any, *, seed: int = 0, keep: int = 24):
        super().__init__(target, seed=seed, keep=keep)
        self.parts: list[tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]] = []

    def states(self) -> tuple[type, ...]:
        return (Neighbours,)

    def update(self, answers: Any, truth: Any, rows: np.ndarray, /) -> None:
        if self.keep:
            self.parts.append((np.array(answers, np.float32), {name: np.array(one) for name, one in truth.items()}, rows))

    def told(self, running: Running) -> dict[str, Any]:
        if not self.parts:
            return {}
        vectors_ND = np.concatenate([part[0] for part in self.parts])
        truth = {name: np.concatenate([part[1][name] for part in self.parts]) for name in ("identity", "index")}
        rows_N = np.concatenate([part[2] for part in self.parts])
        _found, first, place_N, counts = np.unique(truth["identity"], True, True, True)
        told: dict[str, Any] = {
            "identities": {
                "examples": len(rows_N),
                "identities": len(counts),
                "learned": int((truth["index"][first] >= 0).sum()),
                "alone": int((counts < 2).sum()),
            }
        }
        if len(rows_N) > 1:
            told["pairs"] = _pairs(running.state(Neighbours).pairs[0])
            told["mistakes"] = self._mistakes(vectors_ND, truth, rows_N, counts[place_N] > 1)
        return told

    def _mistakes(
        self, vectors_ND: np.ndarray, truth: dict[str, np.ndarray], rows_N: np.ndarray, asked_N: np.ndarray
    ) -> list[dict[str, Any]]:
        near_N = nearest(vectors_ND, 1)[:, 0]
        cosine_N = (vectors_ND * vectors_ND[near_N]).sum(1)
        wrong = np.flatnonzero(asked_N & (truth["identity"][near_N] != truth["identity"]))
        wrong = wrong[np.lexsort((rows_N[wrong], -cosine_N[wrong]))][: self.keep]
        both = {"own": wrong, "near": near_N[wrong]}
        named = {side: self.target.known({name: one[at] for name, one in truth.items()}) for side, at in both.items()}
        return [
            {
                "row": int(rows_N[i]),
                "target": own,
                "answer": {**near, "nearest": int(rows_N[near_N[i]])},
                "score": float(cosine_N[i]),
            }
            for i, own, near in zip(wrong.tolist(), named["own"], named["near"], strict=True)
        ]


def _pairs(tallies: tuple[np.ndarray, np.ndarray]) -> dict[str, list[float]]:
    """Shares of pairs of one identity and of two in steps of similarity, from -1 to 1."""
    shares = {}
    for side, tally_G in zip(("same", "other"), tallies, strict=True):
        step_B = np.bincount(np.arange(len(tally_G)) * BINS // len(tally_G), tally_G[::-1], BINS)
        shares[side] = np.round(step_B / max(step_B.sum(), 1), 6).tolist()
    return shares
