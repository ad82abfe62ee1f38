"""First weights from which nothing can be learned: units that are all alike, or weights far larger than what layers draw.

Weights that begin at zero, or at one and the same value, get the same gradients for ever; so in the trained network, where no
two units of a layer that learned are the same, such layers are looked for.

The first weights of a module of one's own are not known any more when it is diagnosed. What they did is: the history has the
loss and the gradient before the first update. They are at fault where both are far above those of weights that the layers draw
themselves, *and* a short trial with those learns more than the whole training did. (Weights that are far too small leave no
such trace: their loss is that of guessing, and the gradient of the last biases is as large as ever.)
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from fukami.core.cards import SymptomCard
from fukami.core.language import _
from fukami.engine.diagnosis.case import Case
from fukami.engine.diagnosis.contract import Finding, LeftOut, Look, short

CARD = SymptomCard(
    name="initialisation",
    summary="first weights from which nothing can be learned, such as units that are all alike",
    explains=("input-scale", "gradients", "learning-rate", "dead-units", "one-batch", "label-noise", "underfitting"),
)

ALIKE = 1e-6
"""Difference between units, as a share of the weights' size, below which they are the same."""
TIMES = 5.0
"""How many times the loss, and its gradient, of drawn weights those of the first weights are at least."""
BETTER = 0.1
"""How much more a short trial with drawn weights must have learned than the whole training."""


def look(case: Case) -> Look:
    if case.trained is None:
        raise LeftOut(_("no weights of the training were kept"))
    layers = {name: m for name, m in case.trained.named_modules() if isinstance(m, (nn.Linear, _ConvNd)) and len(m.weight) > 1}
    alike = [name for name, module in layers.items() if all_alike(module.weight)]
    zero = [name for name in alike if not layers[name].weight.any()]
    figures = {"layers": len(layers), "layers_of_equal_units": len(alike), "layers_of_zeros": len(zero)}
    if not alike:
        return _begun_elsewhere(case, figures)
    figures |= {"training_learned": round(case.progress, 3), "first": alike[0]}
    score = 0.97 if len(alike) == len(layers) or case.progress < 0.5 else 0.6
    sentence = (
        _("{n} of {total} layers consist of zeros: weights that begin at zero never learn different things")
        if zero
        else _("{n} of {total} layers have units that are all the same: weights that begin equal stay equal")
    ).format(n=len(zero or alike), total=len(layers))
    fix = _("take out what sets the weights of {layer}: layers draw good first weights themselves").format(layer=alike[0])
    return Look(figures, _finding("F-DIAGNOSE-EQUAL-UNITS", score, sentence, figures, fix))


def all_alike(weight: torch.Tensor) -> bool:
    """Whether every unit (first axis) has the same weights.

    >>> all_alike(torch.zeros(3, 2)), all_alike(torch.tensor([[1.0, 2.0], [1.0, 2.1]]))
    (True, False)
    """
    flat = weight.detach().float().flatten(1)
    size = float(flat.abs().max())
    return bool(torch.isfinite(flat).all()) and float((flat - flat[:1]).abs().max()) <= ALIKE * size


def _begun_elsewhere(case: Case, figures: dict) -> Look:
    """Whether the training began far from where drawn weights begin. A recipe's own model began with the very same."""
    first = next((line for line in case.history if line.get("step") == 1 and "loss" in line), {})
    loss, norm = (first.get(name) for name in ("loss", "gradient_norm"))
    if loss is None or norm is None:
        return Look(figures)
    drawn_loss = max(case.ends[0], case.loss_of(case.learner.network, case.sample, training=True))
    drawn_norm = _norm(case)
    figures |= {name: short(value) for name, value in {"first_loss": loss, "first_gradient": norm}.items()}
    figures |= {name: short(value) for name, value in {"drawn_loss": drawn_loss, "drawn_gradient": drawn_norm}.items()}
    if loss < TIMES * drawn_loss or norm < TIMES * drawn_norm:
        return Look(figures)
    learned = case.best_of_rates(case.learner.network)
    figures |= {"trial_learned": short(learned), "training_learned": short(case.progress)}
    if learned < case.progress + BETTER:
        return Look(figures)
    sentence = _("the first weights were far too large: the training began at a loss of {loss}, guessing has {guess}").format(
        loss=f"{loss:.3g}", guess=f"{case.ends[0]:.3g}"
    )
    fix = _("take out what sets the first weights: layers draw good ones themselves")
    return Look(figures, _finding("F-DIAGNOSE-FIRST-WEIGHTS", min(0.95, 0.7 + learned - case.progress), sentence, figures, fix))


def _norm(case: Case) -> float:
    """The norm of the whole gradient at the weights that layers draw themselves."""
    network = case.learner.network
    found = case.gradients(network, [p for p in network.parameters() if p.requires_grad], 0)
    return math.sqrt(sum(float(gradient.square().sum()) for gradient in found if gradient is not None))


def _finding(code: str, score: float, sentence: str, figures: dict, fix: str) -> Finding:
    return Finding(cause=CARD.name, code=code, score=score, what=sentence, evidence=figures, fix=fix)
