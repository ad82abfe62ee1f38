"""Work on examples a few at a time, as many as memory takes: where it runs out, half as many from there on."""

import gc
from collections.abc import Callable, Iterator
from typing import TypeVar

import torch

from fukami.core.errors import RunError
from fukami.core.language import _
from fukami.engine.mishaps import is_out_of_memory

T = TypeVar("T")


def in_parts(total: int, most: int, ask: Callable[[int, int], T]) -> Iterator[T]:
    """What `ask(start, stop)` gives for consecutive parts of at most `most` of `total` examples.

    A part for which memory runs out is asked again in halves, and all that follow are no larger. Raises `RunError` F-MEMORY
    where it does not suffice for one example.

    >>> list(in_parts(5, 2, lambda start, stop: (start, stop)))
    [(0, 2), (2, 4), (4, 5)]
    """
    start = 0
    while start < total:
        stop = min(start + most, total)
        answers = _tried(ask, start, stop)
        if answers:
            yield answers[0]
            start = stop
            continue
        # here no exception is in flight any more, which would hold on to the tensors of what failed
        if stop - start <= 1:
            raise RunError(
                "F-MEMORY",
                _("memory does not suffice for a single example"),
                fix=_("a smaller model, smaller pictures or shorter texts: `fukami plan` tells what each takes"),
            )
        most = (stop - start) // 2
        clear()


def _tried(ask: Callable[[int, int], T], start: int, stop: int) -> list[T]:
    try:
        return [ask(start, stop)]
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return []


def clear() -> None:
    """Gives back what is no longer used, to the system and to the device."""
    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
