"""Decision trees over rows of a table as tensors: what was grown elsewhere answers wherever a network does.

Every tree is asked all its questions at once. A leaf is reached where each question on the way to it was answered as the way
goes; since nothing else depends on the row, a tree is three products of matrices, whatever its depth.

Source: Nakandala et al. 2020, "A tensor compiler for unified machine learning prediction serving" (the GEMM form).

Shapes: B batch, n numbers without indicators, M categories, T trees, S splits of a tree at most, L = S + 1 leaves, Q splits by
category, C values of a category at most, V = 2 n + 2 M + Q values that are asked about.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from fukami.core.specs import RowSpec
from fukami.fields.contract import Cells

BEYOND = 3e38
"""Where a value is that is missing; thresholds stay within `LARGEST`."""
LARGEST = 1e38


@dataclass(frozen=True)
class Split:
    """One question: is value number `source` at most `threshold`? Or, by category, does `left` (C) hold the row's value?"""

    source: int
    threshold: float = 0.5
    left: np.ndarray | None = None


@dataclass(frozen=True)
class Leaf:
    """The `value` of a leaf, and the way to it: splits of its tree, each with whether the way goes left there."""

    value: float
    way: tuple[tuple[int, bool], ...]


Grown = list[tuple[list[Split], list[Leaf]]]
"""Splits and leaves of each tree. The `source` of a split by category is the number of the category."""


class Trees(nn.Module):
    """`Cells` → `features_BT`: the value of the leaf that the row reaches in each tree.

    Nothing of it is learned by steps; `take` gives it the trees. Missing numbers are known by their indicators
    (`RowSpec.missing`) and go where each split sends them: to the left as the `low`, to the right as the `high` of the two
    values that stand for a number.
    """

    source: torch.Tensor
    threshold: torch.Tensor
    path: torch.Tensor
    lefts: torch.Tensor
    value: torch.Tensor
    asked: torch.Tensor
    left: torch.Tensor
    indicator: torch.Tensor

    def __init__(self, spec: RowSpec):
        super().__init__()
        self.num_plain = spec.num_numbers - len(spec.missing)
        self.cardinalities, self.num_values = spec.cardinalities, max(spec.cardinalities, default=1)
        self.num_categories = len(spec.cardinalities)
        indicator = torch.full((self.num_plain,), spec.num_numbers)
        for position, number in enumerate(spec.missing):
            indicator[number] = self.num_plain + position
        self.register_buffer("indicator", indicator, persistent=False)
        for name in ("source", "threshold", "path", "lefts", "value", "asked", "left"):
            self.register_buffer(name, None)
        self.take([([], [Leaf(0.0, ())])])

    def low(self, number: int) -> int:
        """The value of a number that is very small where it is missing. Categories follow the numbers, as their codes."""
        return number

    def high(self, number: int) -> int:
        """The value of a number that is very large where it is missing."""
        return self.num_plain + self.num_categories + number

    def told_apart(self, most: int) -> np.ndarray:
        """Which of the numbers and categories are categories of at most `most` values (bool, n + M)."""
        return np.array([False] * self.num_plain + [size <= most for size in self.cardinalities])

    def take(self, grown: Grown) -> None:
        """Answers by these trees from now on."""
        most = max(1, *(len(splits) for splits, _leaves in grown))
        T, L, first = len(grown), most + 1, 2 * (self.num_plain + self.num_categories)
        source, threshold = np.zeros((T, most), np.int64), np.zeros((T, most), np.float32)
        path, value = np.zeros((T, L, most), np.int8), np.zeros((T, L), np.float32)
        by_category: list[Split] = []
        for tree, (splits, leaves) in enumerate(grown):
            for number, split in enumerate(splits):
                if split.left is not None:
                    source[tree, number], threshold[tree, number] = first + len(by_category), 0.5
                    by_category.append(split)
                else:
                    source[tree, number], threshold[tree, number] = split.source, below(split.threshold)
            for number, leaf in enumerate(leaves):
                value[tree, number] = leaf.value
                for split_number, goes_left in leaf.way:
                    path[tree, number, split_number] = 1 if goes_left else -1
        asked = np.array([split.source for split in by_category] or [0], np.int64)
        left = np.stack([split.left for split in by_category if split.left is not None] or [np.zeros(self.num_values, bool)])
        made = {"source": source, "threshold": threshold, "path": path, "lefts": (path > 0).sum(2).astype(np.float32)}
        made |= {"value": value, "asked": asked, "left": left.astype(np.uint8)}
        for name, array in made.items():
            setattr(self, name, torch.from_numpy(np.ascontiguousarray(array)))
        self.num_features = T

    def forward(self, cells: Cells) -> torch.Tensor:
        (T, S), B = self.source.shape, cells.numbers.shape[0]
        values_VB = self.values(cells)
        goes_left_TSB = (values_VB.index_select(0, self.source.flatten()) <= self.threshold.reshape(-1, 1)).reshape(T, S, B)
        agreed_TLB = torch.bmm(self.path.to(cells.numbers.dtype), goes_left_TSB.to(cells.numbers.dtype))
        # a way agrees with all its turns to the left and with none of those to the right, or it is not the row's
        reached_TLB = (agreed_TLB == self.lefts.unsqueeze(-1)).to(cells.numbers.dtype)
        return torch.bmm(self.value.to(cells.numbers.dtype).unsqueeze(1), reached_TLB).squeeze(1).T

    def values(self, cells: Cells) -> torch.Tensor:
        """`values_VB`: everything that a split may ask about."""
        numbers, codes_MB = cells.numbers, cells.categories.T
        gone_Bn = nn.functional.pad(numbers, (0, 1)).index_select(1, self.indicator) > 0.5
        plain_B = torch.cat([numbers[:, : self.num_plain], codes_MB.T.to(numbers.dtype)], 1)
        gone_B = torch.cat([gone_Bn, codes_MB.T == 0], 1)
        low_B, high_B = plain_B.masked_fill(gone_B, -BEYOND), plain_B.masked_fill(gone_B, BEYOND)
        parts = [low_B.T, high_B.T]
        if self.num_categories:
            goes_left_QB = self.left.gather(1, codes_MB.index_select(0, self.asked))
            parts.append(1 - goes_left_QB.to(numbers.dtype))
        return torch.cat(parts)


def below(threshold: float) -> np.float32:
    """The largest float32 that is not above it: whatever float32 is at most the one is at most the other.

    >>> float(below(0.1)) <= 0.1, float(below(float("inf")))
    (True, 9.999999680285692e+37)
    """
    near = np.float32(min(max(threshold, -LARGEST), LARGEST))
    return np.nextafter(near, np.float32(-np.inf)) if float(near) > threshold else near
