"""The prepared store: every example decoded once into arrays on disk, mapped into memory, gathered as tensors.

A store is keyed by what it was made of (the cells' fingerprints, and what of the field's options and state shapes the arrays),
so two runs over the same pictures share one, whatever their augmentation, and a changed picture makes another. It is a cache:
safe to delete at any time, written atomically, made again where it is damaged, and the oldest stores go when all together pass
the cap (`FUKAMI_STORE_GB`, 20 by default). Small data stays in memory.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fukami.core import kept
from fukami.core.errors import DataError, UsageError
from fukami.core.language import _
from fukami.core.lazily import torch
from fukami.core.tables import Column
from fukami.fields.contract import Arrays, Field, Ragged, Shared
from fukami.fields.frame import Frame

CHUNK = 4096
"""Examples that are decoded at a time: bounds the memory, long enough for decoders to work in parallel."""
IN_MEMORY_BYTES = 64 << 20
COSTLY_CHUNK = 512
"""The same where each takes long, so that something is seen of it."""
WORTH_KEEPING = 256
"""Fewer examples than this are decoded anew, however much that costs."""
FORMAT = 4
"""Changes when stores of older versions cannot be read any more."""
CAP_GB = 20.0
"""GiB that all stores together may fill, unless `FUKAMI_STORE_GB` says otherwise."""

Progress = Callable[[int, int], None]
"""`(examples done, examples in all)`, called while examples are prepared."""


class Store:
    """N prepared examples of several fields.

    `store.batch(rows)` gives `{field name: tensors}`; `arrays[name]` is what the field stored.
    """

    def __init__(self, fields: dict[str, Field], arrays: dict[str, Arrays]):
        self.fields, self.arrays = fields, arrays

    def __len__(self) -> int:
        stored = (array for arrays in self.arrays.values() for array in arrays.values() if not isinstance(array, Shared))
        return len(next(stored, ()))

    def batch(self, rows: np.ndarray, device: torch.device | str = "cpu") -> dict[str, Any]:
        """The tensors of examples `rows`, field by field."""
        return {name: self.fields[name].batch(arrays, rows, device) for name, arrays in self.arrays.items()}

    def resident(self, device: torch.device, *, room_bytes: int | None = None) -> Store:
        """The same examples with dense arrays on `device`, so that batches are gathered where they are used.

        Arrays that do not fit into `room_bytes` (by default a quarter of what is free there) stay where they are.
        """
        if room_bytes is None:
            room_bytes = torch.cuda.mem_get_info(device)[0] // 4 if device.type == "cuda" else 0
        moved: dict[str, Arrays] = {}
        for name, arrays in self.arrays.items():
            moved[name] = dict(arrays)
            for key, array in arrays.items():
                if isinstance(array, np.ndarray) and array.nbytes <= room_bytes:
                    room_bytes -= array.nbytes
                    moved[name][key] = torch.from_numpy(array).to(device)  # type: ignore[assignment]
        return Store(self.fields, moved)

    def lengths(self) -> np.ndarray | None:
        """Length of each example where a field varies in length (the longest of its fields counts), else None."""
        known = [self.fields[name].lengths(arrays) for name, arrays in self.arrays.items()]
        found = [lengths for lengths in known if lengths is not None]
        return np.maximum.reduce(found) if found else None

    def in_order(
        self, rows: np.ndarray, batch_size: int, device: torch.device | str = "cpu"
    ) -> Iterator[tuple[np.ndarray, dict]]:
        """Batches of `rows`, sorted by length where lengths vary so that little is padded; each comes with its rows."""
        lengths = self.lengths()
        if lengths is not None:
            rows = rows[np.argsort(lengths[rows], kind="stable")]
        for start in range(0, len(rows), batch_size):
            part = rows[start : start + batch_size]
            yield part, self.batch(part, device)


def prepare(
    fields: dict[str, Field],
    columns: dict[str, list[Column]],
    fingerprints: dict[str, np.ndarray],
    *,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
) -> Store:
    """Encodes every example of `columns` with fields that have learned; on disk where that is worth it.

    `fingerprints` are each field's content hashes of the same rows: they are the key under which the store is found again.
    `progress` is called after each chunk that had to be decoded; `tell` takes sentences for the user (standard error if None).
    Raises `DataError` F-STORE-DISK where neither disk nor memory can hold the examples.
    """
    arrays = {}
    for name, field in fields.items():
        if name not in columns:  # a target that these examples lack
            continue
        frames = partial(frames_of, fields, columns) if field.framed else None
        work = _Work(field, columns[name], fingerprints.get(name), progress, tell or _on_stderr, frames)
        arrays[name] = work.arrays()
    for field in fields.values():
        field.forget()
    return Store(fields, arrays)


def frames_of(fields: Mapping[str, Field], columns: Mapping[str, Sequence[Column]], rows: np.ndarray) -> dict[str, Frame]:
    """Where the elements of examples `rows` lie, by the name of the field that they are of."""
    found = {name: field.frame([c.take(rows) for c in columns[name]]) for name, field in fields.items() if name in columns}
    return {name: frame for name, frame in found.items() if frame is not None}


def _on_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class _Work:
    """One field's examples on their way into arrays."""

    def __init__(
        self,
        field: Field,
        columns: list[Column],
        fingerprint: np.ndarray | None,
        progress: Progress | None,
        tell: Callable[[str], None],
        frames: Callable[[np.ndarray], dict[str, Frame]] | None = None,
    ):
        self.frames = frames
        self.field, self.columns, self.total = field, columns, len(columns[0])
        self.costly = field.is_costly(columns) and self.total >= WORTH_KEEPING
        self.step = COSTLY_CHUNK if field.is_costly(columns) else CHUNK
        self.progress, self.tell = progress, tell
        self.damaged = False
        self.first: Arrays | None = None
        self.place: Path | None = None
        if fingerprint is not None and (self.costly or self.total > CHUNK):
            known_by = [FORMAT, field.kind, field.stored_as()]
            self.place = kept.place("store", known_by, np.ascontiguousarray(fingerprint).tobytes())

    def arrays(self) -> Arrays:
        """Found on disk, else encoded; then kept on disk where that is worth it."""
        if self.place is None:
            return joined(list(self._chunks()))
        cap_bytes()  # a mistake in it is told before hours of decoding
        found = self._found()
        if found is not None:
            return found
        if not self.costly:
            self.first = self._chunk(0)
            if self._size() <= IN_MEMORY_BYTES:
                return joined(list(self._chunks()))
        try:
            with kept.one_at_a_time(self.place, self._say_waiting):
                found = self._found() or self._kept(self.place)  # another process may have made it while this one waited
        except OSError as error:
            return self._in_memory(error.strerror or str(error))
        return self._in_memory(_("what was written cannot be read")) if found is None else found

    def _found(self) -> Arrays | None:
        if self.place is None:
            return None
        try:
            arrays = kept.mapped(self.place)
        except kept.Damaged as damaged:
            if not self.damaged:
                text = _("the prepared examples are damaged on the disk ({file}); they are made again")
                self.tell(text.format(file=damaged))
            self.damaged = True
            return None
        found = {} if arrays is None else _as_encoded(arrays)
        whole = all(len(array) == self.total for array in found.values() if not isinstance(array, Shared))
        return found if found and whole else None

    def _kept(self, place: Path) -> Arrays | None:
        """Written to `place` and opened again. Raises `OSError` where the disk does not take it."""
        self.first = self.first or self._chunk(0)
        if not room_for(place, self._size()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        kept.write_arrays(place, _as_kept(self._chunks()), cap_bytes=cap_bytes())
        return self._found()

    def _in_memory(self, why: str) -> Arrays:
        """What the disk did not take, held in memory; said, or where it does not fit either, raised."""
        assert self.place is not None
        folder, fix = str(self.place.parent), "export FUKAMI_CACHE=FOLDER"
        self.first = self.first or self._chunk(0)
        if 2 * self._size() > memory_left():  # joining the chunks takes them twice
            raise DataError(
                "F-STORE-DISK",
                _("the prepared examples fit neither on the disk nor into memory"),
                where=folder,
                expected=_("{size} free").format(size=_shown(self._size())),
                got=why,
                fix=_("free some space, lower FUKAMI_STORE_GB, or name another cache folder: {command}").format(command=fix),
            )
        text = _("the prepared examples cannot be kept in {folder} ({why}); they are held in memory ({size}). Mend: {command}")
        self.tell("F-STORE-DISK  " + text.format(folder=folder, why=why, size=_shown(self._size()), command=fix))
        return joined(list(self._chunks()))

    def _say_waiting(self) -> None:
        self.tell(_("another process prepares the same examples; waiting for it"))

    def _size(self) -> float:
        """Bytes of all examples, estimated from the first chunk."""
        assert self.first is not None
        return sum(_bytes(array) for array in self.first.values()) * max(1, self.total / self.step)

    def _chunks(self) -> Iterator[Arrays]:
        """All chunks; the first is encoded once, however often it is asked for."""
        self.first = self.first or self._chunk(0)
        yield self.first
        for begin in range(self.step, self.total, self.step):
            yield self._chunk(begin)

    def _chunk(self, begin: int) -> Arrays:
        rows = np.arange(begin, min(begin + self.step, self.total))
        cells = [c.take(rows) for c in self.columns]
        encoded = self.field.encode(cells) if self.frames is None else self.field.encode(cells, frames=self.frames(rows))
        if self.progress is not None:
            self.progress(begin + len(rows), self.total)
        return encoded


def _as_kept(chunks: Iterator[Arrays]) -> Iterator[dict[str, np.ndarray]]:
    """Chunks as plain arrays: `NAME.values`, and for ragged rows `NAME.offsets`, which go on from the chunk before; of the
    first alone `NAME.shared`."""
    reached: dict[str, int] = {}
    for index, chunk in enumerate(chunks):
        plain = {}
        for name, array in chunk.items():
            if isinstance(array, Shared):
                plain |= {f"{name}.shared": array.values} if index == 0 else {}
                continue
            plain[f"{name}.values"] = array if isinstance(array, np.ndarray) else array.values
            if isinstance(array, Ragged):
                offsets = array.offsets[1 if name in reached else 0 :].astype(np.int64) + reached.get(name, 0)
                plain[f"{name}.offsets"], reached[name] = offsets, int(offsets[-1])
        yield plain


def _as_encoded(arrays: dict[str, np.ndarray]) -> Arrays:
    found: Arrays = {name.removesuffix(".values"): array for name, array in arrays.items() if name.endswith(".values")}
    found |= {name.removesuffix(".shared"): Shared(array) for name, array in arrays.items() if name.endswith(".shared")}
    for name in (name.removesuffix(".offsets") for name in arrays if name.endswith(".offsets")):
        found[name] = Ragged(arrays[f"{name}.values"], np.array(arrays[f"{name}.offsets"]))
    return found


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


def _shown(size: float) -> str:
    return f"{size / (1 << 30):.1f} GiB" if size >= 1 << 30 else f"{size / (1 << 20):.0f} MiB"


def _bytes(array: np.ndarray | Ragged | Shared) -> int:
    if isinstance(array, Shared):
        return array.values.nbytes
    return array.values.nbytes + array.offsets.nbytes if isinstance(array, Ragged) else array.nbytes


def joined(parts: list[Arrays]) -> Arrays:
    """Chunks one after the other; a single one is not copied."""
    if len(parts) == 1:
        return parts[0]
    out: Arrays = {}
    for name, sample in parts[0].items():
        pieces: list[Any] = [part[name] for part in parts]
        if isinstance(sample, Shared):
            out[name] = sample
        elif isinstance(sample, Ragged):
            starts = np.cumsum([0, *(len(p.values) for p in pieces)])
            offsets = [pieces[0].offsets, *(p.offsets[1:] + s for p, s in zip(pieces[1:], starts[1:], strict=False))]
            out[name] = Ragged(np.concatenate([p.values for p in pieces]), np.concatenate(offsets))
        else:
            out[name] = np.concatenate(pieces)
    return out
