"""A lock that others wait for, and that the system takes from a process that dies.

The lock is the kernel's (`filelock`), so a file that a dead process left is no lock. A file system that has no locks is trusted
to have no second process that writes either.
"""

import contextlib
import errno
from collections.abc import Callable, Iterator
from pathlib import Path

_NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL)


@contextlib.contextmanager
def holding(path: Path, *, busy: Callable[[], object]) -> Iterator[None]:
    """Holds the lock file `path`, which is gone afterwards. Raises `OSError` where it cannot be made.

    `busy` is called where another process holds it; unless that raises, the lock is waited for.
    """
    from filelock import FileLock, Timeout  # as long to import as some commands take

    lock = FileLock(path, fallback_to_soft=False)
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            busy()
            lock.acquire()
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    try:
        yield
    finally:
        if lock.is_locked:  # gone while it is held: who gets a file that has no name any more asks for a new one
            with contextlib.suppress(OSError):  # Windows deletes nothing that is open
                path.unlink()
        lock.release()
