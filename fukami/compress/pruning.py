"""Weights taken out of a network, the smallest first.

structured    whole channels of convolutions and whole hidden features of feed-forward parts, with everything that reads or
              writes them (torch-pruning's dependency graph; Fang et al. 2023, DepGraph). What is left is a smaller network.
unstructured  single weights become zero and stay zero (Han et al. 2015). The network keeps its shape, and its time.

Both look at weights alone, so the same network loses the same ones, whenever and wherever it is done.

Shapes: M members, K outputs, D features.
"""

import warnings
from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import nn

from fukami.compress.beforehand import no_widths
from fukami.core.errors import UsageError
from fukami.core.extras import needed
from fukami.fields import batch as trees
from fukami.layers.heads import LinearHead
from fukami.models.contract import Network
from fukami.models.widths import mark_narrowed

MULTIPLE = 8
"""Widths that are left are multiples of this, where there were twice as many: processors compute so many at a time."""
_LAYERS = (nn.modules.conv._ConvNd, nn.Linear)
_MIXING = ("Permute", "Transpose", "Bmm", "ScaledDotProduct", "Split", "Chunk", "Unbind")
"""Operations behind which a number of features means something else: heads of attention, two halves of a gate."""


def prune(network: Network, inputs: dict[str, Any], share: float, *, structured: bool = True) -> None:
    """Takes `share` of the channels and hidden widths out of `network`, or makes that share of its weights zero, in place.

    Args:
        network: encoder and head, with learned weights.
        inputs: a batch of each input field, to follow what depends on what.
        share: between 0 and 1, of each layer.
        structured: whole channels and features; else single weights, which then stay zero while the network learns.

    Raises:
        UsageError: F-PRUNE-NOTHING where the network has no channels or hidden widths that can be taken out.
    """
    if structured:
        _prune_widths(network, inputs, share)
    else:
        _prune_weights(network, share)


# -- structured ----------------------------------------------------------------------------------------------------------
def _prune_widths(network: Network, inputs: dict[str, Any], share: float) -> None:
    library = needed("torch_pruning", extra="compress")
    head: Any = network.head
    recurrent = any(isinstance(module, nn.RNNBase) for module in network.modules())  # its gates cannot be followed
    unasked = type(network.encoder).forward is nn.Module.forward  # a whole model that only knows its losses
    if recurrent or unasked or getattr(head, "members", 1) != 1:
        raise _nothing(network)
    plain, last, training = network, None, network.training
    if isinstance(head, LinearHead):  # a head that torch-pruning can follow
        last = nn.Linear(head.num_features, head.num_outputs)
        last.weight, last.bias = head.weight, head.bias
        plain = Network(network.encoder, last)
    plain.eval()  # batch statistics must not move
    frozen = [p for p in plain.parameters() if not p.requires_grad]
    plain.requires_grad_(True)  # what depends on what is read from the graph of gradients
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = library.DependencyGraph().build_dependency(plain, inputs, forward_fn=_summed)
        importance = library.importance.GroupMagnitudeImportance(p=2, group_reduction="mean", normalizer="mean")
        taken = 0
        for group in _groups(graph, _last(graph)):
            scores = cast("torch.Tensor | None", importance(group))
            if scores is None:
                continue
            count = len(scores) - left_of(len(scores), share)
            if count > 0:
                group.prune(idxs=sorted(scores.argsort(stable=True)[:count].tolist()))
                taken += count
    for parameter in frozen:
        parameter.requires_grad_(False)
    network.train(training)
    if not taken:
        raise _nothing(network)
    if last is not None:
        head.weight, head.bias, head.num_features = cast(nn.Parameter, last.weight), last.bias, last.in_features
    mark_narrowed(network)


def left_of(width: int, share: float) -> int:
    """How many of `width` are left after about `share` of them is taken: a multiple of eight where that is possible.

    >>> left_of(64, 0.5), left_of(100, 0.5), left_of(12, 0.5), left_of(1, 0.9)
    (32, 56, 6, 1)
    """
    left = max(1, round(width * (1 - share)))
    return min(width, -(-left // MULTIPLE) * MULTIPLE) if width >= 2 * MULTIPLE else left


def _summed(network: nn.Module, inputs: dict[str, Any]) -> Any:
    """One number on which all outputs depend."""
    return sum(output.sum() for output in trees.leaves(network(inputs)))


def _last(graph: Any) -> list[nn.Module]:
    """The layers behind which no other follows: their widths are what the task asks for."""

    def is_last(node: Any) -> bool:
        seen, ahead = set(), list(node.outputs)
        while ahead:
            found = ahead.pop()
            if id(found) in seen or isinstance(found.module, _LAYERS):
                continue
            seen.add(id(found))
            if not found.outputs:
                return True
            ahead += found.outputs
        return not node.outputs

    return [module for module, node in graph.module2node.items() if isinstance(module, _LAYERS) and is_last(node)]


def _groups(graph: Any, last: list[nn.Module]) -> Iterator[Any]:
    """Groups of layers that share channels or hidden features, all of which mean the same in every one of them."""
    roots = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
    for group in graph.get_all_groups(ignored_layers=last, root_module_types=roots):
        if not any(_mixes(item.dep) for item in group):
            yield group


def _mixes(dependency: Any) -> bool:
    """Whether a dependency leads to what must keep its width: norms over features, embeddings, attention, single parameters."""
    for node in (dependency.source, dependency.target):
        module = node.module
        if isinstance(module, (nn.LayerNorm, nn.GroupNorm, nn.Embedding, nn.RNNBase, nn.MultiheadAttention)):
            return True
        if type(module).__name__ in ("LayerNorm2d", "RmsNorm", "RMSNorm") or isinstance(module, nn.Parameter):
            return True
        if not isinstance(module, _LAYERS) and any(word in node.name for word in _MIXING):  # not a transposed convolution
            return True
    return False


def _nothing(network: Network) -> UsageError:
    return no_widths(type(network.encoder).__name__)


# -- unstructured --------------------------------------------------------------------------------------------------------
def _prune_weights(network: nn.Module, share: float) -> None:
    """Makes the smallest weights of each matrix and kernel zero. Their gradients are zero from then on, so they stay it."""
    for parameter in network.parameters():
        if parameter.ndim < 2:
            continue
        count = int(parameter.numel() * share)
        order = torch.argsort(parameter.detach().abs().flatten(), stable=True)
        kept = torch.ones(parameter.numel(), dtype=torch.bool, device=parameter.device)
        kept[order[:count]] = False
        kept = kept.view_as(parameter)
        with torch.no_grad():
            parameter.mul_(kept)
        parameter.register_hook(_masking(kept))


def _masking(kept: torch.Tensor) -> Any:
    return lambda gradient: gradient * kept.to(gradient)
