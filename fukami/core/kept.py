"""What can be made again, kept on disk: entries of one folder, each under a name that says what it was made of.

An entry is a file of JSON and bytes (`write`, `read`), or a folder of arrays that may be larger than memory (`write_arrays`,
`mapped`): the plain arrays, a file each, and such a file of JSON, `meta.json`, which says how to read them and the checksums of
their blocks. Entries are written beside their place and renamed, so whoever reads finds an old one, a new one or none; of two
that are written at once, the later stays. What is not what was written is `Damaged`: it is made again, never read. Those that
were used longest ago go when all entries of a folder together pass their cap.
"""

import contextlib
import hashlib
import io
import json
import math
import os
import shutil
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from fukami.core.cache import cache_folder
from fukami.core.locks import holding
from fukami.core.seeds import generator
from fukami.core.stopping import half_written

META = "meta.json"
ABANDONED_S = 86_400
"""A draft that nobody wrote to for so long is of a process that died."""
BLOCK = 1 << 20
MOST_BLOCKS = 32
"""Blocks that a look at a file of arrays reads at most: some hundredths of a second."""
SYNCED_BLOCKS = 32
"""Blocks after which the disk is asked to take what was written."""


class Damaged(Exception):
    """An entry is not what was written. Its text is the path of the file."""


def place(room: str, known_by: Any, content: bytes = b"") -> Path:
    """Where in the cache folder an entry of `room` lies: `known_by` (JSON) and `content` are everything that decides it."""
    told = json.dumps(known_by, sort_keys=True, default=str).encode()
    return cache_folder() / room / hashlib.blake2b(told + content, digest_size=16).hexdigest()


# -- JSON and bytes ------------------------------------------------------------------------------------------------------
def write(place: Path, told: Any, content: bytes | memoryview = b"", *, cap_bytes: float = math.inf) -> None:
    """Keeps `told` (JSON) and `content` at `place`, and no more than `cap_bytes` in its folder.

    Nothing is forced onto the disk: what a power cut spoils is found damaged. Raises `OSError`, leaving nothing behind.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=".new-", dir=place.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            _put(file, told, content)
        Path(draft).replace(place)
    except BaseException:
        with contextlib.suppress(OSError):  # the first error is the one to tell
            Path(draft).unlink(missing_ok=True)
        raise
    evict(place, cap_bytes)


def read(place: Path) -> tuple[Any, memoryview] | None:
    """What `write` keeps at `place`, which is noted as used; None where there is nothing. Raises `Damaged`."""
    try:
        data = place.read_bytes()
        end = data.index(b"\n")
        if int(data[:8], 16) != zlib.crc32(memoryview(data)[8:]):
            raise Damaged(place)
        found = json.loads(data[8:end]), memoryview(data)[end + 1 :]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        raise Damaged(place) from None
    _touch(place)
    return found


def _put(file: BinaryIO, told: Any, content: bytes | memoryview) -> None:
    head = json.dumps(told, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    file.writelines((b"%08x" % zlib.crc32(content, zlib.crc32(head)), head, content))


# -- arrays --------------------------------------------------------------------------------------------------------------
def write_arrays(place: Path, chunks: Iterable[dict[str, np.ndarray]], *, cap_bytes: float = math.inf) -> None:
    """Streams arrays to `place` chunk by chunk, one after the other along their first axis, as `write` does otherwise.

    They are put on the disk for good before the entry has its name.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    with half_written(Path(tempfile.mkdtemp(dir=place.parent, prefix=".new-"))) as draft:
        told: dict[str, dict[str, Any]] = {}
        files: dict[str, SummedFile] = {}
        with contextlib.ExitStack() as stack:
            for arrays in chunks:
                for name, array in arrays.items():
                    if name not in told:
                        order = _memory_order(array)
                        shape = [array.shape[axis] for axis in order[1:]]
                        told[name] = {"dtype": array.dtype.str, "shape": shape, "order": order, "rows": 0}
                        files[name] = SummedFile(stack.enter_context((draft / name).open("wb")))
                    plain = np.ascontiguousarray(array.transpose(told[name]["order"]))
                    files[name].write(plain.reshape(-1).view(np.uint8).data)
                    told[name]["rows"] += len(array)
            for name, file in files.items():
                file.sync()  # else a crash could leave the right sizes and no content
                told[name]["sums"] = file.sums
        with (draft / META).open("wb") as file:
            _put(file, told, b"")
        if place.exists():  # there, but not as it should be
            shutil.rmtree(place, ignore_errors=True)
        try:
            draft.rename(place)
        except OSError:  # another process wrote the same entry meanwhile; theirs is as good
            with contextlib.suppress(Damaged):
                if mapped(place) is not None:
                    return
            raise
    evict(place, cap_bytes)


def _memory_order(array: np.ndarray) -> list[int]:
    """The axes from the outermost in memory to the innermost; the first stays first, so that examples can be appended."""
    return [0, *sorted(range(1, array.ndim), key=lambda axis: -array.strides[axis])]


def mapped(place: Path) -> dict[str, np.ndarray] | None:
    """The arrays kept at `place`, which is noted as used, mapped into memory; None where there is none. Raises `Damaged`."""
    name = META
    try:
        rng = generator(place.stat().st_mtime_ns, "blocks")  # which every use changes
        found = read(place / META)
        if found is None:
            return None
        arrays = {}
        for name, told in found[0].items():
            arrays[name] = _mapped_one(place / name, told, rng)
        _touch(place)
        return arrays
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        if not (place / META).exists():  # nothing, or another process has just removed it to make room
            return None
        raise Damaged(place / name) from None


