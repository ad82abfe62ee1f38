"""One look at each picture of a column, remembered: readable or not, size, mode, and two fingerprints.

The doctor, the split's proof and the choice of a size all need some of it, and opening files is what costs. So each file is
read and decoded once (a very large JPEG at an eighth of its size, which still reads it to its end), in threads, and remembered
until it changes: by this process, and where there are many on disk, for the next one (see `look_cache`).
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from fukami.core import processors
from fukami.core.language import _
from fukami.core.tables import Column
from fukami.fields.image import decode, look_cache
from fukami.fields.image.look import Look, digest_of, look
from fukami.fields.image.look_cache import Key
from fukami.fields.image.memory import MEMORY
from fukami.fields.parsing import plain

_R = TypeVar("_R")
_T = TypeVar("_T")
MOST_REMEMBERED = 1_000_000
AT_A_TIME = 8
"""Pictures that a thread takes at a time."""
MOST_SHOWN = 400
"""Letters of a path that a message shows."""
SETTLED_NS = 2_000_000_000
"""A file that changed less than this before it was looked at may change again without its time of change telling (file systems
count in steps of up to 2 s): such a look is not remembered."""
WRITTEN_FROM = 1000
"""One new look among so many does not pay for writing all of them again."""
SILENT_S, NOTE_EVERY_S = 2.0, 10.0
"""Seconds until a line tells that pictures are being looked at, and between two such lines."""

_remembered: dict[Key, Look] = {}
_complained: set[str] = set()


def raw_cells(column: Column) -> list[Any]:
    """The cells of a column as Python values: paths, bytes, or arrays."""
    values = column.values
    return list(values) if isinstance(values, np.ndarray) else plain(values).to_pylist()


def place(column: Column, row: int, cell: Any) -> str:
    """How a message names a picture: its file, after the table's row where there is a table."""
    if isinstance(cell, dict):
        cell = cell.get("path")
    path = "" if not isinstance(cell, (str, Path)) else str(cell if column.base is None else column.base / cell)
    if not path:
        return column.where(row)
    path = path if len(path) <= MOST_SHOWN else path[:MOST_SHOWN] + "…"
    return f"{column.where(row)} {path}" if column.file else path


def in_threads(work: Callable[[_T], _R], items: Sequence[_T], *, progress: Callable[[int], None] | None = None) -> list[_R]:
    """`work` over all items, in order, in as many threads as there are processors. Decoders release Python's lock.

    Small pictures cost little more than handing them to a thread, so each thread takes several at a time. `progress` is told
    how many are done. What `work` raises is raised, and what was not begun by then is left.
    """

    over = threading.Event()

    def several(start: int) -> list[_R]:
        return [work(item) for item in items[start : start + AT_A_TIME] if not over.is_set()]

    starts, done = range(0, len(items), AT_A_TIME), []
    threads = min(32, processors.usable(), len(starts))
    pool = ThreadPoolExecutor(threads) if threads > 1 else None
    try:
        for part in map(several, starts) if pool is None else pool.map(several, starts):
            done += part
            if progress is not None:
                progress(len(done))
    finally:
        over.set()
        if pool is not None:
            pool.shutdown(cancel_futures=True)
    return done


def looks_at(column: Column) -> list[Look]:
    """One look at each cell (paths, bytes or single arrays). A file that did not change since the last one is not opened."""
    items = raw_cells(column)
    keys = keys_of(items, column.base)
    if len(_remembered) > max(MOST_REMEMBERED, 2 * len(items)):
        _remembered.clear()
    wanted = {key: row for row, key in enumerate(keys) if key is not None}
    known = {key: seen for key in wanted if (seen := _remembered.get(key)) is not None}
    if len(known) < len(wanted):
        known |= _looks({key: row for key, row in wanted.items() if key not in known}, list(wanted), items, column)
    nameless = [row for row, key in enumerate(keys) if key is None]
    once = dict(zip(nameless, _looked_at([items[row] for row in nameless], column.base), strict=True))
    found = (once[row] if key is None else known[key] for row, key in enumerate(keys))
    return [seen if seen.error is None else seen.at(place(column, row, items[row])) for row, seen in enumerate(found)]


def sizes_of(column: Column) -> tuple[np.ndarray, np.ndarray]:
    """Width and height of every picture in pixels (N), the way up that people see it."""
    if is_pixels(column):
        *_first, height, width = decode.as_nchw(column.values[:1], decode.layout_of(column.values.shape, column.name)).shape
        return np.full(len(column), width), np.full(len(column), height)
    seen = looks_at(column)
    return np.array([max(1, one.width) for one in seen]), np.array([max(1, one.height) for one in seen])


