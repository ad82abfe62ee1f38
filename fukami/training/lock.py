"""One training at a time for each place: a lock in the unfinished folder, which the kernel takes from a process that dies."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from fukami.core import artefact, worker
from fukami.core.errors import RunError
from fukami.core.language import _
from fukami.core.locks import holding

NAME = "lock"


@contextlib.contextmanager
def locked(place: Path) -> Iterator[None]:
    """Makes the folder `place` and holds it for this process. Raises `RunError` F-RUN-BUSY where another one holds it.

    Of the processes that torchrun starts for one training, the first holds the place for all. A file system that has no locks
    is trusted to have no second training either.
    """
    if worker.rank() > 0:
        place.mkdir(parents=True, exist_ok=True)
        yield
        return
    with contextlib.ExitStack() as stack:
        _hold(place, stack)
        (place / NAME).write_text(f"{os.getpid()}\n")
        try:
            yield
        finally:
            # a folder that was made for the lock alone goes with it, while it is held: another one takes it at once
            with contextlib.suppress(OSError):  # another one begins there, or the file system keeps what is open
                if place.is_dir() and is_empty(place):
                    (place / NAME).unlink(missing_ok=True)
                    place.rmdir()


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


def _hold(place: Path, stack: contextlib.ExitStack) -> None:
    """Makes the folder and holds its lock file until the end of `stack`."""
    while True:
        _make(place)
        with contextlib.suppress(FileNotFoundError):  # the folder went with the training that ended just now
            stack.enter_context(holding(place / NAME, busy=lambda: _refuse(place)))
            return


def _make(place: Path) -> None:
    """Makes the folder. Raises `UsageError` F-RUN-PLACE where there can be none of that name."""
    with artefact.placing(place):
        place.mkdir(parents=True, exist_ok=True)


def _refuse(place: Path) -> NoReturn:
    process = ""
    with contextlib.suppress(OSError):  # it has just ended, or Windows shows nobody the file
        process = (place / NAME).read_text("ascii", "replace").strip()
    raise RunError(
        "F-RUN-BUSY",
        _("another training writes to that place"),
        where=str(place),
        got=_("process {number}").format(number=process) if process else "",
        fix=_("wait for it, or choose another --out"),
    )
