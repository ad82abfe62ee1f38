"""Looks at pictures, kept on disk: an unchanged file is not opened again by the next command.

One file holds the looks at one source: a checksum, the kinds and errors that occur as JSON, and fixed-size entries sorted by
name. A picture is known again by path, size, time of change and inode, or by the digest of its bytes where it is no file. What
is no such file, or not whole, counts as not there and is written anew. Two processes that write at once both leave whole files;
the later one stays, and what it lacks is looked at again.
"""

import contextlib
import hashlib
import json
import os
import struct
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import PIL
from PIL import features

from fukami.core.cache import cache_folder, write_at_once
from fukami.core.errors import DataError
from fukami.core.language import stored, told
from fukami.fields.image import decode
from fukami.fields.image.look import FORMAT, THUMBNAIL_PX, Look, digest_of

WORTH_KEEPING = 256
"""Fewer pictures than this are looked at again: that takes no longer than a moment."""
MOST_ENTRIES = 2_000_000
"""Looks in one file; each takes 360 bytes."""
MOST_BYTES = 1 << 30
"""All files together. Those that were used longest ago go first."""
FORGOTTEN_S = 30 * 86_400
"""A look as old as this goes when its file is written again and nobody asked for it."""
ABANDONED_S = 86_400
"""A draft as old as this is of a process that was killed."""

ENTRY = np.dtype(
    [
        ("name", "<u8", (2,)),
        ("modified_ns", "<i8"),
        ("size", "<i8"),
        ("inode", "<u8"),
        ("looked_s", "<u4"),
        ("error", "<u4"),
        ("kind", "<u2"),
        ("grey", "?"),
        ("deep", "?"),
        ("content", "<u8"),
        ("near", "<u8"),
        ("width", "<u4"),
        ("height", "<u4"),
        ("levels", "<f8", (2,)),
        ("thumbnail", f"V{THUMBNAIL_PX**2}"),
    ]
)
"""`error` and `kind` are positions in the lists before the entries; error 0 is none."""
_LAYOUT = repr(ENTRY)
_HEAD = struct.Struct("<II")  # the checksum of all that follows it, and the bytes of JSON


class Key(NamedTuple):
    """What a picture is known again by. `name` is an absolute path, or the digest of the bytes of what is no file."""

    name: str | bytes
    modified_ns: int = 0
    size: int = 0
    inode: int = 0


class _Kept(NamedTuple):
    entries: np.ndarray
    kinds: list[list[str]]
    errors: list[dict[str, Any]]


def place_of(source: str) -> Path:
    """The file for the looks at `source` (a folder or a table). Another Pillow may decode otherwise, so it has its own."""
    known_by = [FORMAT, PIL.__version__, features.version("jpg"), sorted(decode.FORMATS), source]
    name = hashlib.blake2b(json.dumps(known_by).encode(), digest_size=16).hexdigest()
    return cache_folder() / "glances" / f"{name}.looks"


def found(place: Path, keys: Sequence[Key]) -> dict[Key, Look]:
    """Those of `keys` whose look is kept at `place`."""
    kept = _opened(place)
    if kept is None or not len(kept.entries) or not keys:
        return {}
    with contextlib.suppress(OSError):  # the cache may belong to somebody else
        os.utime(place)
    asked = _entries_of(keys)
    first = kept.entries["name"][:, 0]
    index = np.minimum(np.searchsorted(first, asked["name"][:, 0]), len(first) - 1)
    same = (kept.entries["name"][index] == asked["name"]).all(1)
    for part in ("modified_ns", "size", "inode"):
        same &= kept.entries[part][index] == asked[part]
    rows = np.flatnonzero(same)
    looks = _looks(kept._replace(entries=kept.entries[index[rows]]))
    return {keys[row]: look for row, look in zip(rows.tolist(), looks, strict=True)}


def keep(place: Path, looks: Mapping[Key, Look], asked: Iterable[Key]) -> None:
    """Adds `looks` to what is kept at `place`. Raises `OSError` where that cannot be written.

    Looks that are not among `asked` (what the source holds at present) go when they are old.
    """
    old = _opened(place) or _Kept(np.empty(0, ENTRY), [], [])
    new = _added(old, looks)
    at_hand = np.isin(old.entries["name"][:, 0], _entries_of(list(asked))["name"][:, 0])
    recent = old.entries["looked_s"] >= max(0, time.time() - FORGOTTEN_S)
    replaced = np.isin(old.entries["name"][:, 0], new.entries["name"][:, 0])
    entries = np.concatenate([old.entries[(at_hand | recent) & ~replaced], new.entries])
    entries = entries[np.argsort(entries["looked_s"], kind="stable")[-MOST_ENTRIES:]]
    entries = entries[np.argsort(entries["name"][:, 0], kind="stable")]
    used, numbers = np.unique(np.append(0, entries["error"]), return_inverse=True)
    entries["error"] = numbers[1:]
    _write(place, _Kept(entries, new.kinds, [new.errors[number - 1] for number in used.tolist()[1:]]))
    _evict(place)


