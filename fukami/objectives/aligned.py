"""Which places of a network's grids learn to find which thing: those that do so best already, in class and in box alike.

Task-aligned assignment, Feng et al. 2021, TOOD (arXiv:2108.07755). A place is a candidate for a thing whose box it lies in. How
well it suits it is t = s^α · u^β, of its score s for the thing's class and the IoU u of its box; the `most` that suit best
learn it, and a place that suits several learns the one that its box is nearest to. What the score should become is t,
stretched so that the best place of a thing has the IoU of its best box: scores then say how well a box fits.

With `most` 1 each thing is learned by one place alone, so that answers need no suppression (Wang et al. 2024, YOLOv10,
arXiv:2405.14458).

What differs: a thing so small that no place lies in it has the place of the finest grid that is nearest to its middle.

Shapes: B pictures, A places, K classes, G things of a picture at most.
"""

from typing import NamedTuple

import torch

from fukami.objectives.box_losses import likeness

ALPHA, BETA, MOST = 1.0, 6.0, 13
"""Of the paper."""
EPS = 1e-9


class Things(NamedTuple):
    """What is in the pictures: boxes in pixels (B, G, 4), classes and which of the G are there at all (B, G)."""

    box: torch.Tensor
    kind: torch.Tensor
    real: torch.Tensor


class Assigned(NamedTuple):
    """What each place is to learn: which thing, whether any, and the score that its class should have (B, A)."""

    thing: torch.Tensor
    learns: torch.Tensor
    quality: torch.Tensor


@torch.no_grad()
def assigned(
    score_BAK: torch.Tensor,
    box_BA4: torch.Tensor,
    place_A2: torch.Tensor,
    things: Things,
    *,
    finest: int,
    most: int = MOST,
    alpha: float = ALPHA,
    beta: float = BETA,
) -> Assigned:
    """Args:
    score_BAK: what the network says of each class, from 0 to 1.
    box_BA4: its boxes.
    place_A2: the places, x first, those of the finest grid first.
    things: what is there.
    finest: how many places the finest grid has.
    most: places that learn a thing.
    """
    B, A, _K = score_BAK.shape
    G = things.kind.shape[1]
    if G == 0:
        nothing_BA = torch.zeros((B, A), dtype=torch.long, device=score_BAK.device)
        return Assigned(nothing_BA, nothing_BA.bool(), score_BAK.new_zeros((B, A)))
    u_BGA = likeness(things.box[:, :, None], box_BA4[:, None]).clamp(0, 1)
    score_BGA = score_BAK.transpose(1, 2).gather(1, things.kind[..., None].expand(B, G, A))
    inside_BGA = candidates(place_A2, things, finest)
    suits_BGA = (score_BGA**alpha * u_BGA**beta) * inside_BGA
    # where nothing suits yet, any place inside is better than none
    rank_BGA = suits_BGA + inside_BGA * EPS * (1 + u_BGA)
    best = rank_BGA.topk(min(most, A), 2)
    chosen_BGA = torch.zeros_like(inside_BGA).scatter_(2, best.indices, best.values > 0)
    u_BGA = torch.where(chosen_BGA, u_BGA, -1.0)
    thing_BA = u_BGA.argmax(1)
    chosen_BGA &= torch.zeros_like(chosen_BGA).scatter_(1, thing_BA[:, None], True)
    suits_BGA, u_BGA = suits_BGA * chosen_BGA, u_BGA.clamp_min(0) * chosen_BGA
    stretched_BGA = suits_BGA / (suits_BGA.amax(2, keepdim=True) + EPS) * u_BGA.amax(2, keepdim=True)
    return Assigned(thing_BA, chosen_BGA.any(1), stretched_BGA.amax(1))


def candidates(place_A2: torch.Tensor, things: Things, finest: int) -> torch.Tensor:
    """Which places a thing may be learned by (bool, B × G × A)."""
    box_BG14 = things.box[:, :, None]
    inside_BGA = ((place_A2 > box_BG14[..., :2]) & (place_A2 < box_BG14[..., 2:])).all(3)
    middle_BG12 = (box_BG14[..., :2] + box_BG14[..., 2:]) / 2
    nearest_BG = (place_A2[:finest] - middle_BG12).square().sum(3).argmin(2)
    without_BG = ~inside_BGA.any(2)
    nearest_BGA = torch.zeros_like(inside_BGA).scatter_(2, nearest_BG[..., None], without_BG[..., None])
    return (inside_BGA | nearest_BGA) & things.real[..., None]
