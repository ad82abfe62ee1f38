"""Batches ahead of the steps that need them: gathered, augmented and mixed by a thread while the device computes.

What a batch holds follows from its step alone, so it does not matter who prepares it or when. `ahead` is the number of batches
in advance; 0 prepares each when it is asked for, which is best where the same processor has to do both.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from fukami.engine.mishaps import NotPrepared, is_out_of_memory


class Loaded(NamedTuple):
    """A batch ready for its step: the rows in the store, the tensors, and the generator that goes on drawing for this step."""

    step: int
    rows: np.ndarray
    batch: dict[str, Any]
    rng: torch.Generator


class Loader:
    """Hands out `prepare(step)` for the steps asked for, one after another, from `first` on; `num_steps` ends them.

    `waited` is the time, in seconds, that `take` has waited for data. Used as a context, so that its thread ends with the
    training.

    >>> with Loader(lambda step: step * 10, first=0, num_steps=3, ahead=1) as loader:
    ...     [loader.take(step) for step in range(3)]
    [0, 10, 20]
    """

    def __init__(self, prepare: Callable[[int], Any], *, first: int, num_steps: int, ahead: int = 0):
        self.prepare, self.first, self.num_steps, self.ahead = prepare, first, num_steps, ahead
        self.waited = 0.0
        self._ready: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(maxsize=max(1, ahead))
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Loader:
        if self.ahead:
            self._thread = threading.Thread(target=self._work, name="fukami-loader", daemon=True)
            try:
                self._thread.start()
            except RuntimeError as error:  # no memory for its stack
                self._thread = None
                raise NotPrepared from error
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        if self._thread is not None:
            while self._thread.is_alive():  # a worker that waits for room must be let go
                self._drain()
                self._thread.join(timeout=0.05)

    def take(self, step: int) -> Any:
        """What `prepare` made of `step`; an error that it raised is raised here, `NotPrepared` where memory ran out."""
        started = time.perf_counter()
        if self._thread is None:
            made, error = self._made(step)
        else:
            made, error = self._ready.get()
        self.waited += time.perf_counter() - started
        if error is not None and is_out_of_memory(error):
            raise NotPrepared
        if error is not None:
            raise error
        return made

    def _work(self) -> None:
        for step in range(self.first, self.num_steps):
            made = self._made(step)
            while not self._over.is_set():
                try:
                    self._ready.put(made, timeout=0.1)
                    break
                except queue.Full:
                    continue
            if self._over.is_set() or made[1] is not None:
                return

    def _made(self, step: int) -> tuple[Any, BaseException | None]:
        try:
            return self.prepare(step), None
        except Exception as error:  # handed to the one who asked, in whose thread it belongs
            return None, error

    def _drain(self) -> None:
        try:
            while True:
                self._ready.get_nowait()
        except queue.Empty:
            return
