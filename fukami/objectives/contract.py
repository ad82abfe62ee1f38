"""What a training minimises, in the three forms that it takes on the way from a formula to a step.

Shapes: B batch, N rows (B, or B times the members of an ensemble).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from fukami.core.lazily import nn, torch


class Signature(Protocol):
    """What objectives know of a task: the names of its inputs, and its targets, of which the first is judged."""

    @property
    def inputs(self) -> Mapping[str, Any]: ...

    @property
    def targets(self) -> Mapping[str, Any]: ...

    @property
    def target(self) -> Any: ...


Batch = dict[str, Any]
"""Input or target name → that field's tensors."""

Loss = Callable[[Any, Any], "torch.Tensor"]
"""`(outputs, targets) -> loss`: a formula; one number, or one for each row."""


class Outcome(NamedTuple):
    """What came of asking a network about a batch.

    Attributes:
        loss: of each example, (B,) or with further axes that are averaged over; one number where examples are not separable.
        outputs: what the network gave, where it was asked once and the loss follows from that and the batch; of several targets
            by their names.
        features: what its encoder gave, where it has one to show.
        told: parts of the loss by name, for the history.
    """

    loss: torch.Tensor
    outputs: Any = None
    features: Any = None
    told: Mapping[str, torch.Tensor] = {}


Objective = Callable[["nn.Module", Batch, "torch.Generator"], Outcome]
"""`(network, batch, rng) -> outcome`. It asks the network itself, or parts of it, as often as it needs to and with what it
draws from `rng`, so that a step may feed back, mask, or compare two views. Distillation, penalties … are wrapped around it."""


class Turns(dict[str, Objective]):
    """Players that learn in turn: name of a part of the network → what moves its weights, and no others, in this order.

    >>> list(Turns({"head": lambda network, batch, rng: Outcome(torch.zeros(1))}))
    ['head']
    """


def turns(objective: Objective | Turns) -> Mapping[str, Objective]:
    """An objective as turns: one player with all weights, whose name is empty, where it is a single one."""
    return objective if isinstance(objective, Turns) else {"": objective}


def mean_loss(objective: Objective | Turns, network: nn.Module, batch: Batch, rng: torch.Generator) -> torch.Tensor:
    """The mean loss of a batch; of several players the sum of theirs."""
    losses = [player(network, batch, rng).loss.mean() for player in turns(objective).values()]
    return losses[0] if len(losses) == 1 else torch.stack(losses).sum()
