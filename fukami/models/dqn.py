"""Deep Q-network: what each action is worth, learned from what was lived through. Mnih et al. 2015, Nature 518.

What differs: the better action is chosen by the network that learns and judged by the one that follows it (van Hasselt et al.
2016), which follows a little at every step instead of being copied now and then (Lillicrap et al. 2016), and returns may span
several steps (Sutton 1988). `dueling` divides a value into that of the situation and what an action adds (Wang et al. 2016).

B transitions, N numbers of an observation, A actions, D features.
"""

import copy
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from fukami.core.cards import ModelCard
from fukami.fields.environment.spec import ObservationSpec

CARD = ModelCard(
    name="dqn",
    summary="learns what each action is worth; the best one is taken",
    takes=("environment",),
    gives=("episode",),
    sizes={
        "tiny": {"width": 32, "depth": 2},
        "small": {"width": 128, "depth": 2},
        "base": {"width": 256, "depth": 2},
    },
    size="small",
    parameters={"environment": {"tiny": 1_282, "small": 17_410, "base": 67_586}},
    quick_for=("environment",),
    options={"width": 128, "depth": 2, "dueling": False, "double": True, "follow": 0.005},
    learning={"learning_rate": 1e-3, "optimizer": "adam", "weight_decay": 0.0, "clip_norm": 10.0},
    source="Mnih et al. 2015; van Hasselt et al. 2016, arXiv:1509.06461; by hand",
)


def build(
    spec: ObservationSpec,
    *,
    gives: str = "episode",
    target: Any = None,
    width: int = 128,
    depth: int = 2,
    dueling: bool = False,
    double: bool = True,
    follow: float = 0.005,
) -> nn.Module:
    """`depth` hidden layers of `width` features. `follow`: by which share the network that judges follows at each step."""
    return DQN(spec, width=width, depth=depth, dueling=dueling, double=double, follow=follow)


class Values(nn.Module):
    """`observations_BN` → `values_BA`."""

    def __init__(self, spec: ObservationSpec, *, width: int, depth: int, dueling: bool):
        super().__init__()
        sizes = [spec.num_numbers, *[width] * depth]
        self.layers = nn.Sequential(*(nn.Sequential(nn.Linear(a, b), nn.ReLU()) for a, b in pairwise(sizes)))
        self.actions = nn.Linear(sizes[-1], spec.num_actions)
        self.situation = nn.Linear(sizes[-1], 1) if dueling else None

    def forward(self, observations_BN: torch.Tensor) -> torch.Tensor:
        features_BD = self.layers(observations_BN)
        values_BA = self.actions(features_BD)
        if self.situation is None:
            return values_BA
        return self.situation(features_BD) + values_BA - values_BA.mean(1, keepdim=True)


class DQN(nn.Module):
    """A whole model: `losses` of transitions, `forward` from `observations_BN` to `values_BA`."""

    def __init__(self, spec: ObservationSpec, *, width: int, depth: int, dueling: bool, double: bool, follow: float):
        super().__init__()
        self.twice, self.share = double, follow
        self.values = Values(spec, width=width, depth=depth, dueling=dueling)
        self.slow = copy.deepcopy(self.values).requires_grad_(False)

    def forward(self, observations_BN: torch.Tensor) -> torch.Tensor:
        return self.values(observations_BN)

    @torch.no_grad()
    def follow(self) -> None:
        """Brings the network that judges nearer to the one that learns; once for every step."""
        torch._foreach_lerp_(list(self.slow.parameters()), list(self.values.parameters()), self.share)  # type: ignore[attr-defined]

    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        """How far the worth of the actions taken is from what came of them (Huber), for each of B transitions.

        `inputs` holds `{"observation" (B, N), "action" (B), "reward" (B), "next" (B, N), "discount" (B)}` under the input's
        name: `reward` is what came until `next`, which counts with `discount` (0 where the episode had ended).
        """
        (lived,) = inputs.values()
        value_B = self.values(lived["observation"]).gather(1, lived["action"][:, None])[:, 0]
        with torch.no_grad():
            judged_BA = self.slow(lived["next"])
            best_B = (self.values(lived["next"]) if self.twice else judged_BA).argmax(1)
            worth_B = lived["reward"] + lived["discount"] * judged_BA.gather(1, best_B[:, None])[:, 0].float()
        return {"values": functional.smooth_l1_loss(value_B.float(), worth_B, reduction="none")}

    def answers(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> torch.Tensor:
        """`values_BA` of observations that are given; the task plays whole episodes by `forward`."""
        (seen,) = inputs.values()
        return self(seen["observation"])
