"""LIME: the straight line whose margin (log-odds) is nearly the network's around this input.

Ribeiro et al. 2016; captum's implementation. Half of the units are taken away at random, many times; copies that are more like
the input count more. Weights are the slopes of a ridge regression.
"""

import numpy as np
import torch

from fukami.core.cards import MethodCard
from fukami.core.extras import needed
from fukami.core.seeds import derive
from fukami.explain.case import Case
from fukami.explain.contract import Weights

CARD = MethodCard(
    name="lime",
    summary="the straight line that answers as the network does around this input",
    asks="units",
    source="Ribeiro et al. 2016, arXiv:1602.04938; captum",
)

SAMPLES = 256
"""Changed copies that are asked for, besides four for each unit."""


def weigh(case: Case) -> Weights:
    """The slope of each unit."""
    needed("captum", extra="explain")
    from captum._utils.models.linear_model import SkLearnRidge
    from captum.attr import Lime

    total = len(case.units)

    def asked(present_PU: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(case.margins(present_PU.numpy() < 0.5)).float()

    ones_1U = torch.ones(1, total)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(case.seed, "lime"))
        found = Lime(asked, interpretable_model=SkLearnRidge(alpha=1.0)).attribute(
            ones_1U,
            baselines=torch.zeros(1, total),
            feature_mask=torch.arange(total).unsqueeze(0),
            n_samples=case.samples or 4 * total + SAMPLES,
            perturbations_per_eval=256,
        )
    return Weights(np.asarray(found.double()).reshape(-1))
