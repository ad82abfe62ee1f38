"""The processes of one training: which share of a step is whose, and what they tell each other.

A training in one process has the ranks `ALONE`, whose methods do nothing; the loop has one form for both. Several processes
are a `Group` (`engine/group.py`).

Every process prepares a step's whole batch with the same draws and computes its own examples of it, so that a step sees the
same augmented examples however many processes share it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import nn

from fukami.fields import batch as trees

T = TypeVar("T")


@dataclass(frozen=True)
class Ranks:
    """Process `rank` of `size`.

    `sharded`: each holds a part of the weights only (FSDP2) instead of a copy (DDP). `again`: one was lost and all were started
    anew, as the first process knows.
    """

    rank: int = 0
    size: int = 1
    sharded: bool = False
    again: bool = False

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes and speaks."""
        return self.rank == 0

    @property
    def words(self) -> tuple[str | int, ...]:
        """What a process's own draws are seeded by besides the step; nothing for the first, so that it draws as one alone."""
        return ("rank", self.rank) if self.rank else ()

    # -- shares of a step ------------------------------------------------------------------------------------------------
    def parts(self, total: int, most: int = 0) -> list[tuple[int, int]]:
        """`(start, stop)` of this process's examples of a batch of `total`, in micro-batches of at most `most` (0: no limit).

        Sizes differ by one at most, and every process has as many parts, since they meet in each one. (Only with `most` 1 and a
        batch that the processes cannot share evenly, some parts hold 2.)

        >>> ALONE.parts(9, 4)
        [(0, 3), (3, 6), (6, 9)]
        >>> Ranks(1, 2).parts(9), Ranks(0, 2).parts(9, 3), Ranks(1, 2).parts(9, 3)
        ([(4, 9)], [(0, 2), (2, 4)], [(4, 6), (6, 9)])
        """
        most = most or total
        if self.size == 1:
            return list(trees.even_parts(total, most))
        number = max(1, min(-(-total // (most * self.size)), total // self.size))
        cells = self.size * number
        first = self.rank * number
        return [(index * total // cells, (index + 1) * total // cells) for index in range(first, first + number)]

    def share(self, batch: Any) -> Any:
        """This process's examples of a batch.

        >>> Ranks(1, 2).share({"x": torch.arange(5)})
        {'x': tensor([2, 3, 4])}
        """
        if self.size == 1:
            return batch
        ((start, stop),) = self.parts(trees.size(batch))
        return trees.part(batch, start, stop)

    @contextmanager
    def gathering(self, network: nn.Module, *, last: bool) -> Iterator[None]:
        """Around a forward and backward pass; after the `last` of a step, gradients are the mean over all processes."""
        yield

    def mean(self, loss: torch.Tensor) -> torch.Tensor:
        """The mean over all processes."""
        return loss

    # -- decisions -------------------------------------------------------------------------------------------------------
    def any(self, *flags: bool) -> tuple[bool, ...]:
        """Each flag: whether it is up in any process."""
        return flags

    def most(self, value: float) -> float:
        """The largest of all processes' values."""
        return value

    def told(self, work: Callable[[], T]) -> T:
        """What `work` gives in the first process, which alone does it, told to all. Plain values: JSON is what travels.

        The others wait for as long as it takes. An error in it ends all of them.
        """
        return work()

    def lasting(self, name: str, work: Callable[[], str]) -> str:
        """As `told`, but after a restart of the processes what was told under `name` before."""
        return work()

    @contextmanager
    def first_leads(self) -> Iterator[None]:
        """The first process goes through the block; when it is done, all the others do."""
        yield

    # -- evaluation ------------------------------------------------------------------------------------------------------
    def over(self, parts: Sequence[T], work: Callable[[T], Any]) -> Iterator[Any]:
        """`work(part)`, a tree of NumPy arrays, for each of `parts` in order; each is made in one process and handed to all."""
        return map(work, parts)


ALONE = Ranks()
