"""Pose by heat maps: an encoder of any kind, and a map for each point that says how likely it is at each place.

Xiao, Wu, Wei 2018 (Simple Baselines, arXiv:1804.06208): transposed convolutions make a coarse grid finer, until it has at least
a quarter of the picture's pixels along each side. What differs: a map is a distribution over places (Nibali et al. 2018,
arXiv:1801.07372), learned as a Gaussian, and a point is read between cells, as the mean place around the hottest one. One thing
of each picture is found, the largest; whether there is one, and of which class, is said beside.

Reached by `tiny` on stick figures: see `recipes/poses.py`.

Shapes: B pictures, P points, K classes, D features, H and W cells of the maps.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec
from fukami.fields.batch import Rows
from fukami.layers.heat import misfit, places

CARD = ModelCard(
    name="pose-heatmap",
    summary="a map of each point on any encoder; finds the largest thing of a picture",
    takes=("image",),
    gives=("keypoints",),
    sizes={"tiny": {"encoder": "unet:tiny"}, "small": {"encoder": "unet:small"}, "base": {"encoder": "unet:base"}},
    size="tiny",
    parameters={"image": {"tiny": 121_922, "small": 1_945_202, "base": 7_763_602}},
    options={"encoder": "unet:tiny", "width": 64, "blur": 1.0},
    small={"width": 8},
    learning={"optimizer": "muon", "learning_rate": 1e-2, "momentum": 0.95, "weight_decay": 0.05},
    image={"least_size_px": 8, "min_size_px": 32},
    source="Xiao et al. 2018, arXiv:1804.06208; by hand",
)

COARSEST = 4
"""Pixels of the picture along a side of a cell, at most."""


def build(
    spec: ImageSpec, *, gives: str = "keypoints", target: Any, encoder: str = "unet:tiny", width: int = 64, blur: float = 1.0
) -> nn.Module:
    """Args:
    spec: channels and size of the pictures.
    gives: `keypoints`.
    target: how many points and classes there are.
    encoder: any model that gives a grid, by name.
    width: features of the layers that make a coarse grid finer.
    blur: how wide the Gaussian around a point is, in cells.
    """
    from fukami.models import registry

    choice = registry.resolve(encoder, takes="image", needs="grid")
    return PoseHeatmap(registry.build(choice, spec, gives="grid"), spec, target, width=width, blur=blur)


class PoseHeatmap(nn.Module):
    """Pictures `x_BCHW` → the pose of one thing in each."""

    num_features = 0

    def __init__(self, encoder: nn.Module, spec: ImageSpec, target: Any, *, width: int, blur: float):
        super().__init__()
        self.encoder, self.blur = encoder, blur
        features, finer = int(encoder.num_features), []  # type: ignore[arg-type]
        was = encoder.training
        with torch.no_grad():
            cells = min(encoder.eval()(torch.zeros(1, spec.channels, spec.height, spec.width)).shape[2:])
        encoder.train(was)
        before = features
        while cells * COARSEST < min(spec.height, spec.width):
            finer += [nn.ConvTranspose2d(before, width, 4, stride=2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            before, cells = width, 2 * cells
        self.finer = nn.Sequential(*finer)
        self.maps = nn.Conv2d(before, target["num_points"], 1)
        self.what = nn.Linear(features, target["num_classes"])

    def heat(self, x_BCHW: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """`maps_BPHW` and `what_BK`, both before any squashing."""
        grid_BDHW = self.encoder(x_BCHW)
        return self.maps(self.finer(grid_BDHW)), self.what(grid_BDHW.mean((2, 3)))

    # -- learning ----------------------------------------------------------------------------------------------------
    @torch.compiler.disable  # how many things there are differs from step to step
    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        """`place`, the misfit of the maps of known points, and `what`, whether there is anything and of which class; (B,)."""
        (x_BCHW,), (things,) = inputs.values(), targets.values()
        maps_BPHW, what_BK = self.heat(x_BCHW)
        row_B, some_B = largest(things)
        B, P, H, W = maps_BPHW.shape
        if len(things.columns["class"]):
            points_BP3 = things.columns["points"][row_B].to(maps_BPHW) * some_B[:, None, None]
            class_B = things.columns["class"][row_B]
        else:
            points_BP3, class_B = maps_BPHW.new_zeros(B, P, 3), torch.zeros_like(row_B)
        at_BP2 = points_BP3[:, :, :2] * maps_BPHW.new_tensor([W, H])
        off_BP = misfit(maps_BPHW.flatten(0, 1).float(), at_BP2.flatten(0, 1), self.blur).view(B, P)
        known_BP = points_BP3[:, :, 2]
        place_B = (off_BP * known_BP).sum(1) / known_BP.sum(1).clamp_min(1)
        wanted_BK = F.one_hot(class_B, what_BK.shape[1]).to(what_BK) * some_B[:, None]
        what_B = F.binary_cross_entropy_with_logits(what_BK, wanted_BK, reduction="none").mean(1)
        return {"place": place_B, "what": what_B}

    # -- answers -----------------------------------------------------------------------------------------------------
    def forward(self, x_BCHW: torch.Tensor) -> dict[str, torch.Tensor]:
        """`points` (B, 1, P, 3): x and y in shares of the sides, and how much of its map's heat is there; `boxes` (B, 1, 4)
        around the points, `scores` and `classes` (B, 1)."""
        maps_BPHW, what_BK = self.heat(x_BCHW)
        B, P, H, W = maps_BPHW.shape
        at_N2, sure_N = places(maps_BPHW.flatten(0, 1).float())
        xy_BP2 = at_N2.view(B, P, 2) / at_N2.new_tensor([W, H])
        sure_BP = sure_N.view(B, P)
        score_B, class_B = what_BK.float().sigmoid().max(1)
        return {
            "boxes": torch.cat([xy_BP2.amin(1), xy_BP2.amax(1)], 1)[:, None],
            "scores": (score_B * sure_BP.mean(1))[:, None],
            "classes": class_B[:, None],
            "points": torch.cat([xy_BP2, sure_BP[:, :, None]], 2)[:, None],
        }

    def answers(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> dict[str, torch.Tensor]:
        (x_BCHW,) = inputs.values()
        return self(x_BCHW)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The encoder's own groups, then what reads points off it."""
        groups = getattr(self.encoder, "layer_groups", lambda: [list(self.encoder.parameters())])()
        rest = [p for part in (self.finer, self.maps, self.what) for p in part.parameters()]
        return [*groups, rest]


def largest(things: Rows) -> tuple[torch.Tensor, torch.Tensor]:
    """`row_B`: among all things the largest of each picture that is judged and has a known point; and whether there is one
    (1 or 0; where there is none, `row_B` is any)."""
    box_T4, counts_B = things.columns["box"], things.counts
    B = len(counts_B)
    example_T = torch.repeat_interleave(torch.arange(B, device=counts_B.device), counts_B)
    known_T = (things.columns["points"][:, :, 2] > 0).any(1) & (things.columns["ignored"] == 0)
    size_T = (box_T4[:, 2:] - box_T4[:, :2]).clamp_min(0).prod(1) + 1e-9
    size_BT = torch.where((example_T == torch.arange(B, device=example_T.device)[:, None]) & known_T, size_T, -1.0)
    if not size_BT.shape[1]:
        return counts_B.new_zeros(B), size_BT.new_zeros(B)
    most_B, row_B = size_BT.max(1)
    return row_B, (most_B > 0).to(size_BT)
