"""Names of classes: what cells say, in which order they stand, which of them are one name spelt twice."""

import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np

from fukami.core.tables import Column
from fukami.fields import cells


def label_of(value: Any) -> str | None:
    """The class name of one raw value, None where it is missing.

    >>> [label_of(v) for v in (1.0, 1, True, "cat", " ", None, 0.5, -0.0)]
    ['1', '1', 'true', 'cat', None, None, '0.5', '0']
    """
    if value is None or value != value:
        return None
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, float) and value == int(value if abs(value) < 1e15 else 0.5):
        return str(int(value))
    text = str(value)
    return text if text.strip() else None


def in_order(labels: Sequence[str]) -> list[str]:
    """Class names in numeric order where all are numbers, else sorted.

    >>> in_order(["10", "9", "-1"]), in_order(["b", "10", "a"])
    (['-1', '9', '10'], ['10', 'a', 'b'])
    """
    try:
        return sorted(labels, key=lambda label: (float(label), label))
    except ValueError:
        return sorted(labels)


def labels_of(column: Column) -> tuple[np.ndarray, list[str]]:
    """Each example's position in the ordered list of classes, -1 where the label is missing, and that list."""
    codes, values = cells.numbered(column)
    names = [label_of(value) for value in values]
    classes = in_order(list({name for name in names if name is not None}))
    position = {name: i for i, name in enumerate(classes)}
    lookup = np.array([*(-1 if name is None else position[name] for name in names), -1], dtype=np.int64)
    return lookup[codes], classes


def alike(labels: Sequence[str]) -> list[list[str]]:
    """Groups of labels that differ only in case, spaces, or the width and composition of characters.

    >>> alike(["cat", "Cat ", "dog"])
    [['cat', 'Cat ']]
    """
    groups: dict[str, list[str]] = {}
    for label in labels:
        groups.setdefault(" ".join(unicodedata.normalize("NFKC", label).casefold().split()), []).append(label)
    return [group for group in groups.values() if len(group) > 1]


def listed(names: Sequence[str], most: int = 8) -> str:
    """Names for a message, cut where they are many."""
    return ", ".join(map(repr, names[:most])) + (", …" if len(names) > most else "")
