"""The folder of what can be made again: prepared data, looks at pictures, step plans, downloads. Safe to delete at any time."""

import contextlib
import os
import tempfile
from pathlib import Path


def cache_folder() -> Path:
    """`FUKAMI_CACHE`, else `fukami` in the user's cache folder (`XDG_CACHE_HOME`, `~/.cache`)."""
    named, base = os.environ.get("FUKAMI_CACHE"), os.environ.get("XDG_CACHE_HOME")
    if named:
        return Path(named)
    return (Path(base) if base else Path.home() / ".cache") / "fukami"


def write_at_once(path: Path, *parts: bytes | memoryview) -> None:
    """Writes a file beside its place and renames it: whoever reads finds the old file or the new one, whole.

    Nothing is forced onto the disk, so what is read after a power cut has to be told from damage. Raises `OSError`, leaving
    nothing behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=f".{path.stem}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
        Path(draft).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):  # the first error is the one to tell
            Path(draft).unlink(missing_ok=True)
        raise
