"""Results as JSON that every reader accepts: no NaN, no NumPy, no paths.

>>> plain({"a": float("nan"), "b": (1, 2.5)})
{'a': None, 'b': [1, 2.5]}
"""

import dataclasses
import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any


def plain(value: Any) -> Any:
    """`value` of dicts, sequences, numbers and text. A figure that is not finite becomes null, as JSON has none."""
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(part) for part in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    if isinstance(value, PurePath):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(dataclasses.asdict(value))
    tolist = getattr(value, "tolist", None)  # NumPy's and torch's numbers and arrays
    if tolist is not None:
        return plain(tolist())
    raise TypeError(f"{type(value).__name__} has no JSON form")
