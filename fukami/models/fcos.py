"""FCOS: every place of several grids says what it lies in, and how far the edges of that are. No boxes are set beforehand.

Tian et al. 2019 (arXiv:1904.01355), by torchvision. `paper` is torchvision's `fcos_resnet50_fpn`. The other sizes are for
processors and little data: a small network from scratch in the place of ResNet-50, heads of fewer and narrower layers, three
grids in the place of five, which divide the picture by 8, 16 and 32.

Reached by `small` on BCCD: see `recipes/detection.py`.
"""

from typing import Any

import torch
from torch import nn
from torchvision.models.detection import FCOS
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.fcos import FCOSHead

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec
from fukami.models.detector import Detector, Told, grids_of

CARD = ModelCard(
    name="fcos",
    summary="FCOS: each place of a grid says what it lies in and how far its edges are",
    takes=("image",),
    gives=("boxes",),
    sizes={
        "tiny": {"backbone": "pyramid", "width": 16, "head": 32, "convolutions": 1},
        "small": {"backbone": "pyramid", "width": 24, "head": 64, "convolutions": 2},
        "paper": {"backbone": "resnet50", "width": 64, "head": 256, "convolutions": 4},
    },
    size="small",
    parameters={"image": {"tiny": 276_982, "small": 780_750, "paper": 32_115_270}},
    small={"width": 8},
    options={"backbone": "pyramid", "width": 24, "head": 64, "convolutions": 2, "blocks": 1},
    learning={"optimizer": "muon", "learning_rate": 1e-2, "momentum": 0.95, "weight_decay": 0.05},
    image={"min_size_px": 64, "multiple_px": 32},
    source="Tian et al. 2019, arXiv:1904.01355; torchvision",
    licence="BSD-3-Clause",
)

FINEST = 8
"""The finest grid divides the picture by this."""


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
) -> nn.Module:
    """Args:
    spec: channels of the pictures; any size does.
    gives: `boxes`.
    target: how many classes there are.
    backbone: `pyramid`, the small one, or a ResNet of torchvision by name.
    width: features of the small backbone's first stage; it has four, which grow to six times that.
    head: features of the heads, a multiple of 32.
    convolutions: layers of each head before its last.
    blocks: residual blocks of each stage of the small backbone.
    """
    features, levels = grids_of(spec.channels, backbone=backbone, width=width, head=head, blocks=blocks)
    anchors = AnchorGenerator(tuple((FINEST * 2**level,) for level in range(levels)), ((1.0,),) * levels)
    heads = FCOSHead(head, 1, target["num_classes"], convolutions)
    return Fcos(FCOS(features, target["num_classes"], anchor_generator=anchors, head=heads))


class Fcos(Detector):
    """torchvision's FCOS as a whole model."""

    def loss(self, told: Told, anchors: list[torch.Tensor], targets: list[Told], places: list[int]) -> Told:
        net: Any = self.net
        return net.compute_loss(targets, told, anchors, places)

    def candidates(self, told: Told, anchors_A4: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        net: Any = self.net
        boxes_BA4 = net.box_coder.decode(told["bbox_regression"], anchors_A4.expand_as(told["bbox_regression"]))
        return boxes_BA4, (told["cls_logits"].sigmoid() * told["bbox_ctrness"].sigmoid()).sqrt()
