"""Vectors that were answered, beside who or what each example shows: how often the nearest is of the same identity, and how
well pairs of one identity are told from pairs of two.

Every example is asked for among all others (leave one out), as retrieval is judged where there is no gallery of its own (Oh
Song et al. 2016); one whose identity no other has cannot be found and is not asked for. Verification looks at all pairs.

Replicates weigh examples. Of nearness a query's weight counts, among the same others: copies that a bootstrap draws would be
found at once. Of pairs the first order of its effect counts, w_i + w_j - 1 for w_i w_j, from coarse bins, and is carried over
to the fine value. N examples, D dimensions, R replicates, G bins, k neighbours.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from fukami.fields.embedding.pairs import chunks, tallied
from fukami.metrics.contract import State, ratio

AT_ONCE = 512
"""Examples that are compared with all others together."""
EQUAL = 1e-6
"""Similarities that float32 hardly tells apart."""
COARSE = 256
"""Bins of the pairs of each single example, from which replicates are read."""


class Neighbours(State):
    """Every vector with its identity."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self._parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def update(self, answers: np.ndarray, truth: dict[str, np.ndarray], weights_RB: np.ndarray, /) -> None:
        self._forget()
        self._parts.append((np.array(answers, np.float32), np.array(truth["identity"]), weights_RB.astype(np.float32)))

    def merge(self, other: "Neighbours") -> None:
        self._forget()
        self._parts += other._parts

    def _forget(self) -> None:
        for name in ("ranks", "pairs"):
            if name in self.__dict__:
                delattr(self, name)

    def _joined(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """`vectors_ND`, `identity_N`, `weights_RN`."""
        if not self._parts:
            return np.zeros((0, 1), np.float32), np.zeros(0, np.int64), np.zeros((1 + self.replicates, 0), np.float32)
        vectors, identities, weights = zip(*self._parts, strict=True)
        return np.concatenate(vectors), np.concatenate(identities), np.concatenate(weights, axis=1)

    # -- nearness ------------------------------------------------------------------------------------------------------
    @cached_property
    def ranks(self) -> np.ndarray:
        """float64 (N): how many examples of other identities are as similar to each as the most similar of its own, or more;
        NaN where no other example has its identity. Equal ones count against it, whatever their order."""
        vectors_ND, identity_N, _weights = self._joined()
        ranks_N, all_N = np.full(len(vectors_ND), np.nan), np.arange(len(vectors_ND))
        for start in range(0, len(vectors_ND), AT_ONCE):
            cosine_BN = vectors_ND[start : start + AT_ONCE] @ vectors_ND.T
            rows_B = np.arange(start, start + len(cosine_BN))
            same_BN = identity_N[rows_B, None] == identity_N
            best_B = np.where(same_BN & (rows_B[:, None] != all_N), cosine_BN, -np.inf).max(1)
            as_near_B = (~same_BN & (cosine_BN >= best_B[:, None] - EQUAL)).sum(1)
            ranks_N[rows_B] = np.where(np.isfinite(best_B), as_near_B, np.nan)
        return ranks_N

    def recall(self, k: int) -> np.ndarray:
        """(1 + R,): the share of examples among whose first k neighbours one of their identity is."""
        weights_RN, asked_N = self._joined()[2].astype(np.float64), np.isfinite(self.ranks)
        return ratio(weights_RN @ (self.ranks < k).astype(np.float64), weights_RN @ asked_N)

    # -- pairs ---------------------------------------------------------------------------------------------------------
    @cached_property
    def pairs(self) -> tuple[tuple[np.ndarray, np.ndarray], list[tuple[np.ndarray, np.ndarray]]]:
        """Pairs of one identity and of two by similarity (`pairs.tallied`), finely; and coarsely for the data and each
        replicate."""
        vectors_ND, identity_N, weights_RN = self._joined()
        fine = tallied(vectors_ND, identity_N)
        if not self.replicates:
            return fine, []
        drawn_2RG = np.zeros((2, 1 + self.replicates, COARSE))
        for start, bin_BN, same_BN in chunks(vectors_ND, identity_N, COARSE):
            rows_B = np.arange(len(bin_BN))
            same_BN[rows_B, start + rows_B] = False
            other_BN = ~same_BN
            other_BN[rows_B, start + rows_B] = False
            place_BN = bin_BN + COARSE * rows_B[:, None]
            for side, chosen_BN in enumerate((same_BN, other_BN)):
                own_BG = np.bincount(place_BN[chosen_BN], minlength=COARSE * len(bin_BN)).reshape(-1, COARSE)
                drawn_2RG[side] += weights_RN[:, start : start + len(bin_BN)].astype(np.float64) @ own_BG
        drawn_2RG -= drawn_2RG[:, :1] / 2  # each pair was counted from both sides: w_i + w_j, less 1
        drawn_2RG = np.maximum(drawn_2RG, 0)[..., ::-1]
        return fine, [(drawn_2RG[0, r], drawn_2RG[1, r]) for r in range(1 + self.replicates)]

    def verification(self, figure: Callable[[np.ndarray, np.ndarray], float]) -> np.ndarray:
        """(1 + R,): `figure` of the pairs; that of a replicate is as far from the value as coarse bins say."""
        fine, coarse = self.pairs
        value = figure(*fine)
        drawn = np.array([figure(*one) for one in coarse])
        return np.concatenate([[value], value + drawn[1:] - drawn[0]]) if len(drawn) else np.array([value])


def nearest(vectors_ND: np.ndarray, count: int) -> np.ndarray:
    """int64 (N, count): the examples most like each, itself left out, the most similar first, equal ones in their order."""
    found = []
    for start in range(0, len(vectors_ND), AT_ONCE):
        cosine_BN = vectors_ND[start : start + AT_ONCE] @ vectors_ND.T
        rows_B = np.arange(len(cosine_BN))
        cosine_BN[rows_B, start + rows_B] = -np.inf
        few_Bk = np.sort(np.argpartition(-cosine_BN, count - 1, axis=1)[:, :count], axis=1)
        order_Bk = np.argsort(-np.take_along_axis(cosine_BN, few_Bk, 1), axis=1, kind="stable")
        found.append(np.take_along_axis(few_Bk, order_Bk, 1))
    return np.concatenate(found)
