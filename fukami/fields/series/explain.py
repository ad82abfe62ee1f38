"""Stretches of channels: what an explanation of a series weighs, how they are taken away, and the curves with them coloured.

A stretch is taken away by putting the channel's mean over the whole window in its place: a level, without what happened then.
Where each example is a series of its own, it is the mean of all training series, so that its level goes as well.
L steps, C channels, P patterns, U units.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from fukami.core.lazily import torch
from fukami.fields.lettering import Piece, drawn
from fukami.fields.series.render import panel
from fukami.fields.units import Portrait, Units, css, signed, strength

BLOCKS, MOST = 8, 64
"""Stretches of each channel, and units in all: of many channels each has fewer stretches."""
_LISTED = 8


def blocks_of(steps: int, channels: int) -> np.ndarray:
    """The stretch of each of L steps, all about equally long; the last ones are the latest.

    >>> blocks_of(6, 40).tolist(), int(blocks_of(16, 1).max())
    ([0, 0, 0, 0, 0, 0], 7)
    """
    count = min(steps, max(1, min(BLOCKS, MOST // channels)))
    return np.arange(steps) * count // steps


def units_of(batch: torch.Tensor, channels: Sequence[str]) -> Units:
    """One unit for each stretch of each channel; elements are the (L, C) values."""
    block_L = blocks_of(batch.shape[1], len(channels))
    count = int(block_L.max()) + 1
    names, told = [], []
    for channel in channels:
        for block in range(count):
            steps = np.flatnonzero(block_L == block) - len(block_L)
            names.append(f"{channel} [{steps[0]} … {steps[-1]}]")
            told.append({"channel": channel, "steps": [int(steps[0]), int(steps[-1])]})
    of_LC = block_L[:, None] + np.arange(len(channels)) * count
    return Units(tuple(names), of_LC, tuple(told))


def without(batch: torch.Tensor, units: Units, gone_PU: np.ndarray, *, own_level: bool) -> torch.Tensor:
    """`x_PLC`: copies of the one window, in which the stretches of each pattern are level: at the window's mean, or at 0."""
    gone_PLC = torch.from_numpy(gone_PU[:, units.of]).to(batch.device)
    return torch.where(gone_PLC, batch.mean(1, keepdim=True) if own_level else torch.zeros_like(batch), batch)


def portrait(batch: torch.Tensor, units: Units, weights_U: np.ndarray, channels: Sequence[str]) -> Portrait:
    """The curves with each stretch on its colour."""
    shares, x_LC = strength(weights_U), batch[0].cpu().numpy()
    parts = []
    for index, channel in enumerate(channels):
        bands = []
        for unit in np.unique(units.of[:, index]):
            at = np.flatnonzero(units.of[:, index] == unit)
            bands.append((int(at[0]), int(at[-1]) + 1, css(float(shares[unit]), opacity=0.6), signed(float(weights_U[unit]))))
        parts.append(panel(channel, [(0, x_LC[:, index], "#333")], bands=bands))

    def png() -> bytes:
        order = np.argsort(-np.abs(weights_U), kind="stable")[:24]
        return drawn([[Piece(f"{signed(float(weights_U[u]))}  {units.names[u]}", float(shares[u]))] for u in order])

    order = np.argsort(-np.abs(weights_U), kind="stable")[:_LISTED]
    lines = tuple(f"{signed(float(weights_U[u]))}  {units.names[u]}" for u in order)
    return Portrait(f"<div>{''.join(parts)}</div>" if parts else escape(""), png, lines)
