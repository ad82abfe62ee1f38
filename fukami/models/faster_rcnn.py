"""Faster R-CNN: places that may hold a thing are proposed, and looked at again in detail to name them and to fit their boxes.

Ren et al. 2015 (arXiv:1506.01497), by torchvision. `paper` is torchvision's `fasterrcnn_resnet50_fpn` with batch normalisation.
The other sizes are for processors and little data, and what differs is as in `models/mask_rcnn.py`, of which this is the part
without masks.

Not read on BCCD.
"""

from typing import Any

import torch
from torch import nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.rpn import RPNHead
from torchvision.ops import MultiScaleRoIAlign

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec
from fukami.fields.batch import Rows
from fukami.fields.boxes.overlap import MOST_CANDIDATES
from fukami.models.detector import learnable
from fukami.models.mask_rcnn import MaskRcnn, anchors_on, looking

CARD = ModelCard(
    name="faster-rcnn",
    summary="Faster R-CNN: proposes places, and looks at each again to name it",
    takes=("image",),
    gives=("boxes",),
    sizes={
        "tiny": {"width": 12, "head": 32, "hidden": 64, "proposals": 100},
        "small": {"width": 24, "head": 48, "hidden": 128, "proposals": 200},
        "paper": {"backbone": "resnet50", "head": 256, "hidden": 1024, "proposals": 1000, "samples": 512, "anchor_px": 32},
    },
    size="small",
    parameters={"image": {"tiny": 189_405, "small": 584_993, "paper": 41_352_281}},
    small={"width": 6, "head": 16, "hidden": 32, "proposals": 12, "samples": 16},
    options={
        "backbone": "pyramid", "width": 24, "head": 48, "hidden": 128, "proposals": 200, "samples": 64, "anchor_px": 16,
    },
    learning={"optimizer": "muon", "learning_rate": 1e-2, "momentum": 0.95, "weight_decay": 0.05},
    image={"min_size_px": 64, "multiple_px": 32},
    source="Ren et al. 2015, arXiv:1506.01497; torchvision",
    licence="BSD-3-Clause",
)  # fmt: skip


def build(
    spec: ImageSpec,
    *,
    gives: str = "boxes",
    target: Any,
    backbone: str = "pyramid",
    width: int = 24,
    head: int = 48,
    hidden: int = 128,
    proposals: int = 200,
    samples: int = 64,
    anchor_px: int = 16,
) -> nn.Module:
    """Args:
    spec: channels of the pictures; any size does.
    gives: `boxes`.
    target: how many classes there are.
    backbone: `pyramid`, the small one, or a ResNet of torchvision by name.
    width: features of the small backbone's first stage; it has three, which grow to four times that.
    head: features of the grids.
    hidden: features of what names a thing.
    proposals: places of a picture that are looked at again.
    samples: of these, how many are learned from, a quarter of them things at most.
    anchor_px: side of the smallest boxes that are moved to fit; others are twice, four times … as large.
    """
    features, names, levels = looking(spec.channels, backbone=backbone, width=width, head=head)
    net = FasterRCNN(
        features,
        rpn_anchor_generator=anchors_on(levels, anchor_px),
        rpn_head=RPNHead(head, 3),
        rpn_pre_nms_top_n_train=2 * proposals,
        rpn_pre_nms_top_n_test=proposals,
        rpn_post_nms_top_n_train=2 * proposals,
        rpn_post_nms_top_n_test=proposals,
        rpn_batch_size_per_image=256,
        box_roi_pool=MultiScaleRoIAlign(names, 7, 2),
        box_head=TwoMLPHead(head * 49, hidden),
        box_predictor=FastRCNNPredictor(hidden, 1 + target["num_classes"]),
        box_batch_size_per_image=samples,
    )
    return FasterRcnn(net)


class FasterRcnn(MaskRcnn):
    """torchvision's Faster R-CNN as a whole model. M candidates: each proposed place as each class."""

    def wanted(self, things: Rows, size: tuple[int, int]) -> list[dict[str, torch.Tensor]]:
        return [{"boxes": one["boxes"], "labels": one["labels"] + 1} for one in learnable(things, *size)]  # 0 is nothing

    def forward(self, x_BCHW: torch.Tensor) -> dict[str, torch.Tensor]:
        """`boxes` (B, M, 4) in shares of the sides and `scores` (B, M, K), of which all but that of the own class are 0."""
        size, features = self.seen(x_BCHW)
        boxes_BM4, scores_BM, classes_BM = self.judged(features, *self.proposed(features, size), size)
        heads: Any = self.net.roi_heads
        K = heads.box_predictor.cls_score.out_features - 1
        scores_BM, at_BM = scores_BM.topk(min(MOST_CANDIDATES, scores_BM.shape[1]), 1)
        boxes_BM4 = boxes_BM4.gather(1, at_BM[..., None].expand(-1, -1, 4))
        own_BMK = nn.functional.one_hot(classes_BM.gather(1, at_BM), K)
        sides_4 = boxes_BM4.new_tensor([size[1], size[0]] * 2)
        return {"boxes": boxes_BM4 / sides_4, "scores": scores_BM[..., None] * own_BMK}
