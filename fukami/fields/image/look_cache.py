"""Looks at pictures, kept on disk: an unchanged file is not opened again by the next command.

One entry of `core/kept.py` holds the looks at one source: the kinds and errors that occur as JSON, and fixed-size entries
sorted by name. A picture is known again by path, size, time of change and inode, or by the digest of its bytes where it is no
file. Of two processes that write at once the later one stays, and what it lacks is looked at again.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import PIL
from PIL import features

from fukami.core import kept
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
    decoded_by = [PIL.__version__, features.version("jpg"), sorted(decode.FORMATS)]
    return kept.place("glances", [FORMAT, repr(ENTRY), *decoded_by, source])


def found(place: Path, keys: Sequence[Key]) -> dict[Key, Look]:
    """Those of `keys` whose look is kept at `place`."""
    old = _opened(place)
    if not len(old.entries) or not keys:
        return {}
    asked = _entries_of(keys)
    first = old.entries["name"][:, 0]
    index = np.minimum(np.searchsorted(first, asked["name"][:, 0]), len(first) - 1)
    same = (old.entries["name"][index] == asked["name"]).all(1)
    for part in ("modified_ns", "size", "inode"):
        same &= old.entries[part][index] == asked[part]
    rows = np.flatnonzero(same)
    looks = _looks(old._replace(entries=old.entries[index[rows]]))
    return {keys[row]: look for row, look in zip(rows.tolist(), looks, strict=True)}


def keep(place: Path, looks: Mapping[Key, Look], asked: Iterable[Key]) -> None:
    """Adds `looks` to what is kept at `place`. Raises `OSError` where that cannot be written.

    Looks that are not among `asked` (what the source holds at present) go when they are old.
    """
    old = _opened(place)
    new = _added(old, looks)
    at_hand = np.isin(old.entries["name"][:, 0], _entries_of(list(asked))["name"][:, 0])
    recent = old.entries["looked_s"] >= max(0, time.time() - FORGOTTEN_S)
    replaced = np.isin(old.entries["name"][:, 0], new.entries["name"][:, 0])
    entries = np.concatenate([old.entries[(at_hand | recent) & ~replaced], new.entries])
    entries = entries[np.argsort(entries["looked_s"], kind="stable")[-MOST_ENTRIES:]]
    entries = entries[np.argsort(entries["name"][:, 0], kind="stable")]
    used, numbers = np.unique(np.append(0, entries["error"]), return_inverse=True)
    entries["error"] = numbers[1:]
    told = {"kinds": new.kinds, "errors": [new.errors[number - 1] for number in used.tolist()[1:]]}
    kept.write(place, told, memoryview(np.ascontiguousarray(entries).view(np.uint8).data), cap_bytes=MOST_BYTES)


def _opened(place: Path) -> _Kept:
    """What is kept at `place`; nothing where it is damaged, so that it is written anew."""
    try:
        told, content = kept.read(place) or ({"kinds": [], "errors": []}, b"")
    except kept.Damaged:
        return _Kept(np.empty(0, ENTRY), [], [])
    return _Kept(np.frombuffer(content, ENTRY), told["kinds"], told["errors"])


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


def _looks(known: _Kept) -> list[Look]:
    entries = known.entries
    errors = [None, *(DataError(**told(parts)) for parts in known.errors)]
    kinds = [known.kinds[number] for number in entries["kind"].tolist()]
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
