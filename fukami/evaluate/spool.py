"""Answers asked for once and judged several times: kept in a temporary file, so that a large set is never held in memory.

B examples of a batch.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from fukami.fields.plain import Form, put_together, taken_apart

Batch = tuple[Any, Any, np.ndarray]
"""`answers` and `truth` in one form, trees of NumPy arrays, and `rows`: the position of each example in the table."""


class Spool:
    """The batches of a stream `(answers, truth, rows)`, to be gone through any number of times.

    >>> spool = Spool([(np.eye(2), np.array([0, 1]), np.array([5, 6]))])
    >>> [rows.tolist() for _answers, _truth, rows in spool], len(spool)
    ([[5, 6]], 2)
    """

    def __init__(self, stream: Iterable[Batch]):
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the spool
        self._forms: list[tuple[Form, int]] = []
        self._length = 0
        for batch in stream:
            form, arrays = taken_apart(tuple(batch))
            for array in arrays:
                np.lib.format.write_array(self._file, np.ascontiguousarray(array), allow_pickle=False)
            self._forms.append((form, len(arrays)))
            self._length += len(batch[2])

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Batch]:
        self._file.seek(0)
        for form, count in self._forms:
            yield put_together(form, [np.lib.format.read_array(self._file, allow_pickle=False) for _ in range(count)])

    def mapped(self, change: Callable[[Any], Any]) -> Iterator[Batch]:
        """The same batches with changed answers."""
        for answers, truth, rows in self:
            yield change(answers), truth, rows
