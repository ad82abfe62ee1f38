"""Mixup (Zhang et al. 2018) and CutMix (Yun et al. 2019): train on blends of two examples.

`mix` blends the inputs of a batch with those of a shuffled copy and replaces the target by `Mixed(first, second, weight)`;
`mixed` wraps a loss so that it reads such targets:

    loss = weight * loss(outputs, first) + (1 - weight) * loss(outputs, second),   weight ~ Beta(a, a), one per batch

Where both are on, each batch takes one of them by a fair coin. CutMix's weight is the area that is left, so it is exact at the
borders. Everything is drawn from the given generator. B batch, C channels, H and W pixels.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.lazily import torch
from fukami.core.recipe import LearningChoices
from fukami.objectives.contract import Batch, Loss, Signature


class Mixed(NamedTuple):
    """The target of a mixed batch: two targets, and the share of the first."""

    first: Any
    second: Any
    weight: float


def mix(batch: Batch, task: Signature, learning: LearningChoices, rng: torch.Generator) -> Batch:
    """The batch with inputs blended and targets made `Mixed`; the same batch where neither is switched on.

    Inputs must be float tensors of one size; mixup and cutmix of anything else (tokens, rows with categories) is a
    `UsageError`, and so is cutmix of anything but images, of targets that lie on them (a mask would not be cut along), and of
    targets whose losses the model itself knows.
    """
    if not (learning.mixup or learning.cutmix):
        return batch
    draws = np.random.default_rng(int(torch.randint(2**62, (), generator=rng, device=rng.device)))
    cut = bool(learning.cutmix) and (not learning.mixup or draws.random() < 0.5)
    strength = learning.cutmix if cut else learning.mixup
    weight = float(draws.beta(strength, strength))
    out = dict(batch)
    order_B = None
    box = (draws.random(), draws.random())
    for name in task.inputs:
        x = batch[name]
        _require_mixable(x, name, cut)
        if order_B is None:
            order_B = torch.from_numpy(draws.permutation(len(x))).to(x.device)
        if cut:
            out[name], weight = _paste(x, order_B, weight, box)
        else:
            out[name] = torch.lerp(x[order_B], x, weight)
    for name, target in task.targets.items():
        _require_blendable(batch[name], target, cut)
        out[name] = Mixed(batch[name], batch[name][order_B], weight)
    return out


def mixed(loss: Loss) -> Loss:
    """The loss, able to read `Mixed`, of which it gives the mean; other targets pass through unchanged.

    >>> plain = lambda outputs, targets: (outputs - targets).abs()
    >>> float(mixed(plain)(torch.tensor([1.0]), Mixed(torch.tensor([0.0]), torch.tensor([1.0]), 0.75)))
    0.75
    """

    def of(outputs: Any, targets: Any) -> torch.Tensor:
        if not isinstance(targets, Mixed):
            return loss(outputs, targets)
        first, second = (loss(outputs, each).mean() for each in (targets.first, targets.second))
        return targets.weight * first + (1 - targets.weight) * second

    return of


def _paste(x_BCHW: torch.Tensor, order_B: torch.Tensor, weight: float, box: tuple[float, float]) -> tuple[torch.Tensor, float]:
    """A rectangle of each picture replaced by another's; its sides are the pictures' times sqrt(1 - weight), clipped."""
    height, width = x_BCHW.shape[-2:]
    side = (1 - weight) ** 0.5
    cy, cx = int(box[0] * height), int(box[1] * width)
    dy, dx = int(side * height) // 2, int(side * width) // 2
    top, bottom, left, right = max(cy - dy, 0), min(cy + dy, height), max(cx - dx, 0), min(cx + dx, width)
    out_BCHW = x_BCHW.clone()
    out_BCHW[..., top:bottom, left:right] = x_BCHW[order_B, :, top:bottom, left:right]
    return out_BCHW, 1 - (bottom - top) * (right - left) / (height * width)


def _require_mixable(x: Any, name: str, cut: bool) -> None:
    if not isinstance(x, torch.Tensor) or not x.is_floating_point():
        raise UsageError(
            "F-MIX-INPUT",
            _("mixup and cutmix cannot blend the input {name}").format(name=name),
            expected=_("pictures or numbers"),
            got=type(x).__name__.lower(),
            fix="--set mixup=0 --set cutmix=0",
        )
    if cut and x.ndim != 4:
        raise UsageError(
            "F-MIX-INPUT",
            _("cutmix cannot cut the input {name}").format(name=name),
            expected=_("pictures"),
            got=f"{x.ndim - 1}D",
            fix="--set cutmix=0",
        )


def _require_blendable(batch: Any, target: Any, cut: bool) -> None:
    if isinstance(batch, torch.Tensor) and target.losses and not (cut and target.framed):
        return
    raise UsageError(
        "F-MIX-TARGET",
        _("mixup and cutmix cannot blend the target {name}").format(name=target.name),
        expected=_("one class, labels, or a number for each example"),
        got=target.kind,
        fix="--set mixup=0 --set cutmix=0",
    )
