"""A folder changed by one process at a time, and exchanged for its new version in one step where the system can do that."""

import contextlib
import errno
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: two that change one run at once are not noticed
    fcntl = None  # type: ignore[assignment]

_SWAP = 2
"""RENAME_EXCHANGE of renameat2(2)."""
_HERE = -100
"""AT_FDCWD: names are relative to the working folder."""
_BETWEEN_S = 1.0
"""How long nothing may have the name: it has to be renamed twice where it cannot be exchanged at once."""


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Waits until no other process changes `folder`, and keeps others waiting meanwhile.

    The lock is on the folder itself, not on its name: who waited for one that was exchanged meanwhile waits for the new one.
    A file system that has no locks is trusted to have no second process that writes either.
    """
    handle, until = None, time.monotonic() + _BETWEEN_S
    while fcntl is not None:
        try:
            handle = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
            continue
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        if is_at(folder, os.fstat(handle)):
            break
        os.close(handle)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


@contextlib.contextmanager
def watched(folder: Path) -> Iterator[Callable[[], bool]]:
    """Gives the question whether what stands at `folder` is still what stood there when it was opened.

    It is kept open meanwhile: the system could give the number of a folder that is gone to the next one.
    """
    handle = None if fcntl is None else os.open(folder, os.O_RDONLY)
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
