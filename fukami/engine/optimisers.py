"""Optimisers by name, over parameter groups that know their weight decay and their share of the learning rate.

Weight decay applies to matrices and kernels only: decaying biases and the scales of norms shrinks them without regularising
(Goyal et al. 2017, Loshchilov and Hutter 2019). The loop sets every step's rate with `set_rate`, from a schedule that is a
pure function of the step, so optimisers hold no schedule state.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from fukami.core.recipe import LearningChoices
from fukami.engine.light import light
from fukami.engine.muon import MuonWithAdamW


def parameter_groups(network: nn.Module, learning: LearningChoices, *, layer_decay: float = 1.0) -> list[dict[str, Any]]:
    """Groups of the parameters that learn: `params`, `weight_decay`, `scale` (their share of the rate), `matrices` (for Muon).

    `layer_decay` below 1 gives earlier layers lower rates: the head has scale 1, and each of the encoder's `layer_groups()`,
    counted from the head, one factor less (ULMFiT, Howard and Ruder 2018). Without `layer_groups` the encoder is one layer.

    >>> network = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    >>> [(len(g["params"]), g["weight_decay"]) for g in parameter_groups(network, LearningChoices(weight_decay=0.1))]
    [(2, 0.1), (2, 0.0)]
    """
    scales, muon = _scales(network, layer_decay), learning.optimizer == "muon"
    tables = {id(m.weight) for m in network.modules() if isinstance(m, (nn.Embedding, nn.EmbeddingBag))}
    head = {id(p) for p in getattr(network, "head", nn.Module()).parameters()}
    found: dict[tuple[float, float, bool], list[nn.Parameter]] = {}
    for parameter in network.parameters():
        if not parameter.requires_grad:
            continue
        decay = learning.weight_decay if parameter.ndim > 1 else 0.0
        # others update matrices as everything else, and a group fewer is a pass over memory fewer
        matrix = muon and parameter.ndim > 1 and id(parameter) not in tables and id(parameter) not in head
        found.setdefault((scales.get(id(parameter), 1.0), decay, matrix), []).append(parameter)
    return [
        {"params": members, "weight_decay": decay, "scale": scale, "matrices": matrix}
        for (scale, decay, matrix), members in found.items()
    ]


def _scales(network: nn.Module, layer_decay: float) -> dict[int, float]:
    if layer_decay == 1.0:
        return {}
    encoder = getattr(network, "encoder", None)
    if encoder is None:
        return {}
    layers = encoder.layer_groups() if hasattr(encoder, "layer_groups") else [list(encoder.parameters())]
    return {id(p): layer_decay ** (len(layers) - depth) for depth, layer in enumerate(layers) for p in layer}


def build(learning: LearningChoices, groups: Iterable[dict[str, Any]]) -> Optimizer:
    """The optimiser that `learning.optimizer` names, over groups from `parameter_groups`, at rate `learning.learning_rate`.

    sgd is Nesterov's where there is momentum. Weight decay is L2 (added to the gradient) in sgd, rmsprop and adam, decoupled in
    adamw and muon. Fused implementations are taken where torch has them: they do one pass over memory instead of several.

    >>> layer = nn.Linear(2, 2)
    >>> type(build(LearningChoices(optimizer="sgd"), parameter_groups(layer, LearningChoices()))).__name__
    'SGD'
    """
    rate, momentum = learning.learning_rate, learning.momentum
    groups = [{"scale": 1.0, "matrices": False, **group} for group in groups]
    fused = _can_fuse([p for g in groups for p in g["params"]])
    match learning.optimizer:
        case "sgd":
            made = light(torch.optim.SGD)(groups, lr=rate, momentum=momentum, nesterov=momentum > 0, fused=fused)
        case "rmsprop":
            made = light(torch.optim.RMSprop)(groups, lr=rate, momentum=momentum)
        case "adam":
            made = light(torch.optim.Adam)(groups, lr=rate, fused=fused)
        case "adamw":
            made = light(torch.optim.AdamW)(groups, lr=rate, fused=fused)
        case "muon":
            made = MuonWithAdamW(groups, lr=rate, momentum=momentum, fused=fused)
        case other:  # the recipe admits no other name
            raise AssertionError(other)
    set_rate(made, rate)
    return made


def set_rate(optimizer: Optimizer, rate: float) -> None:
    """Sets the rate of the coming step: each group gets its `scale` of it."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["scale"]


def _can_fuse(parameters: list[torch.Tensor]) -> bool:
    return bool(parameters) and all(p.device.type in ("cpu", "cuda", "mps") and p.is_floating_point() for p in parameters)
