"""What a model is: an encoder that says how many features it gives, and the network that joins it with a task's head.

A family's file holds `CARD` and `build(spec, *, gives="vector", <options>) -> nn.Module`. The module's `forward` takes the
input field's batch (`x_BCHW`, `Tokens`, `Cells`) and returns features of kind `gives`:

    vector    features_BD, or features_BMD for a model of M members that are trained apart and averaged
    sequence  Sequence(x_BLD, lengths_B), of `layers/pooling.py`: whoever looks at all elements asks how many are real
    grid      features_BDHW

A family whose `gives` names a kind of target is a `Whole` model: it is built with `target` besides, knows its own losses and
answers, and its head is nothing. Others have the attributes `num_features: int` (D) and, where there are several,
`members: int` (M). Where its weights have an order of depth it has `layer_groups() -> list[list[nn.Parameter]]`, from the input
to the output, for lower rates in earlier layers.

Where its weights are found at once rather than in steps (`ModelCard.fitted`), the file has besides
`fit(network, known: Known, **options) -> dict`, which gives the network of `build` and a linear head their weights, of whatever
sizes, and returns the options with which the same would be found again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from fukami.core.recipe import LearningChoices


class Whole(Protocol):
    """A model that goes the whole way from inputs to raw answers, and knows what it learns by.

    `players`, where it has them, are names of its parts that learn in turn, each by its own losses. One whose `forward` takes
    its inputs to what `answers` gives, in one pass without chance, can leave Fukami as a graph; of others the task says which
    graphs a program asks instead.
    """

    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        """Parts of the loss by name, whose sum is minimised: of each example (B,), or one number. With `players`, there is a
        further argument: whose turn it is."""
        ...

    def answers(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> Any:
        """What `TargetField.answers` takes; `options` are the task's."""
        ...


def width(encoder: Any) -> tuple[int, int]:
    """How many features an encoder gives, and how many members it has."""
    return int(getattr(encoder, "num_features", 0)), int(getattr(encoder, "members", 1))


class Network(nn.Module):
    """An encoder and a head: a task's inputs in, raw outputs out.

    Shapes: `inputs` is `{name: batch}`; with one input its batch is given to the encoder as it is, with several the mapping.
    """

    def __init__(self, encoder: nn.Module, head: nn.Module):
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, inputs: dict[str, Any], *, features: bool = False) -> Any:
        """Raw outputs; with `features`, raw outputs and what the encoder gave."""
        given = next(iter(inputs.values())) if len(inputs) == 1 else inputs
        encoded = self.encoder(given)
        outputs = self.head(encoded)
        return (outputs, encoded) if features else outputs


@dataclass(frozen=True)
class Known:
    """What a model is fitted to: the inputs of N examples as networks take them, and what is to be answered.

    `targets` are class numbers (N,) of integers, or numbers (N,) in deviations from their mean; `num_outputs` is K. `valid` are
    examples kept aside for what is to be decided on the way. `another` is the network of the named model, trained on the same,
    and `tell` takes what the user and the run are to be told.
    """

    inputs: Any
    targets: np.ndarray
    num_outputs: int
    learning: LearningChoices
    another: Callable[[str], Network]
    tell: Callable[[str], None]
    valid: "Known | None" = None

    @property
    def are_classes(self) -> bool:
        return np.issubdtype(self.targets.dtype, np.integer)
