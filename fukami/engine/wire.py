"""A tree of NumPy arrays as one tensor of bytes and back: how answers travel between processes without pickle."""

import json
from typing import Any

import numpy as np
import torch

from fukami.fields.plain import put_together, taken_apart

HEAD = 8
"""Bytes that give the length of the description, which precedes the data."""


def packed(tree: Any) -> torch.Tensor:
    """uint8: the forms of the tree and of its arrays as JSON, then their bytes. Arrays of Python objects are refused.

    >>> [a.tolist() for a in unpacked(packed((np.eye(2), np.array([], np.int64), np.array(True))))]
    [[[1.0, 0.0], [0.0, 1.0]], [], True]
    """
    form, arrays = taken_apart(tree)
    described = json.dumps([form, [[array.dtype.str, array.shape] for array in arrays]]).encode()
    pieces = [len(described).to_bytes(HEAD, "little"), described, *(np.ascontiguousarray(a).tobytes() for a in arrays)]
    return torch.frombuffer(bytearray(b"".join(pieces)), dtype=torch.uint8)


def unpacked(sent: torch.Tensor) -> Any:
    """The tree that `packed` was given; bytes after it are not read."""
    data = bytearray(sent.numpy().tobytes())  # which may be written to, as any array may
    at = HEAD + int.from_bytes(data[:HEAD], "little")
    arrays = []
    form, forms = json.loads(data[HEAD:at])
    for kind, shape in forms:
        count = int(np.prod(shape))
        arrays.append(np.frombuffer(data, np.dtype(kind), count=count, offset=at).reshape(shape))
        at += count * np.dtype(kind).itemsize
    return put_together(form, arrays)
