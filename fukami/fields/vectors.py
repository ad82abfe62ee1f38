"""Targets whose answer is a vector of length 1 for each example: near ones mean alike.

What compares examples (searching, finding copies, an index in the run) asks whether a target is one of these, never for its
kind. B batch, D dimensions.
"""

from abc import abstractmethod
from typing import Any

import torch

from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.fields.contract import TargetField


class Vectors(TargetField):
    """A target whose answers are `vectors_BD`, float32, of length 1. Two are as alike as their cosine, their product, says."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """D."""

    @property
    @abstractmethod
    def same_from(self) -> float | None:
        """The similarity from which on two examples count as the same; None where nothing taught it."""

    @abstractmethod
    def names(self, truth: Any) -> list[str]:
        """What each of B examples is called, from `truth`: who or what it shows."""

    def apart(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """The length of the difference of both vectors."""
        return (left.double() - right.double()).norm(dim=-1).nan_to_num(nan=torch.inf, posinf=torch.inf)


def vectors(target: TargetField, what: str) -> Vectors:
    """The target as one whose answers are vectors. Raises `UsageError` F-TARGET-VECTORS where it is none; `what` says what
    needs it, in a few words."""
    if isinstance(target, Vectors):
        return target
    raise UsageError(
        "F-TARGET-VECTORS",
        _("{what} is there only for runs whose answers are vectors").format(what=what),
        where=target.name,
        expected=_("a run of a task about what is alike"),
        got=target.kind,
    )
