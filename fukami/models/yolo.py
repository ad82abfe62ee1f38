"""YOLO: one look at the picture, three grids, no boxes set beforehand; each place says what it lies in and where its edges are.

Written from papers, none of the code of others: one stage and a grid, Redmon et al. 2016 (arXiv:1506.02640); cross-stage
partial blocks that keep every step, Wang et al. 2019 and 2022 (arXiv:1911.11929, arXiv:2211.04800); pooling over several
distances, He et al. 2014 (arXiv:1406.4729); down and up again through the grids, Liu et al. 2018 (arXiv:1803.01534); places
without anchors and heads apart for class and box, Ge et al. 2021 (arXiv:2107.08430); edges as distributions, Li et al. 2020
(arXiv:2006.04388); task-aligned assignment, Feng et al. 2021 (`objectives/aligned.py`); with `one_to_one` a second head that
tells each thing once and needs no suppression, Wang et al. 2024 (arXiv:2405.14458).

Read on BCCD for three epochs in 160 pixels, seed 0: mAP50 43.0 % and mAP 22.0 % on the test part in 111 s of one core, where
the boxes of the most similar picture have 18.8 %; statistics of batches followed more slowly then. The whole training was not
read.

Shapes: B pictures, C channels, H and W pixels, A places, K classes, R distances of an edge, G things of a picture at most.
"""

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec
from fukami.fields.batch import Rows
from fukami.layers.partial import Conv, Partial, Pooled
from fukami.models.detector import learnable
from fukami.objectives.aligned import MOST, Things, assigned
from fukami.objectives.box_losses import distribution_focal, likeness, quality_focal

CARD = ModelCard(
    name="yolo",
    summary="YOLO: one look, three grids; each place says what it lies in and where its edges are",
    takes=("image",),
    gives=("boxes",),
    sizes={
        "n": {"width": 16, "depth": 1},
        "s": {"width": 32, "depth": 1},
        "m": {"width": 48, "depth": 2, "widest": 576},
        "l": {"width": 64, "depth": 3, "widest": 512},
        "x": {"width": 80, "depth": 3, "widest": 640},
    },
    size="n",
    parameters={"image": {"n": 2_690_387, "s": 9_839_331, "m": 23_221_683, "l": 39_458_819, "x": 61_628_115}},
    small={"width": 4},
    options={"width": 16, "depth": 1, "widest": 512, "one_to_one": False},
    learning={"optimizer": "muon", "learning_rate": 1e-2, "momentum": 0.95, "weight_decay": 0.05},
    image={"min_size_px": 64, "multiple_px": 32},
    source="Redmon et al. 2016, arXiv:1506.02640; Feng et al. 2021, arXiv:2108.07755",
)

STRIDES = (8, 16, 32)
"""What the grids divide the picture by."""
DISTANCES = 16
"""Steps of a grid that an edge may be away from its place: 0 to 15."""
PRIOR = 0.01
"""How likely a place is thought to lie in a thing of a class before anything is learned (Lin et al. 2017)."""
WEIGHTS = {"class": 1.0, "box": 2.0, "edges": 0.5}


def build(
    spec: ImageSpec,
    *,
    gives: str = "boxes",
    target: Any,
    width: int = 16,
    depth: int = 1,
    widest: int = 512,
    one_to_one: bool = False,
) -> nn.Module:
    """Args:
    spec: channels of the pictures; any size does.
    gives: `boxes`.
    target: how many classes there are.
    width: features of the first stage; each further one has twice as many.
    depth: residual steps of a block; the two middle stages have twice as many.
    widest: features of the coarsest grid at most.
    one_to_one: whether a second head, which answers in the place of the first, says each thing once.
    """
    widths = (4 * width, 8 * width, min(16 * width, widest))
    return Yolo(spec.channels, target["num_classes"], widths, depth, one_to_one)


