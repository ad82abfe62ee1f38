"""Examples that depend on the learner: what an agent lives through, games against itself, negatives that it finds hard.

A source stands in the place of a store. Before each step it may ask the network that learns for new examples; what it holds is
part of every snapshot, so that a training which goes back or is resumed finds it as it was.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np

from fukami.core.lazily import nn, torch


@runtime_checkable
class Source(Protocol):
    """Stored examples, as `Store`, that grow and change while a network learns from them."""

    fields: dict[str, Any]

    def collect(self, network: nn.Module, step: int) -> None:
        """Gathers what step `step` learns from. Everything random in it follows from (seed, step) and from `state`."""
        ...

    def batch(self, rows: np.ndarray, device: torch.device | str = "cpu") -> dict[str, Any]:
        """The examples of a step; `rows` are what the order of the training drew, whatever that means here."""
        ...

    def lengths(self) -> np.ndarray | None:
        """As of a store."""
        ...

    def state(self) -> dict[str, Any]:
        """Everything that changes, as a tree of tensors and numbers."""
        ...

    def load(self, state: dict[str, Any]) -> None:
        """Takes back what `state` gave."""
        ...

    def double(self) -> Source:
        """Another one in the same state, for steps that are tried and thrown away."""
        ...
