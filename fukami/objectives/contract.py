"""What a training minimises, in the three forms that it takes on the way from a formula to a step.

Shapes: B batch, M members, K outputs of the head; N = B * M rows.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

Batch = dict[str, Any]
"""Input or target name → that field's tensors."""

Loss = Callable[[torch.Tensor, Any], torch.Tensor]
"""`(outputs_NK, targets_N…) -> loss`: a formula; one number, or one for each row."""

Judge = Callable[[torch.Tensor, Batch], torch.Tensor]
"""`(outputs_BMK, batch) -> loss`: the mean loss of a batch that has been answered."""

Objective = Callable[[nn.Module, Batch, torch.Generator], torch.Tensor]
"""`(network, batch, rng) -> loss`: the mean loss of a batch. It asks the network itself, as often as it needs to and with what
it draws from `rng`, so that a step may feed back, mask, or compare two views. Penalties are wrapped around it."""
