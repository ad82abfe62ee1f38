"""Left and right: which points change places in a mirrored picture."""

import re
from collections.abc import Sequence

from fukami.core.errors import UsageError, nearest
from fukami.core.language import _

_OTHER = {"left": "right", "right": "left", "l": "r", "r": "l", "左": "右", "右": "左"}
_SIDE = re.compile(r"left|right|左|右|(?<![a-z])[lr](?![a-z])", re.IGNORECASE)
_CAPITAL = re.compile(r"^([LR])(?=[A-Z])")
"""`LElbow`: a capital before another."""


def pairs_by_name(names: Sequence[str]) -> list[list[int]]:
    """Numbers of points whose names differ in left and right alone.

    >>> pairs_by_name(["nose", "left_eye", "right_eye", "RElbow", "LElbow", "ear.l", "ear.r", "左手", "右手", "lip"])
    [[1, 2], [3, 4], [5, 6], [7, 8]]
    """
    numbers = {_plain(name): number for number, name in enumerate(names)}
    others = [numbers.get(_mirrored(_plain(name)), number) for number, name in enumerate(names)]
    return [[number, other] for number, other in enumerate(others) if number < other]


def _plain(name: str) -> str:
    return _CAPITAL.sub(r"\1_", name).lower()


def _mirrored(name: str) -> str:
    return _SIDE.sub(lambda side: _OTHER[side[0]], name)


def given_pairs(told: str, names: Sequence[str]) -> list[list[int]]:
    """`left_eye:right_eye, left_ear:right_ear` as numbers of points. Raises `UsageError` F-KEYPOINTS-PAIRS.

    >>> given_pairs("a:c", ["a", "b", "c"])
    [[0, 2]]
    """
    pairs = []
    for part in filter(str.strip, told.split(",")):
        both = [name.strip() for name in part.split(":")]
        unknown = [name for name in both if name not in names]
        if len(both) != 2 or unknown:
            raise UsageError(
                "F-KEYPOINTS-PAIRS",
                _("this is no pair of points that change places"),
                expected=", ".join(names[:20]),
                got=part.strip(),
                fix=", ".join(nearest(unknown[0], names)) if unknown else "--set pairs=left_eye:right_eye",
            )
        pairs.append([names.index(name) for name in both])
    return pairs
