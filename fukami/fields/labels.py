"""Names of classes: what cells say, in which order they stand, which of them are one name spelt twice.

One class has one name in every form of file: `1`, `1.0` and `"1"`; `True`, `TRUE` and `true`; with and without blanks around
it; in half and in full width.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.core.errors import nearest
from fukami.core.tables import Column
from fukami.fields import cells, parsing

UNLABELLED = ("NA", "N/A", "#N/A", "<NA>", "NULL", "null", "None", "NaT")
"""What programs write for a missing value and people for a class: taken for missing, told, and an option."""
_NOTHING = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_WIDTHS = re.compile("[\u3000\uff00-\uffef]+")
_WHOLE = re.compile(r"(-?)(0|[1-9]\d*)\.0*", re.ASCII)
_TRUTHS = {"true": "1", "false": "0"}


def label_of(value: Any) -> str | None:
    """The class name of one raw value, None where it is missing or no value at all.

    >>> [label_of(v) for v in (1.0, 1, "1.0", True, "TRUE", " cat ", "Ａ１", " ", None, "nan", 0.5, -0.0)]
    ['1', '1', '1', 'true', 'true', 'cat', 'A1', None, None, None, '0.5', '0']
    """
    if value is None or value != value:
        return None
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else parsing.written(value)
    if not text.isascii():  # a half-width か and its mark are one character in full width
        widths = _WIDTHS.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
        text = unicodedata.normalize("NFC", widths)
    text = text.strip()
    if not text or _NOTHING.fullmatch(text):
        return None
    if text.lower() in _TRUTHS:
        return text.lower()
    whole = _WHOLE.fullmatch(text)
    text = f"{whole[1]}{whole[2]}" if whole else text
    return "0" if text == "-0" else text


def in_order(labels: Sequence[str]) -> list[str]:
    """Class names in numeric order where all are numbers, else sorted.

    >>> in_order(["10", "9", "-1"]), in_order(["b", "10", "a"])
    (['-1', '9', '10'], ['10', 'a', 'b'])
    """
    try:
        return sorted(labels, key=lambda label: (float(label), label))
    except ValueError:
        return sorted(labels)


def labels_of(column: Column, unlabelled: Collection[str] = ()) -> tuple[np.ndarray, list[str]]:
    """Each example's position in the ordered list of classes, -1 where the label is missing, and that list.

    `unlabelled` are words that stand for a missing label.
    """
    codes, names = named(column)
    names = [None if name in unlabelled else name for name in names]
    classes = in_order(list({name for name in names if name is not None}))
    position = {name: i for i, name in enumerate(classes)}
    lookup = np.array([*(-1 if name is None else position[name] for name in names), -1], dtype=np.int64)
    return lookup[codes], classes


def named(column: Column) -> tuple[np.ndarray, list[str | None]]:
    """Each cell's position in the list of distinct values, -1 where it is missing, and the names of these values.

    Where truth values stand beside 0 and 1, and nothing else does, they are these numbers.
    """
    values = cells.arrow(column)
    if pa.types.is_floating(values.type) and not pa.types.is_float64(values.type):
        values = values.cast(pa.string())  # 0.1, not 0.10000000149011612
    codes, distinct = cells.numbered(Column(column.name, values, file=column.file))
    names = [label_of(value) for value in distinct]
    found = {name for name in names if name is not None}
    if found & _TRUTHS.keys() and found - _TRUTHS.keys() and found <= {"0", "1", *_TRUTHS}:
        names = [None if name is None else _TRUTHS.get(name, name) for name in names]
    return codes, names


def positions(classes: Sequence[str]) -> Mapping[str, int]:
    """Under which names each of the learned `classes` is found again; those of older runs may be spelt in another way.

    >>> positions(["False", "True"])
    {'false': 0, 'true': 1, '1': 1, '0': 0}
    """
    found: dict[str, int] = {}
    for position, label in enumerate(classes):
        found.setdefault(label_of(label) or label, position)
    if found.keys() == _TRUTHS.keys():
        return found | {number: found[truth] for truth, number in _TRUTHS.items()}
    if found.keys() == set(_TRUTHS.values()):
        return found | {truth: found[number] for truth, number in _TRUTHS.items()}
    return found


def alike(labels: Sequence[str]) -> list[list[str]]:
    """Groups of labels that differ only in case, spaces, the form of characters, or in how a number is written.

    >>> alike(["cat", "Cat", "dog", "0.5", "0.50"])
    [['cat', 'Cat'], ['0.5', '0.50']]
    """
    groups: dict[Any, list[str]] = {}
    for label in labels:
        plain = " ".join(unicodedata.normalize("NFKC", label).casefold().split())
        try:
            groups.setdefault(float(plain), []).append(label)
        except ValueError:
            groups.setdefault(plain, []).append(label)
    return [group for group in groups.values() if len(group) > 1]


def listed(names: Sequence[str], most: int = 8) -> str:
    """Names for a message, cut where they are many."""
    return ", ".join(map(repr, names[:most])) + (", …" if len(names) > most else "")


def meant(strange: Sequence[str], known: Sequence[str]) -> str:
    """For a message: the known label that each unknown one was probably meant to be; empty where none is near.

    >>> meant(["yess", "7"], ["no", "yes"])
    'yess → yes'
    """
    plain = {label.casefold(): label for label in known}
    near = {label: nearest(label.casefold(), plain, most=1) for label in strange[:8]}
    return ", ".join(f"{label} → {plain[found[0]]}" for label, found in near.items() if found)
