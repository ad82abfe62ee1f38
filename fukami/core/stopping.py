"""A command that is asked to stop does, even while a library computes for minutes without coming back to Python.

Python hears a signal between two of its own instructions. Where that takes too long, a thread ends the process instead: it
does what is to be done in that case (`instead`), removes what was half written (`half_written`), and hands over to whoever
speaks to the user (`watched`). Only the command line asks for that: a program of somebody's own is never ended.
"""

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, NoReturn

PATIENCE_S = 1.2
"""How long Python may take to hear a signal."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)
_CLOSE_S = 0.2

End = Callable[[KeyboardInterrupt], KeyboardInterrupt]
"""Takes the interrupt that would be raised, and gives the one that says more of it."""

_half_written: set[Path] = set()
_instead: list[End] = []
_heard_at = [0.0]


def heard() -> None:
    """Said by whatever handles a signal: Python is awake, so nothing has to be done instead."""
    _heard_at[0] = time.monotonic()


@contextmanager
def half_written(folder: Path) -> Iterator[Path]:
    """`folder` is gone at the end of the block, however that comes.

    >>> import tempfile
    >>> with half_written(Path(tempfile.mkdtemp())) as folder:
    ...     _ = (folder / "part").write_text("half")
    >>> folder.exists()
    False
    """
    _half_written.add(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _half_written.discard(folder)


@contextmanager
def instead(end: End) -> Iterator[None]:
    """Inside, `end` does from another thread what an interrupt would lead to here. The innermost is asked first."""
    _instead.append(end)
    try:
        yield
    finally:
        _instead.remove(end)


@contextmanager
def watched(tell: Callable[[KeyboardInterrupt], int] | None) -> Iterator[None]:
    """Inside, Ctrl-C and SIGTERM are interrupts, and where Python does not hear one in time the process ends.

    `tell` then says what became of the command, and gives its exit code; with None the process goes on until Python hears.
    In the main thread only; elsewhere nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, _interrupt)
    try:
        with _ending(tell) if tell is not None else nullcontext():
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _ending(tell: Callable[[KeyboardInterrupt], int]) -> Iterator[None]:
    out, into = os.pipe()
    os.set_blocking(into, False)
    wakeup = signal.set_wakeup_fd(into, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(out, tell), name="fukami-stopping", daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        os.close(into)  # which ends the thread


def _interrupt(_number: int, _frame: Any) -> None:
    heard()
    raise KeyboardInterrupt


def _watch(out: int, tell: Callable[[KeyboardInterrupt], int]) -> None:
    while numbers := os.read(out, 64):
        # a handler that has just run was this signal's
        since = time.monotonic() - _CLOSE_S
        while set(numbers) & set(SIGNALS) and _heard_at[0] < since:
            if time.monotonic() > since + _CLOSE_S + PATIENCE_S:
                _ended(tell)
            time.sleep(0.05)
    os.close(out)


def _ended(tell: Callable[[KeyboardInterrupt], int]) -> NoReturn:
    """Does what is left to do where Python is not heard of, and ends the process."""
    code = 130
    try:
        error = KeyboardInterrupt()
        for end in reversed(_instead):
            error = end(error)
        for folder in list(_half_written):
            shutil.rmtree(folder, ignore_errors=True)
        code = tell(error)
    finally:
        leave(code)


def leave(code: int) -> NoReturn:
    """Ends the process at once, with everything said."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
