"""Units that are all alike: weights that begin at zero, or at one and the same value, get the same gradients for ever.

Linear and convolution layers of the trained network are looked at: in a layer that learned, no two units are the same.
"""

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from fukami.core.cards import SymptomCard
from fukami.core.language import _
from fukami.engine.diagnosis.case import Case
from fukami.engine.diagnosis.contract import Finding, LeftOut, Look

CARD = SymptomCard(
    name="initialisation",
    summary="units that are all alike, as after weights that begin at zero",
    explains=("input-scale", "gradients", "learning-rate", "dead-units", "one-batch", "label-noise", "underfitting"),
)

ALIKE = 1e-6
"""Difference between units, as a share of the weights' size, below which they are the same."""


def look(case: Case) -> Look:
    if case.trained is None:
        raise LeftOut(_("no weights of the training were kept"))
    layers = {name: m for name, m in case.trained.named_modules() if isinstance(m, (nn.Linear, _ConvNd)) and len(m.weight) > 1}
    alike = [name for name, module in layers.items() if all_alike(module.weight)]
    zero = [name for name in alike if not layers[name].weight.any()]
    figures = {"layers": len(layers), "layers_of_equal_units": len(alike), "layers_of_zeros": len(zero)}
    if not alike:
        return Look(figures)
    figures |= {"training_learned": round(case.progress, 3), "first": alike[0]}
    score = 0.97 if len(alike) == len(layers) or case.progress < 0.5 else 0.6
    sentence = (
        _("{n} of {total} layers consist of zeros: weights that begin at zero never learn different things")
        if zero
        else _("{n} of {total} layers have units that are all the same: weights that begin equal stay equal")
    ).format(n=len(zero or alike), total=len(layers))
    fix = _("take out what sets the weights of {layer}: layers draw good first weights themselves").format(layer=alike[0])
    finding = Finding(cause=CARD.name, code="F-DIAGNOSE-EQUAL-UNITS", score=score, what=sentence, evidence=figures, fix=fix)
    return Look(figures, finding)


def all_alike(weight: torch.Tensor) -> bool:
    """Whether every unit (first axis) has the same weights.

    >>> all_alike(torch.zeros(3, 2)), all_alike(torch.tensor([[1.0, 2.0], [1.0, 2.1]]))
    (True, False)
    """
    flat = weight.detach().float().flatten(1)
    size = float(flat.abs().max())
    return bool(torch.isfinite(flat).all()) and float((flat - flat[:1]).abs().max()) <= ALIKE * size
