"""Masks of single things as bits: eight pixels of a row in a byte. T things, H and W pixels, W a multiple of eight.

A thing covers few pixels, and pictures hold many things: as bits they take an eighth, and what two have in common is counted
by words. In the store they are shorter still, as runs: how many pixels lie outside, then inside, and so on, row by row.
"""

import math

import numpy as np
import torch

_PLACES = (7, 6, 5, 4, 3, 2, 1, 0)


def packed(mask_THW: torch.Tensor) -> torch.Tensor:
    """bool or uint8 (T, H, W) → uint8 (T, H, W / 8).

    >>> unpacked(packed(torch.eye(8)[None] > 0)).equal(torch.eye(8)[None].byte())
    True
    """
    T, H, W = mask_THW.shape
    weights = torch.tensor([1 << place for place in _PLACES], dtype=torch.uint8, device=mask_THW.device)
    return (mask_THW.view(T, H, W // 8, 8).to(torch.uint8) * weights).sum(3, dtype=torch.uint8)


def unpacked(bits_THw: torch.Tensor) -> torch.Tensor:
    """The opposite: uint8 (T, H, W) of 0 and 1."""
    places = torch.tensor(_PLACES, dtype=torch.uint8, device=bits_THw.device)
    return (bits_THw.unsqueeze(3) >> places & 1).flatten(2)


def runs_of(mask_HW: np.ndarray) -> np.ndarray:
    """How many pixels lie outside, inside, outside, … of one mask, row by row: int32.

    >>> runs_of(np.array([[0, 1], [1, 0]])).tolist()
    [1, 2, 1]
    """
    flat = np.concatenate([[0], (mask_HW.ravel() != 0).astype(np.int8)])
    return np.diff(np.concatenate([[0], np.flatnonzero(np.diff(flat)), [flat.size - 1]])).astype(np.int32)


def of_runs(runs: np.ndarray, height: int, width: int) -> np.ndarray:
    """The mask of such runs: bool (H, W)."""
    inside = np.zeros(len(runs), bool)
    inside[1::2] = True
    return np.repeat(inside, runs).reshape(height, width)


def boxes_of(mask_THW: torch.Tensor) -> torch.Tensor:
    """`box_T4` float32: left, top, right, bottom around what each mask covers, in shares of its sides; 0 where it is empty."""
    _T, H, W = mask_THW.shape
    sides = []
    for seen_TN, room in ((mask_THW.amax(1), W), (mask_THW.amax(2), H)):
        at_N = torch.arange(room, device=mask_THW.device)
        low = torch.where(seen_TN > 0, at_N, room).amin(1)
        high = torch.where(seen_TN > 0, at_N + 1, 0).amax(1)
        sides.append((torch.minimum(low, high) / room, high / room))
    (left, right), (top, bottom) = sides
    return torch.stack([left, top, right, bottom], 1).float()


def common(left_PHw: np.ndarray, right_QHw: np.ndarray, near_PQ: np.ndarray) -> np.ndarray:
    """`common_PQ` int64: pixels that two masks both cover; of pairs that are not `near`, 0."""
    found_PQ = np.zeros(near_PQ.shape, np.int64)
    left, right = (np.ascontiguousarray(bits).reshape(len(bits), math.prod(bits.shape[1:])) for bits in (left_PHw, right_QHw))
    if left.shape[1] % 8 == 0:  # by words
        left, right = left.view(np.uint64), right.view(np.uint64)
    for p, near_Q in enumerate(near_PQ):
        own = np.flatnonzero(near_Q)
        found_PQ[p, own] = np.bitwise_count(left[p] & right[own]).sum(1, dtype=np.int64)
    return found_PQ


def areas(bits_THw: np.ndarray) -> np.ndarray:
    """Pixels that each mask covers: int64 (T)."""
    return np.bitwise_count(bits_THw).sum((1, 2), dtype=np.int64)
