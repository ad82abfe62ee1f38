"""One training at a time for each place: a lock in the unfinished folder, which the kernel takes from a process that dies."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fukami.core import artefact, worker
from fukami.core.errors import RunError
from fukami.core.language import _

try:
    import fcntl
except ImportError:  # Windows: two trainings with one --out are not noticed before the second writes its run
    fcntl = None  # type: ignore[assignment]

NAME = "lock"


@contextlib.contextmanager
def locked(place: Path) -> Iterator[None]:
    """Makes the folder `place` and holds it for this process. Raises `RunError` F-RUN-BUSY where another one holds it.

    Of the processes that torchrun starts for one training, the first holds the place for all. A file system that has no locks
    is trusted to have no second training either.
    """
    if fcntl is None or worker.rank() > 0:
        place.mkdir(parents=True, exist_ok=True)
        yield
        return
    handle = _held(place, fcntl)
    try:
        yield
    finally:
        # a folder that was made for the lock alone is not left lying about; while it is held, since another takes it at once
        with contextlib.suppress(OSError):  # another one begins there, or the file system keeps what is open
            if place.is_dir() and is_empty(place):
                (place / NAME).unlink(missing_ok=True)
                place.rmdir()
        os.close(handle)


def is_empty(place: Path) -> bool:
    """Whether the folder holds nothing besides the lock."""
    return all(path.name == NAME for path in place.iterdir())


def cleared(place: Path) -> None:
    """Deletes everything in the folder besides the lock."""
    for path in place.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != NAME:
            path.unlink()


def _held(place: Path, fcntl: Any) -> int:
    """A handle on the lock file, locked."""
    while True:
        _make(place)
        try:
            handle = os.open(place / NAME, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # the folder went with the training that ended just now
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = os.read(handle, 32).decode("ascii", "replace").strip()
            os.close(handle)
            raise _busy(place, other) from None
        except OSError:
            return handle
        if _is_there(handle, place / NAME):
            os.truncate(handle, 0)
            os.write(handle, f"{os.getpid()}\n".encode())
            return handle
        os.close(handle)  # locked a file that was deleted meanwhile


def _make(place: Path) -> None:
    """Makes the folder. Raises `UsageError` F-RUN-PLACE where there can be none of that name."""
    with artefact.placing(place):
        place.mkdir(parents=True, exist_ok=True)


def _is_there(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _busy(place: Path, process: str) -> RunError:
    return RunError(
        "F-RUN-BUSY",
        _("another training writes to that place"),
        where=str(place),
        got=_("process {number}").format(number=process) if process else "",
        fix=_("wait for it, or choose another --out"),
    )
