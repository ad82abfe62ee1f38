"""SSD: boxes of several shapes are laid over several grids; each is classified, and moved to fit.

Liu et al. 2016 (arXiv:1512.02325), by torchvision; negatives are the hardest ones, three for each positive. Sizes are for
processors and little data: a small network from scratch in the place of VGG-16, four grids, which divide the picture by 8 to
64, for boxes of a tenth to nine tenths of the picture's side.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
from torchvision.models.detection.ssd import SSD
from torchvision.ops import box_iou

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec
from fukami.layers.pyramid import Grids, Pyramid
from fukami.models.detector import Detector, Told

CARD = ModelCard(
    name="ssd",
    summary="SSD: boxes of several shapes on several grids, each classified and moved to fit",
    takes=("image",),
    gives=("boxes",),
    sizes={"tiny": {"width": 16}, "small": {"width": 32}, "base": {"width": 64, "blocks": 2}},
    size="small",
    parameters={"image": {"tiny": 477_928, "small": 1_747_800, "base": 13_525_304}},
    small={"width": 8},
    options={"width": 32, "blocks": 1},
    quick_for=("image",),
    learning={"optimizer": "muon", "learning_rate": 1e-2, "momentum": 0.95, "weight_decay": 0.05},
    image={"min_size_px": 64, "multiple_px": 32},
    source="Liu et al. 2016, arXiv:1512.02325; torchvision",
    licence="BSD-3-Clause",
)


def build(spec: ImageSpec, *, gives: str = "boxes", target: Any, width: int = 32, blocks: int = 1) -> nn.Module:
    """Args:
    spec: channels of the pictures; any size does.
    gives: `boxes`.
    target: how many classes there are.
    width: features of the first stage; there are five, which grow to six times that.
    blocks: residual blocks of each stage.
    """
    widths = (width, 2 * width, 4 * width, 6 * width, 6 * width)
    features = Grids(Pyramid(spec.channels, widths, blocks), list(widths[1:]), first=2)
    boxes = DefaultBoxGenerator([[2], [2, 3], [2, 3], [2]], min_ratio=10, max_ratio=90, steps=[8, 16, 32, 64])
    size = (spec.height, spec.width)
    return Ssd(SSD(features, boxes, size, 1 + target["num_classes"]))


class Ssd(Detector):
    """torchvision's SSD as a whole model."""

    def loss(self, told: Told, anchors: list[torch.Tensor], targets: list[Told], places: list[int]) -> Told:
        net: Any = self.net
        matched, wanted = [], []
        for anchors_A4, one in zip(anchors, targets, strict=True):
            if len(one["boxes"]):
                matched.append(net.proposal_matcher(box_iou(one["boxes"], anchors_A4)))
            else:
                matched.append(torch.full((len(anchors_A4),), -1, dtype=torch.int64, device=anchors_A4.device))
            wanted.append({"boxes": one["boxes"], "labels": one["labels"] + 1})  # 0 is nothing
        return net.compute_loss(wanted, told, anchors, matched)

    def candidates(self, told: Told, anchors_A4: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        net: Any = self.net
        B, A, _four = told["bbox_regression"].shape
        boxes = net.box_coder.decode_single(told["bbox_regression"].reshape(B * A, 4), anchors_A4.repeat(B, 1))
        return boxes.view(B, A, 4), F.softmax(told["cls_logits"], -1)[..., 1:]
