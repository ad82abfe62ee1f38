"""A column of pictures as the pixels that are stored, of one size, one mode, 8 bits; and stored pixels as a batch of numbers.

`x_NCHW` uint8, in memory in the order N, H, W, C. What shapes them is in `state`: `size_px`, `channels`, `resize`, `levels`.
B pictures of a batch, S = W · C numbers of one row of pixels.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image as Pillow

from fukami.core.lazily import F, torch
from fukami.core.tables import Column
from fukami.fields.gather import gathered
from fukami.fields.image import decode, looks
from fukami.fields.image.look_cache import Key
from fukami.fields.image.memory import MEMORY, Form
from fukami.fields.image.ranges import range_of_array

SHAPING = tuple(Form._fields)
"""The parts of a state that shape the pixels."""
COUNTED_AT_A_TIME = 64
"""Pictures whose values are counted at a time: for that they become numbers of eight bytes."""


def encoded(column: Column, state: dict[str, Any], *, hold: bool = False) -> np.ndarray:
    """`x_NCHW` of all pictures; `hold` where they are soon asked for again. Raises `DataError` naming an undecodable one."""
    if looks.is_pixels(column):
        return _of_array(column, state)
    items = looks.raw_cells(column)
    keys = looks.keys_of(items, column.base) if hold or len(MEMORY) else [None] * len(items)
    out = _channels_last(len(items), state["channels"], state["size_px"])

    def fill(row: int) -> None:
        out[row] = _one(items[row], keys[row], looks.place(column, row, items[row]), column, state, hold)
        if not hold and keys[row] is not None:
            MEMORY.drop(keys[row])

    looks.in_threads(fill, range(len(items)))
    return out


def _one(cell: Any, key: Key | None, where: str, column: Column, state: dict[str, Any], hold: bool) -> np.ndarray:
    """`x_CHW` of one cell, decoded unless that was just done."""
    size, channels, levels = state["size_px"], state["channels"], state["levels"]
    form = Form(size, channels, state["resize"], json.dumps(levels, sort_keys=True))
    held = MEMORY.stored(key, form)
    if held is not None:
        return held
    if isinstance(cell, np.ndarray):
        image = decode.from_array(cell, levels, where)
    else:
        image = MEMORY.whole(key, size_px=size, channels=channels)
        if image is None:
            data = decode.content(cell, column.base, where)
            image = decode.decoded(data, where, at_least=size, grey=channels == 1)
    x_CHW = decode.pixels(decode.fitted(decode.in_mode(image, channels, levels), size, state["resize"]))
    if hold and key is not None:
        MEMORY.hold_stored(key, form, x_CHW)
    return x_CHW


def reduced(column: Column, state: dict[str, Any], size: int) -> np.ndarray:
    """`x_NCHW` of at most `size` px. Files are decoded as they are stored, which is soon asked for again."""
    small = min(size, state["size_px"])
    if looks.is_pixels(column):
        return encoded(column, {**state, "size_px": small})
    items = looks.raw_cells(column)
    keys, out = looks.keys_of(items, column.base), _channels_last(len(items), state["channels"], small)

    def fill(row: int) -> None:
        x_CHW = _one(items[row], keys[row], looks.place(column, row, items[row]), column, state, True)
        image = Pillow.fromarray(np.ascontiguousarray(x_CHW[0] if len(x_CHW) == 1 else x_CHW.transpose(1, 2, 0)))
        out[row] = decode.pixels(decode.fitted(image, small, "squash"))

    looks.in_threads(fill, range(len(items)))
    return out


def moments(x_NCHW: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of each channel (C), from how often each of the 256 values occurs: exact, and little memory.

    >>> moments(np.array([[[[0, 255]]]], np.uint8))
    (array([127.5]), array([127.5]))
    """
    C, values = x_NCHW.shape[1], np.arange(256)
    times_CV = np.zeros((C, 256), np.int64)
    for start in range(0, len(x_NCHW), COUNTED_AT_A_TIME):
        part = x_NCHW[start : start + COUNTED_AT_A_TIME].transpose(0, 2, 3, 1).reshape(-1, C)
        for channel in range(C):
            times_CV[channel] += np.bincount(part[:, channel], minlength=256)
    count = max(1, x_NCHW[:, 0].size)
    mean_C = times_CV @ values / count
    return mean_C, np.sqrt(np.maximum(times_CV @ values**2 / count - mean_C**2, 0.0))


