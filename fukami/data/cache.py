"""Where prepared data, unpacked archives and downloads are kept. Safe to delete at any time."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


def cache_folder() -> Path:
    """`FUKAMI_CACHE`, else `fukami` in the user's cache folder (`XDG_CACHE_HOME`, `~/.cache`)."""
    named = os.environ.get("FUKAMI_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(named) if named else base / "fukami"


@contextlib.contextmanager
def made_at_once(folder: Path) -> Iterator[Path]:
    """A temporary folder beside `folder` that takes its name when the block ends well, and vanishes when it does not.

    Where another process was faster, its folder stays and ours goes.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield temporary
        try:
            temporary.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
