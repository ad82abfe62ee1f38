"""Whether two pictures show nearly the same: small grey copies that agree, of files and arrays alike.

N pictures, R of them, P pairs, D numbers of a small copy.
"""

import numpy as np
import torch
from torch.nn.functional import adaptive_avg_pool2d

from fukami.core.tables import Column
from fukami.fields import glances, pictures
from fukami.fields.glance import THUMBNAIL_PX

NEARLY_SAME = 0.99
"""Correlation of small grey copies from which pictures are nearly the same. Different articles of clothing reach 0.98."""
TELLING = 48
"""Directions in which small copies differ most."""


def correlate(column: Column, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Whether the small grey copies of rows `left[p]` and `right[p]` correlate (bool, P)."""
    rows, index = np.unique(np.concatenate([left, right]), return_inverse=True)
    if not len(rows):
        return np.zeros(0, dtype=bool)
    small, pairs = thumbnails(column, rows), index.reshape(2, -1)
    # far apart along the directions that tell most is far apart: this dismisses nearly all pairs at little cost
    some = small[:: max(1, len(small) // 1000)]
    telling = small @ np.linalg.eigh(some.T @ some)[1][:, -TELLING:]
    a, b = pairs
    same = np.square(telling[a] - telling[b]).sum(1) <= 2 * (1 - NEARLY_SAME)
    asked = np.flatnonzero(same)
    same[asked] = np.einsum("pd,pd->p", small[a[asked]], small[b[asked]]) > NEARLY_SAME
    return same


def thumbnails(column: Column, rows: np.ndarray) -> np.ndarray:
    """Small grey copies of some pictures (R, D), each centred and of length 1: the product of two is their correlation."""
    if glances.is_pixels(column):
        x_NCHW = pictures.as_nchw(column.values[rows], pictures.layout_of(column.values.shape, column.name))
        side = min(THUMBNAIL_PX * 2, *x_NCHW.shape[2:])  # arrays are small: no need to lose what tells them apart
        small = adaptive_avg_pool2d(torch.from_numpy(np.asarray(x_NCHW, np.float32).mean(1)), side).numpy()
    else:
        looks = glances.glances(column.take(rows))
        found = (np.frombuffer(g.thumbnail or bytes(THUMBNAIL_PX**2), np.uint8) for g in looks)
        small = np.stack(list(found)).astype(np.float32)
    flat = small.reshape(len(rows), -1)
    flat = flat - flat.mean(1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)


def difference_hashes(column: Column) -> np.ndarray:
    """uint64 (N): whether each of 8 × 8 patches is brighter than its right neighbour."""
    if not glances.is_pixels(column):
        return np.array([g.near for g in glances.glances(column)], dtype=np.uint64)
    x_NCHW = pictures.as_nchw(column.values, pictures.layout_of(column.values.shape, column.name))
    out = []
    for start in range(0, len(x_NCHW), 8192):
        part = torch.from_numpy(x_NCHW[start : start + 8192].astype(np.float32)).mean(1)
        small = adaptive_avg_pool2d(part[:, None], (8, 9))[:, 0].numpy()
        bits = small[:, :, :-1] < small[:, :, 1:] - 1e-3
        out.append(np.packbits(bits.reshape(len(bits), 64), axis=1).view(">u8")[:, 0].astype(np.uint64))
    return np.concatenate(out) if out else np.zeros(0, np.uint64)
