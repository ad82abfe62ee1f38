"""Datasets in the four files of MNIST."""

from pathlib import Path

import numpy as np

from fukami.core.tables import Table
from fukami.data.readers.idx import read_array, table_of

_PARTS = (("train", "train"), ("test", "t10k"))


def table_of_four(files: dict[str, Path], name: str, *, classes: tuple[str, ...] = ()) -> Table:
    """`train-…` and `t10k-…` as the parts train and test."""
    pictures = [read_array(files[f"{prefix}-images-idx3-ubyte.gz"]) for _part, prefix in _PARTS]
    labels = [read_array(files[f"{prefix}-labels-idx1-ubyte.gz"]).astype(np.int64) for _part, prefix in _PARTS]
    parts = [part for (part, _prefix), y in zip(_PARTS, labels, strict=True) for _y in y]
    return table_of(name, pictures, labels, parts, classes=classes)
