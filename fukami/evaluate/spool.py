"""Scores asked for once and judged several times: kept in a temporary file, so that a large set is never held in memory.

B examples of a batch, K outputs.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator

import numpy as np

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]


class Spool:
    """The batches of a stream `(scores, targets, rows)`, to be gone through any number of times.

    >>> spool = Spool([(np.eye(2), np.array([0, 1]), np.array([5, 6]))])
    >>> [rows.tolist() for _scores, _targets, rows in spool], len(spool)
    ([[5, 6]], 2)
    """

    def __init__(self, stream: Iterable[Batch]):
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the spool
        self._lengths: list[int] = []
        for batch in stream:
            for array in batch:
                np.lib.format.write_array(self._file, np.ascontiguousarray(array), allow_pickle=False)
            self._lengths.append(len(batch[2]))

    def __len__(self) -> int:
        return sum(self._lengths)

    def __iter__(self) -> Iterator[Batch]:
        self._file.seek(0)
        for _length in self._lengths:
            scores, targets, rows = (np.lib.format.read_array(self._file, allow_pickle=False) for _ in range(3))
            yield scores, targets, rows

    def mapped(self, change: Callable[[np.ndarray], np.ndarray]) -> Iterator[Batch]:
        """The same batches with changed scores."""
        for scores, targets, rows in self:
            yield change(scores), targets, rows
