"""A network that takes a field's named tensors one by one (`fields/batch.py`): what every exported format is made from."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from fukami.fields import batch as trees


class Flat(nn.Module):
    """`network` as a function of single tensors, in the order of `names`.

    A part without columns (rows that have numbers alone) is left out of `names`: other programs take no empty tensors.

    Args:
        network: takes `{input name: batch}` and gives raw outputs.
        inputs: an example of what it takes; only its structure is kept.
        after: what follows the raw outputs, from them to scores for instance.
    """

    def __init__(self, network: nn.Module, inputs: dict[str, Any], after: Callable[[torch.Tensor], torch.Tensor] | None = None):
        super().__init__()
        self.network = network
        self.after = after
        tensors = trees.named(inputs)
        self.names = [name for name, tensor in tensors.items() if tensor.ndim < 2 or tensor.shape[1] > 0]
        self.lacking = {name: tensor.dtype for name, tensor in tensors.items() if name not in self.names}
        self.kinds = {name: None if isinstance(batch, torch.Tensor) else type(batch) for name, batch in inputs.items()}

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        told = dict(zip(self.names, tensors, strict=True))
        for name, dtype in self.lacking.items():
            told[name] = tensors[0].new_zeros((tensors[0].shape[0], 0), dtype=dtype)
        inputs = {
            name: told[name] if kind is None else kind(*(told[f"{name}_{part}"] for part in kind._fields))
            for name, kind in self.kinds.items()
        }
        outputs = self.network(inputs)
        return outputs if self.after is None else self.after(outputs)

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
        if "lengths" in getattr(parts, "_fields", ()) and parts.ids.shape[1] == 1:
            parts = parts._replace(ids=parts.ids.repeat(1, 2))
        return parts

    return {name: whole(batch) for name, batch in inputs.items()}


def axes(flat: Flat, inputs: dict[str, Any]) -> list[dict[int, str]]:
    """For each tensor of `flat.names` the axes whose size varies: `batch`, and `length` where the field's batch has lengths."""
    varying = {f"{name}_ids" for name, batch in inputs.items() if "lengths" in getattr(batch, "_fields", ())}
    return [{0: "batch", **({1: "length"} if name in varying else {})} for name in flat.names]
