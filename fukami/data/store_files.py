"""The files of prepared stores: written beside their place and renamed, checked when opened, the oldest removed.

A store is a folder of plain arrays (`NAME.values`, and `NAME.offsets` for ragged rows) and `meta.json`, which says how to read
them, how many bytes each file has, and the checksums of its blocks. Whatever does not match is damaged: it is made again, never
read.
"""

import contextlib
import json
import math
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.seeds import generator
from fukami.core.stopping import half_written
from fukami.data.block_sums import SummedFile, damaged_block
from fukami.fields.contract import Arrays, Ragged, Shared

try:
    import fcntl
except ImportError:  # Windows: two processes may prepare the same store; the first to finish gives it its place
    fcntl = None  # type: ignore[assignment]

META = "meta.json"
CAP_GB = 20.0
"""GiB that all stores together may fill, unless `FUKAMI_STORE_GB` says otherwise."""

ABANDONED_S = 86_400
"""A draft that nobody wrote to for so long is of a process that died."""


def cap_bytes() -> float:
    """Bytes that all stores together may fill. Raises `UsageError` where `FUKAMI_STORE_GB` is no number.

    >>> cap_bytes() > 0
    True
    """
    told = os.environ.get("FUKAMI_STORE_GB", "").strip()
    try:
        cap = float(told) if told else CAP_GB
    except ValueError:
        cap = math.nan
    if not (math.isfinite(cap) and cap >= 0):
        raise UsageError(
            "F-STORE-CAP",
            _("FUKAMI_STORE_GB is not a number of gigabytes"),
            where="FUKAMI_STORE_GB",
            expected=_("a number such as {example}").format(example="20"),
            got=told,
            fix="export FUKAMI_STORE_GB=20",
        )
    return cap * (1 << 30)


