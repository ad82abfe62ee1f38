"""Where the elements of an input lie: raw places, and places in the tensor that a network sees.

What is marked on an input (boxes on a picture, tags on a text) is encoded, moved by augmentation, and restored by these maps,
so that it is always where it belongs. B examples, L elements.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fukami.core.lazily import torch


@dataclass(frozen=True)
class Plane:
    """Pictures: `map_B23` leads from raw pixels `(x, y, 1)` to pixels of the tensor, whose size is `(height, width)`.

    `raw_B2` holds the raw sizes, width first.

    >>> plane = Plane(np.array([[[0.5, 0, 0], [0, 2.0, 1]]]), np.array([[20, 10]]), (21, 10))
    >>> plane.forth(np.array([[4.0, 3.0]]), np.array([0])).tolist(), plane.back(np.array([[2.0, 7.0]]), np.array([0])).tolist()
    ([[2.0, 7.0]], [[4.0, 3.0]])
    """

    map: np.ndarray
    raw: np.ndarray
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.map)

    def taken(self, rows: np.ndarray) -> Plane:
        return Plane(self.map[rows], self.raw[rows], self.size)

    def forth(self, points_P2: np.ndarray, example_P: np.ndarray) -> np.ndarray:
        """Raw points as points of the tensor; `example_P` says of which example each is."""
        map_P23 = self.map[example_P]
        return np.einsum("pij,pj->pi", map_P23[:, :, :2], points_P2) + map_P23[:, :, 2]

    def back(self, points_P2: np.ndarray, example_P: np.ndarray) -> np.ndarray:
        """Points of the tensor as raw points."""
        map_P23 = self.map[example_P]
        return np.einsum("pij,pj->pi", np.linalg.inv(map_P23[:, :, :2]), points_P2 - map_P23[:, :, 2])


@dataclass(frozen=True)
class Line:
    """Sequences: element l of example b covers raw places `starts[b][l]` up to `ends[b][l]` (characters, seconds, steps).

    `texts` are what the places of characters lie in, so that an answer can quote it; empty where places are none of a text.
    """

    starts: list[np.ndarray]
    ends: list[np.ndarray]
    texts: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.starts)

    def taken(self, rows: np.ndarray) -> Line:
        texts = tuple(self.texts[row] for row in rows) if self.texts else ()
        return Line([self.starts[row] for row in rows], [self.ends[row] for row in rows], texts)


@dataclass(frozen=True)
class Scale:
    """Values in a unit of the example's own: `(raw - shift_B) / factor_B`, further axes beside."""

    shift: np.ndarray
    factor: np.ndarray

    def __len__(self) -> int:
        return len(self.shift)

    def taken(self, rows: np.ndarray) -> Scale:
        return Scale(self.shift[rows], self.factor[rows])


Frame = Plane | Line | Scale
"""Three; a fourth needs two fields that cannot do without it."""


@dataclass(frozen=True)
class Moved:
    """How augmentation moved the pictures of a batch: `map_B23` leads from places in the new tensor to those in the old one,
    both on a scale from -1 to 1 over the picture's edges, as `torch.nn.functional.affine_grid` takes it. Edges are repeated.
    """

    map: torch.Tensor

    def grid(self, height: int, width: int) -> torch.Tensor:
        """`grid_BHW2` of places in the old picture for each pixel of a new one of this size."""
        size = [len(self.map), 1, height, width]
        return torch.nn.functional.affine_grid(self.map.float(), size, align_corners=False)

    def points(self, points_P2: torch.Tensor, example_P: torch.Tensor, height: int, width: int) -> torch.Tensor:
        """Where points of old pictures (in pixels, x first) are in the new ones."""
        size = points_P2.new_tensor([width, height])
        map_P23 = self.map.to(points_P2)[example_P]
        old_P2 = points_P2 / size * 2 - 1 - map_P23[:, :, 2]
        new_P2 = torch.linalg.solve(map_P23[:, :, :2], old_P2.unsqueeze(2)).squeeze(2)
        return (new_P2 + 1) / 2 * size


NONE: dict[str, Any] = {}
"""No frames."""
