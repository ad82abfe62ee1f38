"""Long lists of whole numbers as short plain text, for a state that is JSON: who chose what, in training.

>>> unpacked(packed(np.array([3, 70_000, 3]))).tolist()
[3, 70000, 3]
"""

import base64
import zlib
from functools import lru_cache

import numpy as np


def packed(values: np.ndarray) -> str:
    """int32 numbers, compressed, in base 64."""
    return base64.b64encode(zlib.compress(np.ascontiguousarray(values, "<i4").tobytes())).decode()


@lru_cache(maxsize=16)
def unpacked(text: str) -> np.ndarray:
    """The numbers again, as int64; not to be written to."""
    found = np.frombuffer(zlib.decompress(base64.b64decode(text)), "<i4").astype(np.int64)
    found.setflags(write=False)
    return found


class Log:
    """Who chose what in training: of each user, by number from 1, a list of item numbers in the order of time.

    >>> log = Log.of([np.array([4, 2]), np.array([2])])
    >>> log.items_of(1).tolist(), log.items_of(0).tolist(), log.edges()[0].tolist(), log.counts(4).tolist()
    ([4, 2], [], [1, 1, 2], [0, 0, 2, 0, 1])
    """

    def __init__(self, lengths: str, items: str):
        self.lengths, self.items = unpacked(lengths), unpacked(items)
        self.offsets = np.concatenate([[0, 0], np.cumsum(self.lengths)])  # user 0 chose nothing

    @classmethod
    def of(cls, rows: list[np.ndarray]) -> "Log":
        """Of the lists of users 1, 2, …"""
        return cls(*cls.told(np.array([len(row) for row in rows], np.int64), np.concatenate([*rows, np.empty(0, np.int64)])))

    @staticmethod
    def told(lengths: np.ndarray, items: np.ndarray) -> tuple[str, str]:
        """Lengths and items as a state holds them."""
        return packed(lengths), packed(items)

    def items_of(self, user: int) -> np.ndarray:
        return self.items[self.offsets[user] : self.offsets[user + 1]]

    def edges(self) -> tuple[np.ndarray, np.ndarray]:
        """The user and the item of each choice, by user."""
        return np.repeat(np.arange(1, len(self.lengths) + 1), self.lengths), self.items

    def counts(self, items: int) -> np.ndarray:
        """int64 (I + 1): how often each item was chosen."""
        return np.bincount(self.items, minlength=items + 1)
