"""Where prepared data, unpacked archives and downloads are kept. Safe to delete at any time."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fukami.core.cache import cache_folder
from fukami.core.stopping import half_written

__all__ = ["cache_folder", "made_at_once"]


@contextlib.contextmanager
def made_at_once(folder: Path) -> Iterator[Path]:
    """A temporary folder beside `folder` that takes its name when the block ends well, and vanishes when it does not.

    Where another process was faster, its folder stays and ours goes.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    with half_written(temporary):
        yield temporary
        try:
            temporary.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