class Yolo(nn.Module):
    """The network, what it learns by and what it answers."""

    num_features = 0

    def __init__(self, channels: int, classes: int, widths: tuple[int, int, int], depth: int, one_to_one: bool):
        super().__init__()
        self.body, self.neck = Body(channels, widths, depth), Neck(widths, depth)
        self.head = Head(widths, classes)
        self.once = Head(widths, classes) if one_to_one else None

    def seen(self, x_BCHW: torch.Tensor) -> list[torch.Tensor]:
        """Features of the three grids. Sides are filled up with zeros until the coarsest divides them."""
        height, width = x_BCHW.shape[2:]
        step = STRIDES[-1]
        down, right = -(-height // step) * step - height, -(-width // step) * step - width
        if down or right:
            x_BCHW = F.pad(x_BCHW, (0, right, 0, down))
        return self.neck(self.body(x_BCHW))

    # -- learning ----------------------------------------------------------------------------------------------------
    @torch.compiler.disable  # how many things there are differs from step to step
    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        (x_BCHW,), (boxes,) = inputs.values(), targets.values()
        grids = self.seen(x_BCHW)
        things = told(boxes, int(x_BCHW.shape[2]), int(x_BCHW.shape[3]))
        found = self.learned(self.head, grids, things, MOST)
        if self.once is not None:
            again = self.learned(self.once, [x.detach() for x in grids], things, 1)
            found |= {f"{name}_once": loss for name, loss in again.items()}
        return found

    def learned(self, head: "Head", grids: list[torch.Tensor], things: Things, most: int) -> dict[str, torch.Tensor]:
        """Parts of the loss of one head: over the whole batch while it learns, else of each picture by itself."""
        edges_BAR, class_BAK = head(grids)
        edges_BAR, class_BAK = edges_BAR.float(), class_BAK.float()
        place_A2, stride_A1 = places(grids)
        box_BA4 = decoded(edges_BAR, place_A2, stride_A1)
        finest = grids[0].shape[2] * grids[0].shape[3]
        thing_BA, learns_BA, quality_BA = assigned(class_BAK.sigmoid(), box_BA4, place_A2, things, finest=finest, most=most)
        want_BAK = torch.zeros_like(class_BAK)
        named_BA = things.kind.gather(1, thing_BA) if things.kind.shape[1] else thing_BA
        want_BAK.scatter_(2, named_BA[..., None], (quality_BA * learns_BA)[..., None])
        parts = {"class": quality_focal(class_BAK, want_BAK).sum((1, 2))}
        at = learns_BA.nonzero(as_tuple=True)
        true_P4 = things.box[at[0], thing_BA[at]]
        weight_P = quality_BA[at]
        parts["box"] = self.summed((1 - likeness(box_BA4[at], true_P4, kind="ciou")) * weight_P, at[0], len(class_BAK))
        place_P2, stride_P1 = place_A2[at[1]], stride_A1[at[1]]
        away_P4 = torch.cat([place_P2 - true_P4[:, :2], true_P4[:, 2:] - place_P2], 1) / stride_P1
        by_edge = distribution_focal(edges_BAR[at].view(-1, 4, DISTANCES), away_P4).mean(1)
        parts["edges"] = self.summed(by_edge * weight_P, at[0], len(class_BAK))
        total_B = quality_BA.sum(1)
        if self.training:
            return {name: WEIGHTS[name] * loss_B.sum() / total_B.sum().clamp_min(1) for name, loss_B in parts.items()}
        return {name: WEIGHTS[name] * loss_B / total_B.clamp_min(1) for name, loss_B in parts.items()}

    @staticmethod
    def summed(loss_P: torch.Tensor, example_P: torch.Tensor, count: int) -> torch.Tensor:
        """The sum of each picture's (B,)."""
        return loss_P.new_zeros(count).index_add(0, example_P, loss_P)

    # -- answers -----------------------------------------------------------------------------------------------------
    def forward(self, x_BCHW: torch.Tensor) -> dict[str, torch.Tensor]:
        """`boxes` (B, A, 4) in shares of the sides, cut to the picture, and `scores` (B, A, K)."""
        grids = self.seen(x_BCHW)
        edges_BAR, class_BAK = (self.once or self.head)(grids)
        boxes_BA4 = decoded(edges_BAR, *places(grids))
        sides_4 = boxes_BA4.new_tensor([x_BCHW.shape[3], x_BCHW.shape[2]] * 2)
        return {"boxes": (boxes_BA4 / sides_4).clamp(0, 1), "scores": class_BAK.sigmoid()}

    def answers(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> dict[str, torch.Tensor]:
        (x_BCHW,) = inputs.values()
        return self(x_BCHW)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """What sees, what joins the grids, and heads."""
        heads = [*self.head.parameters(), *(self.once.parameters() if self.once is not None else ())]
        return [list(self.body.parameters()), list(self.neck.parameters()), heads]


class Body(nn.Module):
    """Features of three grids, each half as fine as the one before."""

    def __init__(self, channels: int, widths: tuple[int, int, int], depth: int):
        super().__init__()
        first = widths[0] // 4
        self.stem = nn.Sequential(
            Conv(channels, first, 3, 2), Conv(first, 2 * first, 3, 2), Partial(2 * first, 2 * first, depth)
        )
        self.stages = nn.ModuleList(
            nn.Sequential(Conv(given, width, 3, 2), Partial(width, width, steps))
            for given, width, steps in zip((2 * first, *widths), widths, (2 * depth, 2 * depth, depth), strict=False)
        )
        self.pooled = Pooled(widths[-1])

    def forward(self, x_BCHW: torch.Tensor) -> list[torch.Tensor]:
        x, found = self.stem(x_BCHW), []
        for stage in self.stages:
            x = stage(x)
            found.append(x)
        return [*found[:-1], self.pooled(found[-1])]


class Neck(nn.Module):
    """What coarse grids know goes down to the fine ones, and what those then know up again."""

    def __init__(self, widths: tuple[int, int, int], depth: int):
        super().__init__()
        fine, middle, coarse = widths
        self.down = nn.ModuleList(
            [Partial(coarse + middle, middle, depth, past=False), Partial(middle + fine, fine, depth, past=False)]
        )
        self.step = nn.ModuleList([Conv(fine, fine, 3, 2), Conv(middle, middle, 3, 2)])
        self.up = nn.ModuleList(
            [Partial(fine + middle, middle, depth, past=False), Partial(middle + coarse, coarse, depth, past=False)]
        )

    def forward(self, grids: list[torch.Tensor]) -> list[torch.Tensor]:
        fine, middle, coarse = grids
        middle = self.down[0](torch.cat([doubled(coarse), middle], 1))
        fine = self.down[1](torch.cat([doubled(middle), fine], 1))
        middle = self.up[0](torch.cat([self.step[0](fine), middle], 1))
        coarse = self.up[1](torch.cat([self.step[1](middle), coarse], 1))
        return [fine, middle, coarse]


class Head(nn.Module):
    """What each place says of edges (four distributions) and, apart from it, of classes."""

    def __init__(self, widths: tuple[int, ...], classes: int):
        super().__init__()
        for_edges, for_classes = max(widths[0] // 4, 4 * DISTANCES), max(widths[0], min(classes, 100))
        self.edges = nn.ModuleList(
            nn.Sequential(Conv(width, for_edges, 3), Conv(for_edges, for_edges, 3), nn.Conv2d(for_edges, 4 * DISTANCES, 1))
            for width in widths
        )
        self.classes = nn.ModuleList(
            nn.Sequential(
                Conv(width, width, 3, groups=width),
                Conv(width, for_classes, 1),
                Conv(for_classes, for_classes, 3, groups=for_classes),
                Conv(for_classes, for_classes, 1),
                nn.Conv2d(for_classes, classes, 1),
            )
            for width in widths
        )
        for branch in self.classes:
            nn.init.constant_(branch[-1].bias, -math.log(1 / PRIOR - 1))  # type: ignore[index,arg-type]

    def forward(self, grids: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """`edges` (B, A, 4 · R) and `classes` (B, A, K), before any function."""
        edges, classes = (
            torch.cat([branch(x).flatten(2) for branch, x in zip(branches, grids, strict=True)], 2).transpose(1, 2)
            for branches in (self.edges, self.classes)
        )
        return edges, classes


def doubled(x: torch.Tensor) -> torch.Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def places(grids: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """The middles of the places of all grids in pixels, x first (A, 2), and how far each is from the next (A, 1)."""
    middles, strides = [], []
    for x, stride in zip(grids, STRIDES, strict=True):
        height, width = x.shape[2:]
        y_H, x_W = ((torch.arange(count, device=x.device, dtype=torch.float32) + 0.5) * stride for count in (height, width))
        middles.append(torch.stack([x_W.expand(height, width), y_H[:, None].expand(height, width)], 2).view(-1, 2))
        strides.append(torch.full_like(middles[-1][:, :1], stride))
    return torch.cat(middles), torch.cat(strides)


def decoded(edges_BAR: torch.Tensor, place_A2: torch.Tensor, stride_A1: torch.Tensor) -> torch.Tensor:
    """Boxes in pixels: each edge as far away as its distribution expects."""
    B, A, _edges = edges_BAR.shape
    steps_R = torch.arange(DISTANCES, device=edges_BAR.device, dtype=edges_BAR.dtype)
    away_BA4 = (edges_BAR.view(B, A, 4, DISTANCES).softmax(3) * steps_R).sum(3) * stride_A1
    return torch.cat([place_A2 - away_BA4[..., :2], place_A2 + away_BA4[..., 2:]], 2)


def told(boxes: Rows, height: int, width: int) -> Things:
    """Boxes of all pictures in one tensor, in pixels, filled up to those of the fullest."""
    each = learnable(boxes, height, width)
    most = max((len(one["boxes"]) for one in each), default=0)
    box_BG4 = boxes.columns["box"].new_zeros((len(each), most, 4))
    class_BG = torch.zeros(box_BG4.shape[:2], dtype=torch.long, device=box_BG4.device)
    real_BG = torch.zeros_like(class_BG, dtype=torch.bool)
    for b, one in enumerate(each):
        count = len(one["boxes"])
        box_BG4[b, :count], class_BG[b, :count], real_BG[b, :count] = one["boxes"], one["labels"], True
    return Things(box_BG4, class_BG, real_BG)
