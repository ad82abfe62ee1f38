"""What a person hands over as one input, made such that every field can take it, or refused with its reason.

JSON and Python know things that no column can hold: halves of characters, whole numbers of any length, lists without end.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from fukami.core.errors import DataError, on_one_line
from fukami.core.language import _

DEEPEST = 16
"""How deep lists and objects of an input may be nested."""
_from_afar: ContextVar[bool] = ContextVar("from_afar", default=False)


@contextmanager
def from_afar() -> Iterator[None]:
    """Inside, no text that is given names a file: whoever asks over a network has none here.

    >>> with from_afar():
    ...     is_file(__file__), names_file("notes.txt", ".txt")
    (False, False)
    """
    before = _from_afar.set(True)
    try:
        yield
    finally:
        _from_afar.reset(before)


def is_here() -> bool:
    """Whether whoever asks may know what files there are."""
    return not _from_afar.get()


def names_file(text: str, ending: str) -> bool:
    """Whether a text that ends like the name of a file is taken for one.

    >>> names_file("notes.txt", ".txt"), names_file("See notes.txt!", ".txt")
    (True, False)
    """
    return len(text) < 1024 and text.endswith(ending) and is_here()


def settled(value: Any, *, depth: int = 0) -> Any:
    """`value` as columns can hold it; numbers beyond 64 bits become floats, as they are in most JSON readers.

    >>> settled({"age": 2**70, "name": "a"}), settled(10**400)
    ({'age': 1.1805916207174113e+21, 'name': 'a'}, inf)

    Raises:
        DataError: F-INPUT-UNICODE for text with halves of characters, F-INPUT-NESTED for lists in lists in lists.
    """
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value if -(2**63) <= value < 2**63 else _float(value)
    if isinstance(value, dict):
        _require_flat(depth)
        return {_text(key) if isinstance(key, str) else key: settled(part, depth=depth + 1) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        _require_flat(depth)
        return [settled(part, depth=depth + 1) for part in value]
    return value


def parsed(text: str) -> Any:
    """The value of JSON text. Raises `ValueError` where it is none, `DataError` where it is nested too deeply."""
    try:
        return json.loads(text, parse_int=_whole)
    except RecursionError:
        raise too_deep() from None


def _whole(digits: str) -> int | float:
    """A whole number of JSON; Python reads no more than some thousand digits."""
    return int(digits) if len(digits) < 20 else settled(int(digits)) if len(digits) < 400 else float(digits)


def _float(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def _text(text: str) -> Any:
    """`text`, or the content of the file that it names where the name is no Unicode text, as names of files may be."""
    try:
        text.encode()
    except UnicodeEncodeError:
        if is_file(text):
            return Path(text).read_bytes()
        raise DataError(
            "F-INPUT-UNICODE",
            _("the input holds halves of characters, which no text can"),
            where=shortened(text),
            expected=_("text in Unicode (UTF-8)"),
            fix=_("write it again from its source, in UTF-8"),
        ) from None
    return str(text)


def _require_flat(depth: int) -> None:
    if depth >= DEEPEST:
        raise too_deep()


def too_deep() -> DataError:
    """The error for an input of lists in lists in lists."""
    return DataError(
        "F-INPUT-NESTED",
        _("the input is nested too deeply"),
        expected=_("lists and objects in at most {n} levels").format(n=DEEPEST),
    )


def exists(place: str | Path) -> bool:
    """Whether something is at `place`; what no file can be called is nowhere.

    >>> exists("x" * 100_000), exists("\\0")
    (False, False)
    """
    try:
        return is_here() and os.path.lexists(place)
    except (OSError, ValueError):
        return False


def is_file(place: str | Path) -> bool:
    """Whether there is a file at `place`, whatever that is."""
    try:
        return is_here() and Path(place).is_file()
    except (OSError, ValueError):
        return False


def shortened(value: Any, most: int = 120) -> str:
    """How a message names an input: on one line, and not longer than a line.

    >>> shortened("one\\ntwo"), len(shortened("x" * 10_000))
    ('one\\\\ntwo', 120)
    """
    text = on_one_line(str(value)[: most + 1])
    return text if len(text) <= most else text[: most - 1] + "…"
