"""Grad-CAM: where in the last grid of features the answer comes from.

Selvaraju et al. 2017. Channels of the grid are weighted by their mean gradient and added up; what speaks against the answer
is cut off. What differs: the grid is found rather than named. It is the last one on the network's way that the answer depends
on in more than one place: of a convolutional network the features before pooling, of a transformer the sequence of patches
before the last attention (after it only the class token counts), without its class and register tokens. captum's LayerGradCam
reads grids of convolutions only, so these few lines stand here.

Shapes: B batch, D features, L tokens, H and W cells of the grid.
"""

from math import isqrt

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import MethodCard
from fukami.core.language import _
from fukami.explain.case import Case
from fukami.explain.contract import Weights, require
from fukami.explain.gradients import evaluating, followed, no_gradients

CARD = MethodCard(
    name="grad-cam",
    summary="where in the picture the last features come from that speak for the answer",
    asks="plane",
    looks_at="grid",
    source="Selvaraju et al. 2017, arXiv:1610.02391",
)

MOST_PREFIXED = 5
"""Class and register tokens that stand before the patches, at most."""


def obstacle(case: Case) -> str:
    """Whether there are no gradients, or no grid."""
    return no_gradients(case) or ("" if _maps(case) else _("its network has no grid of features"))


def weigh(case: Case) -> Weights:
    """The map, enlarged to the picture, and its mean over each patch."""
    require(CARD.name, case)
    maps = _maps(case)
    map_HW = next((found for found in maps if bool(found.max() > 0)), maps[0])  # one that says anything for the answer
    size = case.batch.shape[-2:]
    detail_HW = F.interpolate(map_HW[None, None], size=size, mode="bilinear", align_corners=False)[0, 0].double().cpu().numpy()
    return Weights(case.units.averaged(detail_HW), signed=False, detail=detail_HW)


def _maps(case: Case) -> list[torch.Tensor]:
    """The map `(H, W)` of every grid that the answer depends on, the last first."""
    with evaluating(case):
        grids = _grids(case)
    return [torch.relu((g.mean((1, 2), keepdim=True) * f).sum(0)) for f, g in grids if bool(g.abs().max() > 0)]


def _grids(case: Case) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Features and their gradients `(D, H, W)` of every grid on the way, the last first."""
    seen: list[torch.Tensor] = []

    def look(module: nn.Module, _inputs: object, output: object) -> None:
        drops = isinstance(module, (nn.Dropout, nn.Softmax))  # what attention gives has the shape of a grid, and is none
        if isinstance(output, torch.Tensor) and output.requires_grad and not drops and as_grid(output, side) is not None:
            seen.append(output)

    side = int(case.batch.shape[-1])
    hooks = [module.register_forward_hook(look) for module in case.predictor.network.modules()]
    try:
        result = followed(case)
    finally:
        for hook in hooks:
            hook.remove()
    if not seen:
        return []
    found = torch.autograd.grad(result.sum(), seen, allow_unused=True)
    both = [(as_grid(s.detach(), side), None if g is None else as_grid(g, side)) for s, g in zip(seen, found, strict=True)]
    return [(features, gradient) for features, gradient in reversed(both) if features is not None and gradient is not None]


def as_grid(output: torch.Tensor, side: int) -> torch.Tensor | None:
    """Features of one example as `(D, H, W)`, H and W above 1: of a grid, channels first or last, or of a sequence of patches.

    >>> [tuple(as_grid(torch.zeros(shape), 32).shape) for shape in ((1, 8, 4, 4), (1, 4, 4, 8), (1, 17, 8))]
    [(8, 4, 4), (8, 4, 4), (8, 4, 4)]
    """
    if len(output) != 1 or output.shape[-1] == 1:
        return None
    if output.ndim == 4:
        _one, a, b, c = output.shape
        if b == c and 1 < b <= side:
            return output[0]
        return output[0].permute(2, 0, 1) if a == b and 1 < a <= side else None
    if output.ndim == 3:
        cells = isqrt(output.shape[1])
        prefixed = output.shape[1] - cells**2
        if 1 < cells <= side and prefixed <= MOST_PREFIXED:
            return output[0, prefixed:].T.unflatten(1, (cells, cells))
    return None
