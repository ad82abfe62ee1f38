"""Which raw values of arrays mean black and white: what training learned, what the type says, what the values suggest.

A picture is the same picture as a file and as an array: `uint8` reaches from 0 to 255, `uint16` to 65535, fractions from 0 or
-1 to 1. Where the values contradict what was learned (fractions for a run that learned 0 to 255), they are read as what they
are, and that is told; where they can be no pixels at all, they are refused. N pictures.
"""

from typing import NamedTuple

import numpy as np

from fukami.core.errors import DataError
from fukami.core.language import _


class Range(NamedTuple):
    """The raw values that mean black and white, where pixels have more than 8 bits or come as numbers of any kind."""

    low: float
    high: float


TOPS = (1, 16, 255, 1023, 4095, 16383, 65535)
"""White in the usual ways of writing pixels, from fractions to 16 bits."""
Levels = dict[str, list[float]]
"""Kind of pixels (a Pillow mode such as `I;16`, or `array`) → low and high of the range that was learned for it."""
OF_TYPE = {"bool": Range(0, 1), "uint8": Range(0, 255), "uint16": Range(0, 65535)}
_USUAL = (Range(0, 1), Range(-1, 1), Range(0, 255), Range(0, 65535))
_SLACK = 0.1
"""By this share of the learned range values may lie outside of it: resampling overshoots."""
_FAR = 32
"""Pictures whose brightest pixels are so many times below what was learned as white are looked at anew."""


def range_of(low: float, high: float) -> Range:
    """The range in which values between `low` and `high` were probably written.

    A 12-bit camera that saves 16-bit files uses 0 … 4095: stretched over 0 … 65535 everything would be black.

    >>> range_of(0, 0.98), range_of(3, 16), range_of(0, 4001), range_of(-0.9, 1)
    (Range(low=0, high=1), Range(low=0, high=16), Range(low=0, high=4095), Range(low=-1, high=1))
    """
    if low < 0:
        return Range(-1, 1) if low >= -1 and high <= 1 else Range(float(low), float(max(high, low + 1e-6)))
    for top in TOPS:
        if high <= top:
            return Range(0, top)
    return Range(0, float(high))


def learned_range(values: np.ndarray) -> Range:
    """The range of arrays that are learned from: 8 bits say theirs, all others are as wide as what they hold."""
    if values.dtype.name in ("bool", "uint8") or not values.size:
        return OF_TYPE.get(values.dtype.name, Range(0, 255))
    return range_of(float(np.nanmin(values)), float(np.nanmax(values)))


def range_in(levels: Levels, kind: str, values: np.ndarray) -> Range:
    """The learned range of this kind of files; where none was learned, what the values themselves suggest."""
    deep = kind.startswith("I;16") and levels.get("array", (0, 0))[1] > 255
    known = levels.get(kind) or (levels["array"] if deep else None)
    return Range(*known) if known else range_of(float(values.min()), float(values.max()))


def range_of_array(levels: Levels, values: np.ndarray) -> Range:
    """The range of N pictures (N, …) of one type. Raises `DataError` F-IMAGE-RANGE where they can be no pixels.

    >>> grey = np.array([[0.0, 0.9]])
    >>> [range_of_array({"array": learned}, grey) for learned in ([0, 255], [-1, 1], [0, 1])]
    [Range(low=0, high=1), Range(low=0, high=1), Range(low=0, high=1)]
    >>> range_of_array({}, np.array([[0, 9]], np.uint8)), range_of_array({"array": [0, 16]}, np.array([[0, 9]], np.uint8))
    (Range(low=0, high=255), Range(low=0, high=16))
    >>> range_of_array({"array": [0, 4095]}, np.array([[0, 200]], np.uint8))  # 8 bits never reach what 12 bits did
    Range(low=0, high=255)
    """
    known, own = _known(levels, values), OF_TYPE.get(values.dtype.name)
    if not values.size:
        return own or known or Range(0, 255)
    if own and known and own.high <= 255 < known.high:  # 8 bits never reach what was learned from more
        return own
    if known and (own is None or known not in _USUAL) and _fits(known, values.reshape(len(values), -1)):
        return known
    if own:
        return OF_TYPE["uint8"] if _is_narrow(known, values) else own
    return _suggested(float(values.min()), float(values.max()), whole=values.dtype.kind in "iu")


def is_surprising(levels: Levels, values: np.ndarray) -> bool:
    """Whether pictures are read in another range than their type says or than was learned, or are fractions of more."""
    known, own = _known(levels, values), OF_TYPE.get(values.dtype.name)
    if known is None or (own and known in _USUAL):
        return _is_narrow(known, values)
    return range_of_array(levels, values) != known or _are_fractions(known, values)


def _is_narrow(known: Range | None, values: np.ndarray) -> bool:
    """Whether 8 bits are written in 16."""
    return values.dtype == np.uint16 and not (known and known.high > 255) and bool(values.max() <= 255)


def _known(levels: Levels, values: np.ndarray) -> Range | None:
    deep = next((levels[mode] for mode in levels if mode.startswith("I;16")), None) if values.dtype == np.uint16 else None
    told = levels.get("array") or deep
    return Range(*told) if told else None


def _fits(known: Range, flat: np.ndarray) -> bool:
    """Whether most pictures lie within the learned range, and none of the usual ranges would be the better one."""
    low, high = float(np.median(flat.min(1))), float(np.median(flat.max(1)))
    slack = _SLACK * (known.high - known.low)
    if low < known.low - slack or high > known.high + slack:
        return False
    if known in _USUAL and known.high > 1 and 0 < high <= known.high / _FAR:
        return False
    return not (known == (-1, 1) and low >= 0 and high > 0)


def _are_fractions(known: Range, values: np.ndarray) -> bool:
    """Whether most pictures hold fractions where more was learned; a dark picture among others does not."""
    highest = float(np.median(values.reshape(len(values), -1).max(1)))
    return values.dtype.kind == "f" and known.high > 1 and values.min() >= -1 and 0 < highest <= 1


def _suggested(low: float, high: float, *, whole: bool) -> Range:
    for usual in _USUAL[2:] if whole else _USUAL:
        if usual.low <= low and high <= usual.high:
            return usual
    raise DataError(
        "F-IMAGE-RANGE",
        _("the numbers of an array do not say which of them are black and white"),
        expected="uint8 0…255, uint16 0…65535, 0…1, −1…1",
        got=f"{low:.4g}…{high:.4g}",
        fix=_("give the pixels as they were before they were normalised"),
    )
