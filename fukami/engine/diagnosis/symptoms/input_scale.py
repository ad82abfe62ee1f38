"""Inputs that reach the first layer far from size one: pixels up to 255, incomes in yen, years.

Measured where the first layer with weights takes them, so that what the module itself does to them counts. It is at fault
where a short trial with inputs brought to size one learns more than the whole training did, and more than a trial without; each
at the recipe's rate or its own range test's, since large inputs ask for other rates.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from fukami.core.cards import SymptomCard
from fukami.core.language import _
from fukami.engine.diagnosis.case import Case
from fukami.engine.diagnosis.contract import Finding, LeftOut, Look, short
from fukami.objectives.contract import mean_loss

CARD = SymptomCard(
    name="input-scale",
    summary="inputs that are not normalised",
    explains=("gradients", "learning-rate", "dead-units", "one-batch", "label-noise", "underfitting", "overfitting"),
    trials=5,
)

LARGE, SMALL, OFFSET = 10.0, 0.02, 10.0
"""Root mean square of inputs that are far from one, and a mean that is far from zero in units of their deviation."""
BETTER = 0.1
"""How much more the trial with normalised inputs must have learned than the whole training, and than the trial without."""


def look(case: Case) -> Look:
    seen = first_inputs(case)
    size = float(seen.square().mean().sqrt())
    spread = float(seen.std())
    offset = abs(float(seen.mean())) / max(spread, 1e-30)
    figures: dict[str, Any] = {
        "size": short(size),
        "mean": short(float(seen.mean())),
        "deviation": short(spread),
    }
    if SMALL <= size <= LARGE and offset <= OFFSET:
        return Look(figures)
    plain, learned = case.best_of_rates(case.learner.network), case.best_of_rates(normalised(case, seen))
    figures |= {
        "trial_as_it_is": short(plain),
        "trial_normalised": short(learned),
        "training_learned": short(case.progress),
    }
    if learned < max(case.progress, plain) + BETTER:
        return Look(figures)
    finding = Finding(
        cause=CARD.name,
        code="F-DIAGNOSE-INPUT-SCALE",
        score=min(0.98, 0.75 + 0.3 * (learned - case.progress)),
        what=_(
            "the inputs are not normalised: they reach the first layer with size {size}; brought to 1, they teach more at once"
        ).format(size=f"{size:.3g}"),
        evidence=figures,
        fix=_("normalise in the module before its first layer: x = (x - {mean}) / {deviation}").format(
            mean=f"{float(seen.mean()):.3g}", deviation=f"{spread:.3g}"
        ),
    )
    return Look(figures, finding)


class _Seen(Exception):
    """Ends the forward pass once the first layer has been reached."""


def first_inputs(case: Case) -> torch.Tensor:
    """What the first layer with weights takes, for the sample's examples. Raises `LeftOut` where these are no quantities."""
    found: list[torch.Tensor] = []
    name = first_layer(case)
    network = case.learner.network.eval()

    def keep(_module: nn.Module, taken: tuple[Any, ...]) -> None:
        found.append(taken[0].detach().float())
        raise _Seen

    handle = network.get_submodule(name).register_forward_pre_hook(keep)
    try:
        with torch.no_grad():
            mean_loss(case.learner.objective, network, case.batch(case.sample), case.rng())
    except _Seen:
        pass
    finally:
        handle.remove()
    return found[0]


def first_layer(case: Case) -> str:
    """The name of the layer with weights that is computed first."""
    order: list[tuple[str, Any]] = []
    network = case.learner.network.eval()
    handles = [
        module.register_forward_pre_hook(lambda _m, taken, name=name: order.append((name, taken[0] if taken else None)))
        for name, module in network.named_modules()
        if next(module.parameters(recurse=False), None) is not None
    ]
    try:
        with torch.no_grad():
            mean_loss(case.learner.objective, network, case.batch(case.sample[:2]), case.rng())
    finally:
        for handle in handles:
            handle.remove()
    if not order or not isinstance(order[0][1], torch.Tensor) or not order[0][1].is_floating_point():
        raise LeftOut(_("the first layer takes no continuous numbers"))
    return order[0][0]


def normalised(case: Case, seen: torch.Tensor) -> nn.Module:
    """A copy of the network whose first layer gets inputs of mean 0 and deviation 1: each column apart, a picture whole."""
    per_column = seen.ndim == 2
    mean = seen.mean(0) if per_column else seen.mean()
    deviation = seen.std(0) if per_column else seen.std()
    # what varies less than the number format can tell is constant, and stays so
    deviation = torch.where(deviation > 1e-5 * mean.abs() + 1e-12, deviation, torch.ones_like(deviation))
    network = copy.deepcopy(case.learner.network)
    network.get_submodule(first_layer(case)).register_forward_pre_hook(_Normalise(mean, deviation))
    return network


class _Normalise:
    """A hook, in a form that survives copying."""

    def __init__(self, mean: torch.Tensor, deviation: torch.Tensor):
        self.mean, self.deviation = mean, deviation

    def __call__(self, _module: nn.Module, taken: tuple[Any, ...]) -> tuple[Any, ...]:
        return (((taken[0] - self.mean) / self.deviation).clamp(-5, 5), *taken[1:])