# -- entries ---------------------------------------------------------------------------------------------------------------
def _entries_of(keys: Sequence[Key]) -> np.ndarray:
    """Entries that hold nothing but the keys."""
    entries = np.zeros(len(keys), ENTRY)
    entries["name"] = np.frombuffer(
        b"".join(key.name if isinstance(key.name, bytes) else digest_of(key.name) for key in keys), "<u8"
    ).reshape(len(keys), 2)
    for part, values in zip(("modified_ns", "size", "inode"), list(zip(*keys, strict=True))[1:], strict=False):
        entries[part] = values
    return entries


def _added(old: _Kept, looks: Mapping[Key, Look]) -> _Kept:
    """Entries for `looks`, and the lists of `old` with what they name besides."""
    entries = _entries_of(list(looks))
    kinds = {tuple(kind): number for number, kind in enumerate(old.kinds)}
    errors = {json.dumps(error): number for number, error in enumerate(old.errors, 1)}
    entries["looked_s"] = int(time.time())
    for part in ("content", "near", "width", "height", "grey"):
        entries[part] = [getattr(look, part) for look in looks.values()]
    entries["kind"] = [kinds.setdefault((look.format, look.mode), len(kinds)) for look in looks.values()]
    told = [None if look.error is None else _parts(look.error) for look in looks.values()]
    entries["error"] = [0 if parts is None else errors.setdefault(parts, len(errors) + 1) for parts in told]
    entries["deep"] = [look.levels is not None for look in looks.values()]
    entries["levels"] = [look.levels or (0.0, 0.0) for look in looks.values()]
    entries["thumbnail"] = [look.thumbnail for look in looks.values()]
    return _Kept(entries, [list(kind) for kind in kinds], [json.loads(parts) for parts in errors])


def _parts(error: DataError) -> str:
    """An error without its place, so that it can be told in any language, of any place."""
    return json.dumps({name: stored(part) for name, part in error.as_dict().items() if name != "where"})


def _looks(kept: _Kept) -> list[Look]:
    entries = kept.entries
    errors = [None, *(DataError(**told(parts)) for parts in kept.errors)]
    kinds = [kept.kinds[number] for number in entries["kind"].tolist()]
    levels = [tuple(told) if deep else None for deep, told in zip(entries["deep"], entries["levels"].tolist(), strict=True)]
    columns = (
        [errors[number] for number in entries["error"].tolist()],
        *(entries[name].tolist() for name in ("content", "near", "width", "height")),
        [format for format, _mode in kinds],
        [mode for _format, mode in kinds],
        entries["grey"].tolist(),
        levels,
        entries["thumbnail"].tolist(),
    )
    looks = map(Look._make, zip(*columns, strict=True))
    return [look if look.error is None else Look(look.error) for look in looks]


# -- files -----------------------------------------------------------------------------------------------------------------
def _opened(place: Path) -> _Kept | None:
    """What is kept at `place`; None where nothing is, or it is not whole."""
    try:
        data = memoryview(place.read_bytes())
    except OSError:
        return None
    if len(data) < _HEAD.size:
        return None
    checksum, length = _HEAD.unpack_from(data)
    if zlib.crc32(data[4:]) != checksum:
        return None
    meta, rest = json.loads(bytes(data[_HEAD.size : _HEAD.size + length])), data[_HEAD.size + length :]
    if meta["layout"] != _LAYOUT or len(rest) % ENTRY.itemsize:
        return None
    return _Kept(np.frombuffer(rest, ENTRY), meta["kinds"], meta["errors"])


def _write(place: Path, kept: _Kept) -> None:
    meta = json.dumps({"layout": _LAYOUT, "kinds": kept.kinds, "errors": kept.errors}).encode()
    entries = memoryview(np.ascontiguousarray(kept.entries).view(np.uint8).data)
    length = struct.pack("<I", len(meta))
    checksum = zlib.crc32(entries, zlib.crc32(meta, zlib.crc32(length)))
    write_at_once(place, struct.pack("<I", checksum), length, meta, entries)


def _evict(keep: Path) -> None:
    """Removes abandoned drafts, and the files used longest ago until all together keep to the cap. `keep` stays."""
    now, used = time.time(), 0
    found = [(path, *_used(path)) for path in keep.parent.iterdir()]
    for path, moment, size in sorted(found, key=lambda one: (one[0] != keep, -one[1])):
        draft = path.name.startswith(".")
        used += 0 if draft else size
        if (draft and moment < now - ABANDONED_S) or (not draft and used > MOST_BYTES and path != keep):
            with contextlib.suppress(OSError):  # another process was faster, or the file is not ours
                path.unlink()


def _used(path: Path) -> tuple[float, int]:
    try:
        told = path.stat()
    except OSError:  # another process removes it
        return 0.0, 0
    return told.st_mtime, told.st_size
