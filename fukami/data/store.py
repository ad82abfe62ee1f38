"""The prepared store: every example decoded once into arrays on disk, mapped into memory, gathered as tensors.

A store is keyed by what it was made of (the cells' fingerprints, the field's options and what it learned), so two runs over the
same pictures share one and a changed picture makes another. It is a cache: safe to delete at any time, written atomically, and
the oldest stores go when all together pass the cap (`FUKAMI_STORE_GB`, 20 by default). Small data stays in memory.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fukami.core.tables import Column
from fukami.data.cache import cache_folder
from fukami.fields.contract import Arrays, Field, Ragged

CHUNK = 4096
"""Examples that are decoded at a time: bounds the memory, long enough for decoders to work in parallel."""
IN_MEMORY_BYTES = 64 << 20


class Store:
    """N prepared examples of several fields.

    `store.batch(rows)` gives `{field name: tensors}`; `arrays[name]` is what the field stored.
    """

    def __init__(self, fields: dict[str, Field], arrays: dict[str, Arrays]):
        self.fields, self.arrays = fields, arrays

    def __len__(self) -> int:
        return len(next(iter(next(iter(self.arrays.values())).values()))) if self.arrays else 0

    def batch(self, rows: np.ndarray, device: torch.device | str = "cpu") -> dict[str, Any]:
        """The tensors of examples `rows`, field by field."""
        return {name: field.batch(self.arrays[name], rows, device) for name, field in self.fields.items()}

    def lengths(self) -> np.ndarray | None:
        """Length of each example where an input varies in length (the longest input counts), else None."""
        known = [field.lengths(self.arrays[name]) for name, field in self.fields.items()]
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


def prepare(fields: dict[str, Field], columns: dict[str, list[Column]], fingerprints: dict[str, np.ndarray]) -> Store:
    """Encodes every example of `columns` with fields that have learned; on disk where that is worth it.

    `fingerprints` are each field's content hashes of the same rows: they are the key under which the store is found again.
    """
    return Store(fields, {name: _prepare_one(field, columns[name], fingerprints.get(name)) for name, field in fields.items()})


def _prepare_one(field: Field, columns: list[Column], fingerprint: np.ndarray | None) -> Arrays:
    total = len(columns[0])
    first = field.encode([c.take(np.arange(min(total, CHUNK))) for c in columns])
    size = sum(_bytes(a) for a in first.values()) * max(1, total / CHUNK)
    if total <= CHUNK:
        return first
    on_disk = size > IN_MEMORY_BYTES or columns[0].base is not None
    if not on_disk or fingerprint is None:
        return _joined([first, *_encoded(field, columns, CHUNK)])
    place = cache_folder() / "store" / _key(field, fingerprint)
    if not (place / "meta.json").exists():
        _write(place, first, _encoded(field, columns, CHUNK))
        _evict(place)
    os.utime(place / "meta.json")  # the oldest *used* store goes first
    return _open(place)


def _encoded(field: Field, columns: list[Column], start: int) -> Iterator[Arrays]:
    for begin in range(start, len(columns[0]), CHUNK):
        rows = np.arange(begin, min(begin + CHUNK, len(columns[0])))
        yield field.encode([c.take(rows) for c in columns])


def _bytes(array: np.ndarray | Ragged) -> int:
    return array.values.nbytes + array.offsets.nbytes if isinstance(array, Ragged) else array.nbytes


def _key(field: Field, fingerprint: np.ndarray) -> str:
    told = json.dumps([field.kind, repr(field.options), field.state], sort_keys=True, default=str)
    return hashlib.blake2b(told.encode() + fingerprint.tobytes(), digest_size=16).hexdigest()


def _joined(parts: list[Arrays]) -> Arrays:
    out: Arrays = {}
    for name, sample in parts[0].items():
        pieces: list[Any] = [part[name] for part in parts]
        if isinstance(sample, Ragged):
            starts = np.cumsum([0, *(len(p.values) for p in pieces)])
            offsets = [pieces[0].offsets, *(p.offsets[1:] + s for p, s in zip(pieces[1:], starts[1:], strict=False))]
            out[name] = Ragged(np.concatenate([p.values for p in pieces]), np.concatenate(offsets))
        else:
            out[name] = np.concatenate(pieces)
    return out


def _write(place: Path, first: Arrays, rest: Iterator[Arrays]) -> None:
    """Streams chunks to `place`, so that data larger than memory can be prepared."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=place.parent, prefix=".new-"))
    try:
        meta: dict[str, Any] = {}
        for chunk in [first], rest:
            for arrays in chunk:
                for name, array in arrays.items():
                    _append(draft, name, array, meta)
        (draft / "meta.json").write_text(json.dumps(meta))
        try:
            draft.rename(place)
        except OSError:  # another process wrote the same store meanwhile; theirs is as good
            if not (place / "meta.json").exists():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _append(draft: Path, name: str, array: np.ndarray | Ragged, meta: dict[str, Any]) -> None:
    values = array.values if isinstance(array, Ragged) else array
    told = meta.setdefault(name, {"dtype": values.dtype.str, "shape": list(values.shape[1:]), "rows": 0, "ragged": False})
    if isinstance(array, Ragged):
        told["ragged"] = True
        skip = 1 if told["rows"] else 0
        with (draft / f"{name}.offsets").open("ab") as file:
            file.write((array.offsets[skip:].astype(np.int64) + told["rows"]).tobytes())
    with (draft / f"{name}.values").open("ab") as file:
        file.write(np.ascontiguousarray(values).tobytes())
    told["rows"] += len(values)


def _open(place: Path) -> Arrays:
    meta = json.loads((place / "meta.json").read_text())
    out: Arrays = {}
    for name, told in meta.items():
        shape = (told["rows"], *told["shape"])
        # copy-on-write: torch wants writable memory, and a stray write must never reach the shared file
        dtype = np.dtype(told["dtype"])
        # a table without numbers stores an array of no columns, and an empty file cannot be mapped
        values = np.memmap(place / f"{name}.values", dtype, "c", shape=shape) if np.prod(shape) else np.empty(shape, dtype)
        out[name] = Ragged(values, np.fromfile(place / f"{name}.offsets", np.int64)) if told["ragged"] else values
    return out


def _evict(keep: Path) -> None:
    cap = float(os.environ.get("FUKAMI_STORE_GB", "20")) * (1 << 30)
    stores = sorted(keep.parent.glob("*/meta.json"), key=lambda p: p.stat().st_mtime, reverse=True)
    used = 0
    for meta in stores:
        used += sum(p.stat().st_size for p in meta.parent.iterdir())
        if used > cap and meta.parent != keep:
            shutil.rmtree(meta.parent, ignore_errors=True)
