"""The processes of one training: which share of a batch is whose, and what they tell each other.

A training in one process has the ranks `ALONE`, whose methods do nothing; the loop has one form for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True)
class Ranks:
    """Process `rank` of `size`."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes and speaks."""
        return self.rank == 0

    @property
    def words(self) -> tuple[str | int, ...]:
        """What a process's own draws are seeded by besides the step; nothing for the first, so that it draws as one alone."""
        return ("rank", self.rank) if self.rank else ()

    def share(self, batch: Any) -> Any:
        """This process's examples of a batch."""
        return batch

    @contextmanager
    def gathering(self, network: nn.Module, *, last: bool) -> Iterator[None]:
        """Around a forward and backward pass; after the `last` of a step, gradients are those of all processes."""
        yield

    def mean(self, loss: torch.Tensor) -> torch.Tensor:
        """The loss over the examples of all processes."""
        return loss

    def any(self, flag: bool) -> bool:
        """Whether the flag is up in any process."""
        return flag


ALONE = Ranks()