def _of_array(column: Column, state: dict[str, Any]) -> np.ndarray:
    layout = decode.layout_of(column.values.shape, column.name)
    size, channels = state["size_px"], state["channels"]
    x_NCHW = decode.as_nchw(column.values, layout)
    out = _channels_last(len(x_NCHW), channels, size)
    levels = range_of_array(state["levels"], x_NCHW)
    step = max(1, (64 << 20) // max(1, x_NCHW[0].size * 4)) if len(x_NCHW) else 1
    for start in range(0, len(x_NCHW), step):
        part = decode.to_bytes(x_NCHW[start : start + step], levels)
        out[start : start + step] = fitted_arrays(decode.with_channels(part, channels), size, state["resize"])
    return out


def fitted_arrays(x_NCHW: np.ndarray, size: int, mode: str) -> np.ndarray:
    """uint8 arrays of one size, fitted to `size` × `size` as `decode.fitted` does with one picture."""
    H, W = x_NCHW.shape[2:]
    if (size, size) == (H, W):
        return x_NCHW
    if mode == "crop":
        side = min(H, W)
        top, left = (H - side) // 2, (W - side) // 2
        x_NCHW = x_NCHW[:, :, top : top + side, left : left + side]
    elif mode == "pad":
        side = max(H, W)
        top, left = (side - H) // 2, (side - W) // 2
        pads = ((0, 0), (0, 0), (top, side - H - top), (left, side - W - left))
        x_NCHW = np.pad(x_NCHW, pads, constant_values=128)
    x = torch.from_numpy(x_NCHW.astype(np.float32, order="C"))
    return F.interpolate(x, (size, size), mode="bilinear", antialias=True).round_().clamp_(0, 255).byte().numpy()


def _channels_last(total: int, channels: int, size: int) -> np.ndarray:
    """Room for `x_NCHW` uint8, whose memory is in the order N, H, W, C."""
    return np.empty((total, size, size, channels), np.uint8).transpose(0, 3, 1, 2)


def normalised(
    x_NCHW: np.ndarray | torch.Tensor,
    rows: np.ndarray,
    mean_C: Sequence[float],
    std_C: Sequence[float],
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """`x_BCHW` float32 of the rows of `x_NCHW` uint8, whose memory is in the order N, H, W, C, as that of the result is.

    Mean and deviation are of pixels from 0 to 1.
    """
    x_BHWC = gathered(x_NCHW.swapaxes(1, 2).swapaxes(2, 3), rows, device)
    B, H, W, C = x_BHWC.shape
    x_BHS = x_BHWC.reshape(B, H, W * C).float()
    scale_S, shift_S = _normalisers(tuple(mean_C), tuple(std_C), W, x_BHS.device)
    return torch.addcmul(shift_S, x_BHS, scale_S, out=x_BHS).view(B, H, W, C).permute(0, 3, 1, 2)


@lru_cache(maxsize=16)
def on_device(values: tuple[float, ...], device: torch.device) -> torch.Tensor:
    """Numbers that every batch needs, carried once: a device would be waited for each time."""
    return torch.tensor(values, device=device)


@lru_cache(maxsize=16)
def _normalisers(
    mean_C: tuple[float, ...], std_C: tuple[float, ...], width: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """What a row of raw pixels is multiplied by, and what is added: both (W · C,), so that memory is read straight."""
    mean, std = on_device(mean_C, device), on_device(std_C, device)
    return (1 / (255 * std)).repeat(width), (-mean / std).repeat(width)
