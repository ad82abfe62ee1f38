"""How positives and negatives are ordered by the scores: the state of ROC and precision–recall curves.

Up to a limit every score is kept and all is exact. Beyond it, scores fall into bins of equal width on the scale of log odds,
which is fine at both ends, where probabilities crowd: 65,536 bins for the value, fewer for each replicate, whose offsets from
the equally coarse value are carried over to the fine one. Memory stays below about 150 MB however many examples come.

The binned area under the ROC curve is off by at most half the share of (positive, negative) pairs that meet in one bin;
`roc_error_bound` gives that figure for the examples seen.

B examples, C columns (one per class or label, one only for two classes), R bootstrap replicates, G distinct scores or bins.
"""

from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np

from fukami.metrics.contract import State, mean_where, ratio

MAX_EXAMPLES = 200_000
_MAX_BYTES = 2**26
_MAX_WORK = 200_000_000  # scores × replicates: about 3 s of sorting and summing on one core
_FINE_BINS, _FINE_CELLS = 2**16, 2**21
_COARSE_BINS, _COARSE_CELLS = 2**13, 2**22
_CHUNK = 2**14  # examples that are put into bins together
_REACH = 20.0  # log odds beyond which scores are no longer told apart

Area = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Weights of positives and of negatives (R, G), best score first → one number (R,) for each replicate; NaN where undefined."""


class Ranking(State):
    """Scores with their labels, kept or binned. A column is one question: is it this class (label) or not?"""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.num_kept, self.num_columns = 0, 0
        self.fine_C2G: np.ndarray | None = None
        self.coarse_RC2G: np.ndarray | None = None

    @property
    def exact(self) -> bool:
        """Whether every score is still kept."""
        return self.fine_C2G is None

    def update(self, scores: np.ndarray, targets: np.ndarray, weights_RB: np.ndarray, /) -> None:
        if targets.ndim == 2:
            scores_BC, hits_BC = scores, targets > 0.5
        elif scores.shape[1] == 2:
            scores_BC, hits_BC = scores[:, 1:], (targets == 1)[:, None]
        else:
            scores_BC, hits_BC = scores, targets[:, None] == np.arange(scores.shape[1])
        small_RB = weights_RB.astype(np.uint8)  # bootstrap draws are small whole numbers
        self.num_columns = scores_BC.shape[1]
        self.kept.append((scores_BC.copy(), hits_BC, small_RB if np.array_equal(small_RB, weights_RB) else weights_RB))
        self.num_kept += len(targets)
        self._settle()

    def merge(self, other: Self) -> None:
        self.num_columns = self.num_columns or other.num_columns
        self.kept += other.kept
        self.num_kept += other.num_kept
        if other.fine_C2G is not None and other.coarse_RC2G is not None:
            if self.fine_C2G is None or self.coarse_RC2G is None:
                self._make_bins()
            self.fine_C2G += other.fine_C2G
            self.coarse_RC2G += other.coarse_RC2G
        self._settle()

    def _settle(self) -> None:
        """Puts what is kept into bins where it has become too much."""
        if self.num_kept > (self._most_kept() if self.exact else _CHUNK):
            self._flush()

    def _most_kept(self) -> float:
        """How many examples are kept before they are binned."""
        scores_BC, _hits, weights_RB = self.kept[-1]
        bytes_each = self.num_columns * (scores_BC.itemsize + 1) + (1 + self.replicates) * weights_RB.itemsize
        work_each = self.num_columns * (1 + self.replicates)
        return self.room * min(MAX_EXAMPLES, _MAX_BYTES / bytes_each, _MAX_WORK / work_each)

    # -- bins ----------------------------------------------------------------------------------------------------------
    def _make_bins(self) -> None:
        """Empty bins: as many as the room allows, powers of two so that coarse ones hold whole fine ones."""
        replicates = min(self.replicates, max(20, 4000 // self.num_columns))
        fine = _power_of_two(min(_FINE_BINS, _FINE_CELLS / (2 * self.num_columns)) * self.room, least=64)
        cells = 2 * self.num_columns * (1 + replicates)
        coarse = min(fine, _power_of_two(min(_COARSE_BINS, _COARSE_CELLS / cells) * self.room, least=32))
        self.fine_C2G = np.zeros((self.num_columns, 2, fine))
        self.coarse_RC2G = np.zeros((1 + replicates, self.num_columns, 2, coarse))

    def _flush(self) -> None:
        if self.fine_C2G is None or self.coarse_RC2G is None:
            self._make_bins()
        assert self.fine_C2G is not None and self.coarse_RC2G is not None
        for scores_BC, hits_BC, weights_RB in self.kept:
            for start in range(0, len(scores_BC), _CHUNK):
                part = slice(start, start + _CHUNK)
                weights = weights_RB[: len(self.coarse_RC2G), part].astype(np.float64)
                self._bin(scores_BC[part], hits_BC[part], weights)
        self.kept, self.num_kept = [], 0

    def _bin(self, scores_BC: np.ndarray, hits_BC: np.ndarray, weights_RB: np.ndarray) -> None:
        assert self.fine_C2G is not None and self.coarse_RC2G is not None
        num_fine, num_coarse = self.fine_C2G.shape[-1], self.coarse_RC2G.shape[-1]
        with np.errstate(divide="ignore"):  # probabilities 0 and 1 have infinite log odds
            odds_BC = np.log(scores_BC.astype(np.float64)) - np.log1p(-scores_BC.astype(np.float64))
        place_BC = np.clip((odds_BC + _REACH) * (num_fine / (2 * _REACH)), 0, num_fine - 1).astype(np.intp)
        for column in range(scores_BC.shape[1]):
            fine_B = place_BC[:, column] + num_fine * hits_BC[:, column]
            self.fine_C2G[column] += np.bincount(fine_B, weights_RB[0], 2 * num_fine).reshape(2, -1)
            coarse_B = place_BC[:, column] // (num_fine // num_coarse) + num_coarse * hits_BC[:, column]
            for row, weights_B in enumerate(weights_RB):
                self.coarse_RC2G[row, column] += np.bincount(coarse_B, weights_B, 2 * num_coarse).reshape(2, -1)

    # -- what metrics read -----------------------------------------------------------------------------------------------
    def areas(self, area: Area) -> np.ndarray:
        """`area` of every column, float64 (1 + R, C)."""
        out_RC = np.full((1 + self.replicates, self.num_columns), np.nan)
        if self.fine_C2G is None or self.coarse_RC2G is None:
            for column in range(self.num_columns):
                for rows, positives_RG, negatives_RG in self._sorted(column):
                    out_RC[rows, column] = area(positives_RG, negatives_RG)
            return out_RC
        self._flush()
        for column in range(self.num_columns):
            coarse_R2G = self.coarse_RC2G[:, column, :, ::-1]
            drawn_R = area(coarse_R2G[:, 1], coarse_R2G[:, 0])
            out_RC[0, column] = self._plain(column, area)
            out_RC[1 : len(drawn_R), column] = drawn_R[1:] - drawn_R[0] + out_RC[0, column]
        return out_RC

    def macro(self, area: Area) -> np.ndarray:
        """Mean of `area` over the columns where it is defined, float64 (1 + R,)."""
        out_RC = self.areas(area)
        return mean_where(out_RC, np.isfinite(out_RC))

    def tallies(self, column: int) -> tuple[np.ndarray, np.ndarray]:
        """Weights of positives and of negatives (G,) for the data as they are, best score first."""
        if self.fine_C2G is None:
            for _rows, positives_RG, negatives_RG in self._sorted(column):
                return positives_RG[0], negatives_RG[0]
            return np.zeros(0), np.zeros(0)
        self._flush()
        return self.fine_C2G[column, 1, ::-1], self.fine_C2G[column, 0, ::-1]

    def _plain(self, column: int, area: Area) -> float:
        positives_G, negatives_G = self.tallies(column)
        return float(area(positives_G[None], negatives_G[None])[0])

    def _sorted(self, column: int, *, at_once: int = 16) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """Kept examples, best first and equal scores together, for a few replicates at a time."""
        if not self.kept:
            return
        scores_B = np.concatenate([part[0][:, column] for part in self.kept])
        hits_B = np.concatenate([part[1][:, column] for part in self.kept])
        order = np.argsort(-scores_B, kind="stable")
        scores_B, hits_B = scores_B[order], hits_B[order]
        starts = np.flatnonzero(np.concatenate([[True], scores_B[1:] != scores_B[:-1]]))
        for first in range(0, 1 + self.replicates, at_once):
            rows = slice(first, min(first + at_once, 1 + self.replicates))
            weights_RB = np.concatenate([part[2][rows] for part in self.kept], axis=1)[:, order].astype(np.float64)
            positives_RG = np.add.reduceat(weights_RB * hits_B, starts, axis=1)
            negatives_RG = np.add.reduceat(weights_RB * ~hits_B, starts, axis=1)
            yield rows, positives_RG, negatives_RG


def _power_of_two(number: float, *, least: int) -> int:
    """The largest power of two not above `number`, but at least `least`."""
    return max(least, 2 ** int(np.log2(max(number, 1.0))))


def roc_area(positives_RG: np.ndarray, negatives_RG: np.ndarray) -> np.ndarray:
    """Area under the ROC curve: the share of pairs in which the positive is above the negative, equal ones counting half."""
    pairs_R = positives_RG.sum(1) * negatives_RG.sum(1)
    above_RG = np.cumsum(positives_RG, axis=1) - positives_RG / 2
    return ratio((negatives_RG * above_RG).sum(1), pairs_R)


def average_precision(positives_RG: np.ndarray, negatives_RG: np.ndarray) -> np.ndarray:
    """Mean over positives of the precision among all scores at least as high."""
    total_R = positives_RG.sum(1)
    found_RG = np.cumsum(positives_RG, axis=1)
    taken_RG = found_RG + np.cumsum(negatives_RG, axis=1)
    return ratio((positives_RG * ratio(found_RG, taken_RG, empty=0.0)).sum(1), total_R)


def roc_error_bound(state: Ranking) -> float:
    """How far the macro area under the ROC curve can be from the exact one: 0 while every score is kept."""
    if state.exact:
        return 0.0
    bounds = []
    for column in range(state.num_columns):
        positives_G, negatives_G = state.tallies(column)
        pairs = positives_G.sum() * negatives_G.sum()
        if pairs > 0:
            bounds.append(0.5 * float((positives_G * negatives_G).sum() / pairs))
    return float(np.mean(bounds)) if bounds else 0.0
