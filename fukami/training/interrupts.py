"""Ctrl-C and SIGTERM during a training: what is under way ends first where it is quick, and is broken off where it is not.

What is saved is the last snapshot, so a step that was broken off costs nothing that one that ended would have kept.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fukami.core import stopping

GRACE_S = 0.3
"""How long a step may go on after it was asked to end."""
AGAIN_S = 0.2


class Asked(threading.Event):
    """Whether a signal has come."""


@contextmanager
def interruptible(*, patient: bool = False, busy: Callable[[], bool] = lambda: False) -> Iterator[Asked]:
    """Inside, a signal sets the event, so that what is under way ends first; after `GRACE_S`, and at a second one, it is
    interrupted, but not while it is `busy`.

    Never where this is `patient`: several processes end together, and hear a signal from the terminal and from what started
    them. Only the main thread can receive signals; elsewhere nothing changes.
    """
    asked, over = Asked(), threading.Event()

    def insist(number: int) -> None:
        wait = GRACE_S
        while not over.wait(wait):
            signal.pthread_kill(threading.main_thread().ident or 0, number)
            wait = AGAIN_S

    def ask(number: int, _frame: Any) -> None:
        stopping.heard()
        if asked.is_set():
            if not patient and not busy():
                over.set()
                raise KeyboardInterrupt
            return
        asked.set()
        if not patient and hasattr(signal, "pthread_kill"):  # Windows has none: there a step always ends first
            threading.Thread(target=insist, args=(number,), name="fukami-insists", daemon=True).start()

    heard = stopping.SIGNALS if threading.current_thread() is threading.main_thread() else ()
    old = {number: signal.getsignal(number) for number in heard if signal.getsignal(number) is not signal.SIG_IGN}
    try:
        for number in old:
            signal.signal(number, ask)
        yield asked
    finally:
        over.set()
        for number, handler in old.items():
            signal.signal(number, handler)