@contextlib.contextmanager
def one_at_a_time(place: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """While one process makes the store at `place`, others that want the same call `waiting` and wait; who dies lets go.

    The lock is the kernel's, so it cannot be left behind stale. Where the file system has none, everybody makes a store of
    their own, and the first to finish gives it its place.
    """
    if fcntl is None:
        yield
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    name = place.parent / f".lock-{place.name}"
    with name.open("w") as lock:
        with contextlib.suppress(OSError):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            # who waits holds this file open, and asks again whether the store is there: nothing hangs on its name
            name.unlink(missing_ok=True)


def write(place: Path, chunks: Iterable[Arrays]) -> None:
    """Streams chunks to `place`, so that data larger than memory can be prepared. Raises `OSError`, leaving nothing behind."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with half_written(Path(tempfile.mkdtemp(dir=place.parent, prefix=".new-"))) as draft:
        meta: dict[str, Any] = {}
        with contextlib.ExitStack() as stack:
            files: dict[str, SummedFile] = {}
            for arrays in chunks:
                for name, array in arrays.items():
                    _append(draft, name, array, meta, files, stack)
            for summed in files.values():
                summed.sync()  # else a crash could leave the right sizes and no content
        _write_meta(draft, {"arrays": meta, "sums": {name: summed.sums for name, summed in files.items()}})
        if (place / META).exists():  # there, but not as it should be
            shutil.rmtree(place, ignore_errors=True)
        try:
            draft.rename(place)
        except OSError:  # another process wrote the same store meanwhile; theirs is as good
            with contextlib.suppress(Damaged):
                if opened(place) is not None:
                    return
            raise


def _append(
    draft: Path,
    name: str,
    array: np.ndarray | Ragged | Shared,
    meta: dict[str, Any],
    files: dict[str, SummedFile],
    stack: contextlib.ExitStack,
) -> None:
    values = array if isinstance(array, np.ndarray) else array.values
    if isinstance(array, Shared) and name in meta:  # written with the first chunk
        return
    if name not in meta:
        order = _memory_order(values)
        shape = [values.shape[axis] for axis in order[1:]]
        meta[name] = {"dtype": values.dtype.str, "shape": shape, "order": order, "rows": 0, "bytes": 0}
    told = meta[name]
    if isinstance(array, Shared):
        told["shared"] = True
    if isinstance(array, Ragged):
        offsets = array.offsets[1 if told["rows"] or told.get("offsets") else 0 :].astype(np.int64) + told["rows"]
        told["offsets"] = told.get("offsets", 0) + offsets.nbytes
        _file(draft / f"{name}.offsets", files, stack).write(offsets.view(np.uint8).data)
    plain = np.ascontiguousarray(values.transpose(told["order"]))
    _file(draft / f"{name}.values", files, stack).write(plain.reshape(-1).view(np.uint8).data)
    told["rows"] += len(values)
    told["bytes"] += plain.nbytes


def _file(path: Path, files: dict[str, SummedFile], stack: contextlib.ExitStack) -> SummedFile:
    if path.name not in files:
        files[path.name] = SummedFile(stack.enter_context(path.open("wb")))
    return files[path.name]


def _memory_order(values: np.ndarray) -> list[int]:
    """The axes from the outermost in memory to the innermost; the first stays first, so that examples can be appended."""
    return [0, *sorted(range(1, values.ndim), key=lambda axis: -values.strides[axis])]


def _write_meta(folder: Path, told: dict[str, Any]) -> None:
    text = json.dumps(told)
    (folder / META).write_text(json.dumps({"checksum": zlib.crc32(text.encode()), "told": text}))


def _read_meta(folder: Path) -> dict[str, Any]:
    found = json.loads((folder / META).read_text())
    if zlib.crc32(found["told"].encode()) != found["checksum"]:
        raise Damaged(META)
    return json.loads(found["told"])


class Damaged(Exception):
    """A store is not what was written. Its text is the name of the file."""


def opened(place: Path) -> Arrays | None:
    """The arrays of the store at `place`, mapped into memory; None where there is none. Raises `Damaged`."""
    if not (place / META).exists():
        return None
    name = META
    try:
        told = _read_meta(place)
        rng = generator((place / META).stat().st_mtime_ns, "blocks")  # it is touched with every use
        for name, sums in told["sums"].items():
            if damaged_block(place / name, sums, rng) is not None:
                raise Damaged(name)
        return {name: _opened_one(place, name, one) for name, one in told["arrays"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        if not (place / META).exists():  # another process has just removed it to make room
            return None
        raise Damaged(name) from None


def _opened_one(place: Path, name: str, told: dict[str, Any]) -> np.ndarray | Ragged | Shared:
    path, dtype, shape = place / f"{name}.values", np.dtype(told["dtype"]), (told["rows"], *told["shape"])
    size = math.prod(shape) * dtype.itemsize
    if not size == told["bytes"] == path.stat().st_size:
        raise Damaged(path.name)
    # copy-on-write: torch wants writable memory, and a stray write must never reach the shared file
    # a table without numbers stores an array of no columns, and an empty file cannot be mapped
    plain = np.memmap(path, dtype, "c", shape=shape) if size else np.empty(shape, dtype)
    values = plain.transpose(np.argsort(told["order"]))
    if told.get("shared"):
        return Shared(values)
    if "offsets" not in told:
        return values
    offsets = np.fromfile(place / f"{name}.offsets", np.int64)
    if offsets.nbytes != told["offsets"] or not len(offsets) or offsets[-1] != len(values):
        raise Damaged(f"{name}.offsets")
    return Ragged(values, offsets)


def evict(keep: Path) -> None:
    """Removes abandoned drafts, and the stores used longest ago until all together keep to the cap. `keep` stays."""
    for left in keep.parent.glob(".new-*"):  # by a process that was killed
        with contextlib.suppress(OSError):  # another process has just given it its place
            if max(path.stat().st_mtime for path in (left, *left.glob("*"))) < time.time() - ABANDONED_S:
                shutil.rmtree(left, ignore_errors=True)
    cap, used = cap_bytes(), 0
    found = [(path, _seen(path)) for path in keep.parent.glob(f"*/{META}")]
    for meta, (_moment, size) in sorted(found, key=lambda one: -one[1][0]):
        used += size
        if used > cap and meta.parent != keep:
            shutil.rmtree(meta.parent, ignore_errors=True)


def _seen(meta: Path) -> tuple[float, int]:
    """When a store was last used, and its bytes. Another process may be removing it: then it is old and empty."""
    try:
        return meta.stat().st_mtime, sum(path.stat().st_size for path in meta.parent.iterdir())
    except OSError:
        return 0.0, 0


def touch(place: Path) -> None:
    """The oldest *used* store goes first. A store that others prepared for all may be one that we cannot touch."""
    with contextlib.suppress(OSError):
        os.utime(place / META)


def room_for(folder: Path, size: float) -> bool:
    """Whether the disk of `folder` has `size` bytes left; True where it does not say."""
    there = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    try:
        return shutil.disk_usage(there).free > size
    except OSError:
        return True


def memory_left() -> float:
    """Bytes of memory that a process may still take; infinite where the system does not say."""
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        return float(next(line for line in lines if line.startswith("MemAvailable")).split()[1]) * 1024
    return math.inf
