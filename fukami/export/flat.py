"""A network that takes a field's named tensors one by one (`fields/batch.py`): what every exported format is made from."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import nn

from fukami.fields import batch as trees
from fukami.models.onnx_network import spelled

After = Callable[[Any], torch.Tensor | dict[str, torch.Tensor]]
"""From raw outputs to what a graph gives: one tensor, or several by name."""


class Flat(nn.Module):
    """`network` as a function of single tensors, in the order of `names`.

    A part without columns (rows that have numbers alone) is left out of `names`: other programs take no empty tensors.

    Args:
        network: takes `{input name: batch}` and gives raw outputs.
        inputs: an example of what it takes; only its structure is kept.
        after: what follows the raw outputs, from them to scores for instance; None for the raw outputs.
        output: the name of what it gives, where that has none of its own.
    """

    def __init__(self, network: nn.Module, inputs: dict[str, Any], after: After | None = None, output: str = "outputs"):
        super().__init__()
        self.network = network
        self.after, self.output = after, output
        tensors = trees.named(inputs)
        self.names = [name for name, tensor in tensors.items() if 0 not in tensor.shape[1:]]
        self.lacking = {name: tensor.dtype for name, tensor in tensors.items() if name not in self.names}
        self.like = trees.mapped(inputs, lambda tensor: np.empty(0))

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, ...]:
        told = dict(zip(self.names, tensors, strict=True))
        for name, dtype in self.lacking.items():
            told[name] = tensors[0].new_zeros((tensors[0].shape[0], 0), dtype=dtype)
        found = tuple(self.gives(self.network(trees.rebuilt(told, self.like))).values())
        return found[0] if len(found) == 1 else found

    def gives(self, outputs: Any) -> dict[str, torch.Tensor]:
        """What comes of the network's raw outputs, by name."""
        if self.after is None:
            return spelled(outputs, self.output)
        found = self.after(outputs)
        return found if isinstance(found, dict) else {self.output: found}

    def arguments(self, inputs: dict[str, Any]) -> tuple[torch.Tensor, ...]:
        """The tensors that `forward` takes, of `inputs`."""
        tensors = trees.named(inputs)
        return tuple(tensors[name] for name in self.names)


def example_of(inputs: dict[str, Any], examples: int = 3) -> dict[str, Any]:
    """`inputs` with exactly `examples` of them, repeated where there are fewer, on the processor, and two tokens or more.

    A tracer takes a size of one for a size that never changes.
    """

    def cut(tensor: torch.Tensor) -> torch.Tensor:
        return tensor[torch.arange(examples) % tensor.shape[0]].cpu().clone(memory_format=torch.contiguous_format)

    def whole(batch: Any) -> Any:
        parts = trees.mapped(batch, cut)
        if "lengths" in _fields(parts) and parts[0].shape[1] == 1:
            parts = trees.mapped(parts, lambda tensor: torch.cat([tensor, tensor], 1) if tensor.ndim > 1 else tensor)
        return parts

    return {name: whole(batch) for name, batch in inputs.items()}


Axes = Mapping[str, Mapping[int, str]]
"""Name of a tensor → its axes whose size varies, besides that of the examples → a name for that size."""


def axes(flat: Flat, inputs: dict[str, Any], more: Axes = MappingProxyType({})) -> list[dict[int, str]]:
    """For each tensor of `flat.names` the axes whose size varies: `batch`, `length` where the field's batch has lengths, and
    those in `more`. Of several fields with lengths each has a name of its own: one name says that they are equally long."""
    long = [(name, batch._asdict()) for name, batch in inputs.items() if "lengths" in _fields(batch)]
    called = {name: "length" if len(long) == 1 else f"{name}_length" for name, _parts in long}
    tensors = ((name, part, tensor) for name, parts in long for part, tensor in parts.items())
    varying = {f"{name}_{part}": {1: called[name]} for name, part, tensor in tensors if tensor.ndim > 1}
    return [{0: "batch", **varying.get(name, {}), **more.get(name, {})} for name in flat.names]


def _fields(batch: Any) -> tuple[str, ...]:
    return getattr(batch, "_fields", ())
