"""Integrated gradients: what each element adds on the straight way from an input without content to this one.

Sundararajan et al. 2017; captum's implementation. Where the way begins, and whether the input grows or what the network's first
layer makes of it, the field says (`InputField.way`). What is explained is the margin, to whose difference the weights add up.
"""

from typing import Any

import torch

from fukami.core.cards import MethodCard
from fukami.core.extras import needed
from fukami.explain.case import Case
from fukami.explain.contract import Weights, require
from fukami.explain.gradients import evaluating, margin, no_gradients

CARD = MethodCard(
    name="integrated-gradients",
    summary="what each pixel or token adds on the way from an empty input to this one",
    asks="way",
    looks_at="gradients",
    source="Sundararajan et al. 2017, arXiv:1703.01365; captum",
)

STEPS = 32
AT_A_TIME = 16
"""Steps that are computed together, at most: bounds the memory."""


def obstacle(case: Case) -> str:
    """Whether nothing can be differentiated."""
    return no_gradients(case)


def weigh(case: Case) -> Weights:
    """Sums over features of what each element adds."""
    needed("captum", extra="explain")
    from captum.attr import IntegratedGradients, LayerIntegratedGradients

    require(CARD.name, case)
    way, ask = case.way, margin(case)
    assert way is not None  # else it had not fitted

    def asked(*tensors: torch.Tensor) -> torch.Tensor:
        return ask(type(case.batch)(*tensors) if isinstance(case.batch, tuple) else tensors[0])

    method: Any = IntegratedGradients(asked) if way.layer is None else LayerIntegratedGradients(asked, way.layer)
    with evaluating(case):
        most = min(AT_A_TIME, case.at_a_time)
        found = method.attribute(case.batch, baselines=way.begin, n_steps=STEPS, internal_batch_size=most)
    added = found.detach().double() if way.axis is None else found.detach().double().sum(way.axis)
    detail = added[0].cpu().numpy()
    return Weights(case.units.summed(detail), detail=detail)