def _looks(wanted: dict[Key, int], asked: list[Key], items: list[Any], column: Column) -> dict[Key, Look]:
    """A look at each of `wanted` (and the row it is found in), from disk where it is kept there; new ones are kept.

    `asked` are all pictures of the column.
    """
    kept, fresh, where = {}, {}, None
    if len(wanted) >= look_cache.WORTH_KEEPING:
        where = look_cache.place_of(_source(column, asked))
        kept = look_cache.found(where, list(wanted))
    missing = {key: row for key, row in wanted.items() if key not in kept}
    try:
        seen = _looked_at([items[row] for row in missing.values()], column.base, keys=list(missing), fresh=fresh)
    finally:  # an interrupted pass over many pictures need not begin at the first again
        _remembered.update(kept | fresh)
        if where is not None and fresh and len(fresh) * WRITTEN_FROM >= len(asked):
            _keep(where, fresh, asked)
    return kept | dict(zip(missing, seen, strict=True))


def _looked_at(
    items: list[Any], base: Path | None, *, keys: Sequence[Key] = (), fresh: dict[Key, Look] | None = None
) -> list[Look]:
    """A look at each item; those that another look would repeat are put into `fresh` under their key, as they come."""

    def one(row: int) -> Look:
        # so many at once are probably going to be stored
        hold = partial(MEMORY.hold_whole, keys[row]) if len(keys) >= look_cache.WORTH_KEEPING else None
        seen = look(items[row], base, hold=hold)
        lasts, seen = seen.lasts(), seen.at("")
        if fresh is not None and lasts:
            fresh[keys[row]] = seen
        return seen

    return in_threads(one, range(len(items)), progress=_Note(len(items)))


class _Note:
    """Tells on standard error how far a long pass is."""

    def __init__(self, total: int):
        self.total, self.due = total, time.monotonic() + SILENT_S

    def __call__(self, done: int) -> None:
        if time.monotonic() >= self.due and done < self.total:
            self.due = time.monotonic() + NOTE_EVERY_S
            text = _("looking at every picture once: {done} of {total}").format(done=f"{done:,}", total=f"{self.total:,}")
            print(text, file=sys.stderr, flush=True)


def _keep(where: Path, fresh: dict[Key, Look], asked: list[Key]) -> None:
    try:
        look_cache.keep(where, fresh, asked)
    except OSError as error:
        folder, why = str(where.parent), error.strerror or str(error)
        if folder in _complained:
            return
        _complained.add(folder)
        text = _("what was seen of the pictures cannot be kept in {folder} ({why}), so each is opened anew. Mend: {command}")
        print(text.format(folder=folder, why=why, command="export FUKAMI_CACHE=FOLDER"), file=sys.stderr, flush=True)


def _source(column: Column, keys: list[Key]) -> str:
    """What the looks at these pictures are kept under: their folder, else their table, else the folder they share."""
    if column.base is not None or column.file:
        return os.path.abspath(column.base or column.file)  # noqa: PTH100 - a `Path` cannot do without its links
    paths = [key.name for key in keys if isinstance(key.name, str)]
    # what the first and the last have in common, all have; on Windows that may be nothing
    return os.path.dirname(os.path.commonprefix([min(paths), max(paths)])) if paths else column.name  # noqa: PTH120, RUF071


def keys_of(items: list[Any], base: Path | None) -> list[Key | None]:
    """What each picture is known again by; None where it is not to be remembered."""
    now = time.time_ns()
    # `Path`s would cost more than the looks
    root = os.path.abspath(base) if base is not None else ""  # noqa: PTH100
    return [_key(cell, root, now) for cell in items]


def _key(cell: Any, root: str, now: int) -> Key | None:
    if isinstance(cell, dict):
        cell = cell.get("bytes") or cell.get("path")
    if isinstance(cell, (bytes, bytearray)):
        return Key(digest_of(cell), 0, len(cell))
    text = str(cell).strip() if isinstance(cell, (str, Path)) else ""
    if not text:
        return None
    try:
        path = os.path.join(root, text) if root else os.path.abspath(text)  # noqa: PTH100, PTH118
        told = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):  # not there, or (which is rare) written on Windows: `pictures` finds out
        return None
    if now - told.st_mtime_ns < SETTLED_NS:
        return None
    return Key(path, told.st_mtime_ns, told.st_size, told.st_ino & (2**64 - 1))


def is_pixels(column: Column) -> bool:
    """Whether the cells are slices of one numeric array, rather than paths, bytes or arrays of several sizes."""
    return column.is_array and column.values.dtype.kind in "buif"
