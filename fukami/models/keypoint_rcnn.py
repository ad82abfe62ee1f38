"""Keypoint R-CNN: places that may hold a person are proposed, looked at again, and a map is drawn of where each point is.

He et al. 2017 (arXiv:1703.06870), by torchvision. `paper` is torchvision's `keypointrcnn_resnet50_fpn`; the other sizes are
those of `mask-rcnn`; no figure of any has been read yet. What differs, besides what `models/mask_rcnn.py` tells: a point is
read between cells of its map, as in `pose-heatmap`, and how sure it is, is the share of its map's heat that is there.
"""

from typing import Any

import torch
from torch import nn
from torchvision.models.detection import KeypointRCNN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.keypoint_rcnn import KeypointRCNNHeads, KeypointRCNNPredictor
from torchvision.models.detection.rpn import RPNHead
from torchvision.ops import MultiScaleRoIAlign

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec
from fukami.fields.batch import Rows
from fukami.layers.heat import places
from fukami.models.detector import learnable
from fukami.models.mask_rcnn import MaskRcnn, anchors_on, looking

CARD = ModelCard(
    name="keypoint-rcnn",
    summary="Keypoint R-CNN: proposes places, looks at each again, and says where its points are; several people a picture",
    takes=("image",),
    gives=("keypoints",),
    sizes={
        "tiny": {"width": 12, "head": 32, "hidden": 64, "convolutions": 2, "proposals": 100},
        "small": {"width": 24, "head": 48, "hidden": 128, "convolutions": 4, "proposals": 200},
        "paper": {
            "backbone": "resnet50", "head": 256, "hidden": 1024, "convolutions": 8, "proposals": 1000, "samples": 512,
        },
    },
    size="small",
    parameters={"image": {"tiny": 216_622, "small": 681_202, "paper": 46_142_570}},
    small={"width": 6, "head": 16, "hidden": 32, "convolutions": 1, "proposals": 12, "samples": 16},
    options={
        "backbone": "pyramid", "width": 24, "head": 48, "hidden": 128, "convolutions": 4, "proposals": 200, "samples": 64,
        "anchor_px": 32,
    },
    learning={"optimizer": "muon", "learning_rate": 1e-2, "momentum": 0.95, "weight_decay": 0.05},
    image={"min_size_px": 64, "multiple_px": 32},
    source="He et al. 2017, arXiv:1703.06870; torchvision",
    licence="BSD-3-Clause",
)  # fmt: skip


def build(
    spec: ImageSpec,
    *,
    gives: str = "keypoints",
    target: Any,
    backbone: str = "pyramid",
    width: int = 24,
    head: int = 48,
    hidden: int = 128,
    convolutions: int = 4,
    proposals: int = 200,
    samples: int = 64,
    anchor_px: int = 32,
) -> nn.Module:
    """Args:
    spec: channels of the pictures; any size does.
    gives: `keypoints`.
    target: how many points and classes there are, and how many things of a picture are told at most.
    backbone: `pyramid`, the small one, or a ResNet of torchvision by name.
    width: features of the small backbone's first stage; it has three, which grow to four times that.
    head: features of the grids and of what draws maps.
    hidden: features of what names a thing.
    convolutions: layers of what draws maps.
    proposals: places of a picture that are looked at again.
    samples: of these, how many are learned from, a quarter of them things at most.
    anchor_px: side of the smallest boxes that are moved to fit; others are twice, four times … as large.
    """
    classes = 1 + target["num_classes"]
    features, names, levels = looking(spec.channels, backbone=backbone, width=width, head=head)
    net = KeypointRCNN(
        features,
        rpn_anchor_generator=anchors_on(levels, anchor_px if backbone == "pyramid" else 32),
        rpn_head=RPNHead(head, 3),
        rpn_pre_nms_top_n_train=2 * proposals,
        rpn_pre_nms_top_n_test=proposals,
        rpn_post_nms_top_n_train=2 * proposals,
        rpn_post_nms_top_n_test=proposals,
        rpn_batch_size_per_image=256,
        box_roi_pool=MultiScaleRoIAlign(names, 7, 2),
        box_head=TwoMLPHead(head * 49, hidden),
        box_predictor=FastRCNNPredictor(hidden, classes),
        box_nms_thresh=target["overlap"],
        box_score_thresh=target["floor"],
        box_detections_per_img=target["most"],
        box_batch_size_per_image=samples,
        keypoint_roi_pool=MultiScaleRoIAlign(names, 14, 2),
        keypoint_head=KeypointRCNNHeads(head, (head,) * convolutions),
        keypoint_predictor=KeypointRCNNPredictor(head, target["num_points"]),
    )
    return KeypointRcnn(net)


class KeypointRcnn(MaskRcnn):
    """torchvision's Keypoint R-CNN as a whole model. B pictures `x_BCHW`, D answers, P points, S side of a map."""

    def wanted(self, things: Rows, size: tuple[int, int]) -> list[dict[str, torch.Tensor]]:
        """Things as torchvision takes them: boxes and points in pixels, each with 1 where it is known."""
        height, width = size
        found, start = [], 0
        for count, one in zip(things.counts.tolist(), learnable(things, height, width), strict=True):
            points_TP3 = things.columns["points"][start : start + count][one["kept"]]
            pixels_TP3 = points_TP3 * points_TP3.new_tensor([width, height, 1])
            found.append({"boxes": one["boxes"], "labels": one["labels"] + 1, "keypoints": pixels_TP3})  # class 0 is nothing
            start += count
        return found

    def forward(self, x_BCHW: torch.Tensor) -> dict[str, torch.Tensor]:
        """`boxes` (B, D, 4) and `points` (B, D, P, 3) in shares of the sides, `scores` and `classes` (B, D), surest first."""
        size, features = self.seen(x_BCHW)
        boxes_BD4, scores_BD, classes_BD = self.named(features, *self.proposed(features, size), size)
        heads: Any = self.net.roi_heads
        detail = heads.keypoint_head(self.looked(heads.keypoint_roi_pool, features, boxes_BD4, size))
        maps = heads.keypoint_predictor(detail)
        B, D = scores_BD.shape
        P, S = maps.shape[1], maps.shape[2]
        at_N2, sure_N = places(maps.flatten(0, 1).float())
        sides_BD2 = boxes_BD4[..., 2:] - boxes_BD4[..., :2]
        xy_BDP2 = boxes_BD4[:, :, None, :2] + at_N2.view(B, D, P, 2) / S * sides_BD2[:, :, None]
        height, width = size
        shares_2 = boxes_BD4.new_tensor([width, height])
        points = torch.cat([xy_BDP2 / shares_2, sure_N.view(B, D, P, 1)], 3)
        return {"boxes": boxes_BD4 / shares_2.repeat(2), "scores": scores_BD, "classes": classes_BD, "points": points}
