"""A network that takes the widths of given weights: how one that lost channels is built again, from numbers alone.

The family builds it as ever; then each layer whose weights have other sizes becomes that narrow. What a layer is, and how
layers follow each other, stays the family's.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from fukami.core.errors import RunError
from fukami.core.language import _
from fukami.layers.heads import LinearHead


def is_narrowed(network: nn.Module) -> bool:
    """Whether the network has other widths than its family gives it."""
    return bool(getattr(network, "narrowed", False))


def take_widths(network: nn.Module, state: Mapping[str, torch.Tensor]) -> None:
    """Gives every layer of `network` the sizes that its weights have in `state`; the weights themselves are not taken.

    >>> layers = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))
    >>> take_widths(layers, nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, 2)).state_dict())
    >>> [tuple(p.shape) for p in layers.parameters()], layers[1].num_features
    ([(5, 4), (5,), (5,), (5,), (2, 5), (2,)], 5)

    Raises:
        RunError: F-CHECKPOINT-WIDTHS where a weight has another number of axes.
    """
    for name, module in network.named_modules():
        own = {**module._parameters, **module._buffers}
        for part, tensor in own.items():
            wanted = state.get(f"{name}.{part}" if name else part)
            if tensor is None or wanted is None or tensor.shape == wanted.shape:
                continue
            if tensor.ndim != wanted.ndim:
                raise RunError(
                    "F-CHECKPOINT-WIDTHS",
                    _("the weights do not belong to this network"),
                    where=f"{name}.{part}",
                    expected=str(tuple(tensor.shape)),
                    got=str(tuple(wanted.shape)),
                )
            _resize(module, part, tensor, wanted.shape)
        _tell(module)
    mark_narrowed(network)


def mark_narrowed(network: Any) -> None:
    """Notes that the network has other widths than its family gives it, and how many features its encoder gives now."""
    head: Any = getattr(network, "head", None)
    if hasattr(head, "num_features"):
        network.encoder.num_features = head.num_features
    network.narrowed = True


def _resize(module: nn.Module, part: str, tensor: torch.Tensor, shape: Any) -> None:
    new = torch.zeros(shape, dtype=tensor.dtype, device=tensor.device)
    if isinstance(tensor, nn.Parameter):
        module._parameters[part] = nn.Parameter(new, requires_grad=tensor.requires_grad)
    else:
        module._buffers[part] = new


def _tell(module: Any) -> None:
    """The sizes that a layer keeps beside its weights, as the weights have them."""
    weight: Any = getattr(module, "weight", None)
    if not isinstance(weight, torch.Tensor):
        return
    match module:
        case nn.Linear():
            module.out_features, module.in_features = weight.shape
        case nn.Conv1d() | nn.Conv2d() | nn.Conv3d():
            if module.groups > 1 and module.groups == module.in_channels:  # depthwise: a group for each channel
                module.groups = weight.shape[0] // (module.out_channels // module.in_channels)
            module.out_channels, module.in_channels = weight.shape[0], weight.shape[1] * module.groups
        case nn.BatchNorm1d() | nn.BatchNorm2d() | nn.BatchNorm3d():
            module.num_features = len(weight)
        case nn.LayerNorm():
            module.normalized_shape = tuple(weight.shape)
        case nn.Embedding():
            module.num_embeddings, module.embedding_dim = weight.shape
        case LinearHead():
            module.num_features = weight.shape[-1]
