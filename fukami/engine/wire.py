"""Numpy arrays as one tensor of bytes and back: how arrays travel between processes without pickle."""

import json
from typing import Any

import numpy as np
import torch

HEAD = 8
"""Bytes that give the length of the description, which precedes the data."""


def packed(arrays: tuple[np.ndarray, ...]) -> torch.Tensor:
    """uint8: the arrays' forms as JSON, then their bytes. Arrays of Python objects are refused.

    >>> [a.tolist() for a in unpacked(packed((np.eye(2), np.array([], np.int64), np.array(True))))]
    [[[1.0, 0.0], [0.0, 1.0]], [], True]
    """
    if any(array.dtype.hasobject for array in arrays):
        raise TypeError("arrays of Python objects cannot be sent")
    described = json.dumps([[array.dtype.str, array.shape] for array in arrays]).encode()
    pieces = [len(described).to_bytes(HEAD, "little"), described, *(np.ascontiguousarray(a).tobytes() for a in arrays)]
    return torch.frombuffer(bytearray(b"".join(pieces)), dtype=torch.uint8)


def unpacked(sent: torch.Tensor) -> tuple[np.ndarray, ...]:
    """The arrays that `packed` was given; bytes after them are not read."""
    data = sent.numpy().tobytes()
    at = HEAD + int.from_bytes(data[:HEAD], "little")
    arrays = []
    forms: list[Any] = json.loads(data[HEAD:at])
    for kind, shape in forms:
        count = int(np.prod(shape))
        arrays.append(np.frombuffer(data, np.dtype(kind), count=count, offset=at).reshape(shape))
        at += count * np.dtype(kind).itemsize
    return tuple(arrays)
