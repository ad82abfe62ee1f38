"""A folder changed by one process at a time, and exchanged for its new version in one step where the system can do that."""

import contextlib
import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from fukami.core.locks import holding

_SWAP = 2
"""RENAME_EXCHANGE of renameat2(2)."""
_HERE = -100
"""AT_FDCWD: names are relative to the working folder."""


def alone(folder: Path) -> contextlib.AbstractContextManager[None]:
    """Waits until no other process changes `folder`, and keeps others waiting meanwhile.

    The lock is a file beside it: the folder that has the name is another one after each change. Raises `PermissionError` where
    nothing may be made there, and so no new version either.
    """
    place = folder.resolve()  # whichever name it is called by
    if not os.access(place.parent, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    return holding(place.parent / f".lock-{place.name}", busy=lambda: None)


@contextlib.contextmanager
def watched(folder: Path) -> Iterator[Callable[[], bool]]:
    """Gives the question whether what stands at `folder` is still what stood there when it was opened.

    It is kept open meanwhile: the system could give the number of a folder that is gone to the next one.
    """
    handle = None if os.name == "nt" else os.open(folder, os.O_RDONLY)  # Windows opens no folders
    try:
        yield lambda: handle is None or is_at(folder, os.fstat(handle))
    finally:
        if handle is not None:
            os.close(handle)


def is_at(folder: Path, known: os.stat_result) -> bool:
    """Whether what stands at `folder` is still what was `known` there."""
    try:
        return os.path.samestat(known, folder.stat())
    except FileNotFoundError:
        return False


def exchange(draft: Path, target: Path) -> None:
    """Gives `draft` the name of `target`. What stood there is left at `draft`, or is gone."""
    if target.exists() and _swapped(draft, target):
        return
    old = target.parent / f".{target.name}.old"
    while True:
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            target.rename(old)
        try:
            draft.rename(target)
            break
        except OSError:
            if not target.exists():
                raise
            # a reader came between the two and put the old one back, as after a crash
    shutil.rmtree(old, ignore_errors=True)


def _swapped(one: Path, other: Path) -> bool:
    """Swaps two names at once; False where this system or its file system has no way to."""
    if sys.platform != "linux":
        return False
    import ctypes

    swap = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if swap is None or swap(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _SWAP) == 0:
        return swap is not None
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP):
        return False
    raise OSError(number, os.strerror(number), str(other))
