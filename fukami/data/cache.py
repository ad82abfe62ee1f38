"""Where prepared data, unpacked archives and downloads are kept. Safe to delete at any time."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fukami.core.cache import cache_folder

__all__ = ["cache_folder", "made_at_once"]


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