def _mapped_one(path: Path, told: dict[str, Any], rng: np.random.Generator) -> np.ndarray:
    dtype, shape = np.dtype(told["dtype"]), (told["rows"], *told["shape"])
    size = math.prod(shape) * dtype.itemsize
    if size != path.stat().st_size or damaged_block(path, told["sums"], rng) is not None:
        raise Damaged(path)
    # copy-on-write: torch wants writable memory, and a stray write must never reach the shared file
    # a table without numbers stores an array of no columns, and an empty file cannot be mapped
    plain = np.memmap(path, dtype, "c", shape=shape) if size else np.empty(shape, dtype)
    return plain.transpose(np.argsort(told["order"]))


def one_at_a_time(place: Path, waiting: Callable[[], None]) -> contextlib.AbstractContextManager[None]:
    """While one process makes the entry at `place`, others that want the same call `waiting` and wait; who dies lets go.

    Where the file system has no locks, everybody makes an entry of their own, and the first to finish gives it its place.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    return holding(place.parent / f".lock-{place.name}", busy=waiting)


# -- making room ---------------------------------------------------------------------------------------------------------
def evict(keep: Path, cap_bytes: float) -> None:
    """Removes abandoned drafts, and the entries used longest ago until all in a folder keep to `cap_bytes`. `keep` stays."""
    used = 0
    found = [(path, *_seen(path)) for path in keep.parent.iterdir()]
    for path, moment, size in sorted(found, key=lambda one: (one[0] != keep, -one[1])):
        draft = path.name.startswith(".")
        used += 0 if draft else size
        if moment < time.time() - ABANDONED_S if draft else used > cap_bytes and path != keep:
            shutil.rmtree(path, ignore_errors=True)
            with contextlib.suppress(OSError):  # it was a folder, another process was faster, or the file is not ours
                path.unlink()


def _seen(path: Path) -> tuple[float, int]:
    """When an entry was last used, or anything of a draft last written, and its bytes."""
    try:
        told = [part.stat() for part in (path, *(path.iterdir() if path.is_dir() else ()))]
    except OSError:  # another process removes it: then it is old and empty
        return 0.0, 0
    moments = [part.st_mtime for part in told]
    return max(moments) if path.name.startswith(".") else moments[0], sum(part.st_size for part in told)


def _touch(place: Path) -> None:
    """The oldest *used* entry goes first. One that others made for all may be one that we cannot touch."""
    with contextlib.suppress(OSError):
        os.utime(place)


# -- checksums of blocks -------------------------------------------------------------------------------------------------
class SummedFile:
    """Writes to `file` and keeps the checksum (CRC-32) of every block in `sums`.

    >>> import io
    >>> file = SummedFile(io.BytesIO())
    >>> file.write(b"one"), file.sums == [zlib.crc32(b"one")]
    (None, True)
    """

    def __init__(self, file: BinaryIO):
        self.file, self._filled = file, BLOCK
        self.sums: list[int] = []
        self._syncing: _Syncing | None = None

    def write(self, data: bytes | memoryview) -> None:
        at = 0
        while at < len(data):
            if self._filled == BLOCK:
                self.sums.append(0)
                self._filled = 0
                if len(self.sums) % SYNCED_BLOCKS == 0:
                    self._settle()
            part = data[at : at + BLOCK - self._filled]
            self.file.write(part)
            self.sums[-1] = zlib.crc32(part, self.sums[-1])
            self._filled += len(part)
            at += len(part)

    def sync(self) -> None:
        """Puts what was written on the disk for good. Raises `OSError` where it does not take it.

        It is begun on the way, and done by a thread: nothing could stop who waits for a slow disk to take gigabytes.
        """
        self._waited()
        self._settle()
        self._waited()

    def _settle(self) -> None:
        if self._syncing is not None and self._syncing.is_alive():
            return
        self._waited()
        self.file.flush()
        with contextlib.suppress(io.UnsupportedOperation):  # no file of the system's
            self._syncing = _Syncing(self.file.fileno())

    def _waited(self) -> None:
        if self._syncing is not None:
            self._syncing.join()
            if self._syncing.error is not None:
                raise self._syncing.error


class _Syncing(threading.Thread):
    def __init__(self, handle: int):
        super().__init__(name="fukami-sync", daemon=True)
        self.handle = os.dup(handle)  # the file may be closed meanwhile
        self.error: OSError | None = None
        self.start()

    def run(self) -> None:
        try:
            os.fsync(self.handle)
        except OSError as error:
            self.error = error
        finally:
            os.close(self.handle)


def damaged_block(place: Path, sums: list[int], rng: np.random.Generator) -> int | None:
    """The number of a block of the file whose checksum is not the one in `sums`; None where none was found."""
    asked = range(len(sums))
    if len(sums) > MOST_BLOCKS:
        drawn = rng.choice(np.arange(1, len(sums) - 1), MOST_BLOCKS - 2, replace=False)
        asked = [0, *sorted(drawn.tolist()), len(sums) - 1]
    with place.open("rb") as file:
        for number in asked:
            file.seek(number * BLOCK)
            if zlib.crc32(file.read(BLOCK)) != sums[number]:
                return number
    return None
