"""RetinaNet: boxes of nine shapes on every place of several grids; what is easily told apart from nothing hardly counts.

Lin et al. 2017 (arXiv:1708.02002), by torchvision, with its focal loss. `paper` is torchvision's `retinanet_resnet50_fpn` with
batch normalisation. The other sizes are for processors and little data: a small network from scratch in the place of ResNet-50,
heads of fewer and narrower layers, three grids in the place of five.

Not read on BCCD.
"""

from typing import Any

import torch
from torch import nn
from torchvision.models.detection import RetinaNet
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.retinanet import RetinaNetHead

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec
from fukami.models.detector import Detector, Told, grids_of

CARD = ModelCard(
    name="retinanet",
    summary="RetinaNet: boxes of nine shapes on several grids, learned by what is hard to tell",
    takes=("image",),
    gives=("boxes",),
    sizes={
        "tiny": {"width": 16, "head": 32, "convolutions": 1},
        "small": {"width": 24, "head": 64, "convolutions": 2},
        "paper": {"backbone": "resnet50", "head": 256, "convolutions": 4, "anchor_px": 32},
    },
    size="small",
    parameters={"image": {"tiny": 288_125, "small": 802_741, "paper": 32_201_069}},
    small={"width": 8},
    options={"backbone": "pyramid", "width": 24, "head": 64, "convolutions": 2, "blocks": 1, "anchor_px": 16},
    learning={"optimizer": "muon", "learning_rate": 1e-2, "momentum": 0.95, "weight_decay": 0.05},
    image={"min_size_px": 64, "multiple_px": 32},
    source="Lin et al. 2017, arXiv:1708.02002; torchvision",
    licence="BSD-3-Clause",
)

SHAPES = (0.5, 1.0, 2.0)
"""Height of the boxes by their width."""


def build(
    spec: ImageSpec,
    *,
    gives: str = "boxes",
    target: Any,
    backbone: str = "pyramid",
    width: int = 24,
    head: int = 64,
    convolutions: int = 2,
    blocks: int = 1,
    anchor_px: int = 16,
) -> nn.Module:
    """Args:
    spec: channels of the pictures; any size does.
    gives: `boxes`.
    target: how many classes there are.
    backbone: `pyramid`, the small one, or a ResNet of torchvision by name.
    width: features of the small backbone's first stage; it has four, which grow to six times that.
    head: features of the heads.
    convolutions: layers of each head before its last.
    blocks: residual blocks of each stage of the small backbone.
    anchor_px: side of the smallest boxes that are moved to fit.
    """
    features, levels = grids_of(spec.channels, backbone=backbone, width=width, head=head, blocks=blocks)
    sides = [[round(anchor_px * 2 ** (level + third / 3)) for third in range(3)] for level in range(levels)]
    anchors = AnchorGenerator(tuple(map(tuple, sides)), (SHAPES,) * levels)
    heads = RetinaNetHead(head, 3 * len(SHAPES), target["num_classes"])
    for part in (heads.classification_head, heads.regression_head):
        part.conv = part.conv[:convolutions]
    return Retina(RetinaNet(features, target["num_classes"], anchor_generator=anchors, head=heads))


class Retina(Detector):
    """torchvision's RetinaNet as a whole model."""

    def loss(self, told: Told, anchors: list[torch.Tensor], targets: list[Told], places: list[int]) -> Told:
        net: Any = self.net
        return net.compute_loss(targets, told, anchors)

    def candidates(self, told: Told, anchors_A4: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        net: Any = self.net
        B, A, _four = told["bbox_regression"].shape
        boxes = net.box_coder.decode_single(told["bbox_regression"].reshape(B * A, 4), anchors_A4.repeat(B, 1))
        return boxes.view(B, A, 4), told["cls_logits"].sigmoid()
