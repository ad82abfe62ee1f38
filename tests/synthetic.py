"""Small raw data for every kind of field, so that laws can run over every task because its file is there."""

import numpy as np

from fukami.core.tables import Column
from fukami.fields.registry import field_class


def columns(kinds: dict[str, str], total: int = 48, *, seed: int = 0, num_classes: int = 3) -> dict[str, list[Column]]:
    """Field name → raw columns for the fields' kinds, all about the same hidden classes."""
    rng = np.random.default_rng(seed)
    hidden = np.arange(total) % num_classes
    return {name: field_class(kind).specimens(hidden, rng) for name, kind in kinds.items()}
