"""Mask R-CNN: places that may hold a thing are proposed, looked at again in detail, named, and the thing's mask is drawn.

He et al. 2017 (arXiv:1703.06870), by torchvision. `paper` is torchvision's `maskrcnn_resnet50_fpn`. The other sizes are for
processors and little data: a small network from scratch in the place of ResNet-50, narrow heads, three grids, which divide the
picture by 4, 8 and 16, with anchors from 8 to 96 pixels wide; details are looked at on the finest of them.

What differs: candidates of all pictures of a batch have the same number, so that the whole way is one graph; those that are
left out have a score of 0. A thing's losses come from all pictures of a batch while it learns, else from its own alone.

Reached by `small` on nuclei: see `recipes/instances.py`.
"""

from typing import Any

import torch
from torch import nn
from torchvision.models.detection import FasterRCNN, MaskRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.models.detection.rpn import RPNHead, concat_box_prediction_layers
from torchvision.ops import MultiScaleRoIAlign, clip_boxes_to_image, nms, roi_align

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec
from fukami.fields.batch import Rows
from fukami.fields.instances import bits
from fukami.layers.pyramid import Grids, Pyramid
from fukami.models.detector import learnable
from fukami.models.torchvision import replace_first_convolution

CARD = ModelCard(
    name="mask-rcnn",
    summary="Mask R-CNN: proposes places, looks at each again, and draws the mask of what is there",
    takes=("image",),
    gives=("instances",),
    sizes={
        "tiny": {"width": 12, "head": 32, "hidden": 64, "convolutions": 2, "proposals": 100},
        "small": {"width": 24, "head": 48, "hidden": 128, "convolutions": 2, "proposals": 200},
        "paper": {"backbone": "resnet50", "head": 256, "hidden": 1024, "convolutions": 4, "proposals": 1000, "samples": 512},
    },
    size="small",
    parameters={"image": {"tiny": 212_811, "small": 637_311, "paper": 43_986_279}},
    small={"width": 6, "head": 16, "hidden": 32, "convolutions": 1, "proposals": 12, "samples": 16},
    options={
        "backbone": "pyramid", "width": 24, "head": 48, "hidden": 128, "convolutions": 2, "proposals": 200, "samples": 64,
        "anchor_px": 12,
    },
    learning={"optimizer": "muon", "learning_rate": 1e-2, "momentum": 0.95, "weight_decay": 0.05},
    image={"min_size_px": 64, "multiple_px": 32},
    source="He et al. 2017, arXiv:1703.06870; torchvision",
    licence="BSD-3-Clause",
)  # fmt: skip

LEAST_PX = 64
SMALLEST_PX = 0.5
"""A box whose side is shorter is none."""
ROUNDS = 12
"""Rounds in which a graph leaves out boxes; each settles at least one more box of every chain of overlapping ones."""


def build(
    spec: ImageSpec,
    *,
    gives: str = "instances",
    target: Any,
    backbone: str = "pyramid",
    width: int = 24,
    head: int = 48,
    hidden: int = 128,
    convolutions: int = 2,
    proposals: int = 200,
    samples: int = 64,
    anchor_px: int = 12,
) -> nn.Module:
    """Args:
    spec: channels of the pictures; any size does.
    gives: `instances`.
    target: how many classes there are, and how many things of a picture are told at most.
    backbone: `pyramid`, the small one, or a ResNet of torchvision by name.
    width: features of the small backbone's first stage; it has three, which grow to four times that.
    head: features of the grids and of what draws masks.
    hidden: features of what names a thing.
    convolutions: layers of what draws masks.
    proposals: places of a picture that are looked at again.
    samples: of these, how many are learned from, a quarter of them things at most.
    anchor_px: side of the smallest boxes that are moved to fit; others are twice, four times … as large.
    """
    classes = 1 + target["num_classes"]
    features, names, levels = looking(spec.channels, backbone=backbone, width=width, head=head)
    anchors = anchors_on(levels, anchor_px if backbone == "pyramid" else 32)
    net = MaskRCNN(
        features,
        rpn_anchor_generator=anchors,
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
        mask_roi_pool=MultiScaleRoIAlign(names, 14, 2),
        mask_head=MaskRCNNHeads(head, (head,) * convolutions, 1),
        mask_predictor=MaskRCNNPredictor(head, head, classes),
    )
    return MaskRcnn(net)


def looking(channels: int, *, backbone: str, width: int, head: int) -> tuple[nn.Module, list[str], int]:
    """What finds features for what looks twice; the names of the grids on which details are looked at, and how many grids there
    are in all."""
    if backbone == "pyramid":
        widths = (width, 2 * width, 4 * width)
        return Grids(Pyramid(channels, widths, 1), list(widths), first=1, joined=head), ["1"], 3
    features = resnet_fpn_backbone(backbone_name=backbone, weights=None, norm_layer=nn.BatchNorm2d, trainable_layers=5)
    replace_first_convolution(features, "body.conv1", channels)
    return features, ["0", "1", "2", "3"], 5


def anchors_on(levels: int, anchor_px: int) -> AnchorGenerator:
    """The boxes that are moved to fit: on the finest grid of side `anchor_px`, on each other one twice as large."""
    return AnchorGenerator(tuple((anchor_px * 2**level,) for level in range(levels)), ((0.5, 1.0, 2.0),) * levels)


class MaskRcnn(nn.Module):
    """torchvision's Mask R-CNN as a whole model. B pictures `x_BCHW`, A anchors, N proposals, K classes, D answers."""

    num_features = 0

    def __init__(self, net: FasterRCNN):
        super().__init__()
        net.transform = nn.Identity()  # type: ignore[assignment]
        self.net = net

    def seen(self, x_BCHW: torch.Tensor) -> tuple[tuple[int, int], dict[str, torch.Tensor]]:
        """The size of the pictures as they are looked at, and the features of each level."""
        height, width = x_BCHW.shape[2:]
        if min(height, width) < LEAST_PX:
            grow = LEAST_PX / min(height, width)
            size = [round(height * grow), round(width * grow)]
            x_BCHW = nn.functional.interpolate(x_BCHW, size, mode="bilinear", align_corners=False)
        return (int(x_BCHW.shape[2]), int(x_BCHW.shape[3])), self.net.backbone(x_BCHW)

    # -- learning ----------------------------------------------------------------------------------------------------
    @torch.compiler.disable  # how many things there are, and which places they take, differs from step to step
    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        (x_BCHW,), (things,) = inputs.values(), targets.values()
        size, features = self.seen(x_BCHW)
        wanted = self.wanted(things, size)
        if self.training:
            seed = int(torch.randint(1 << 30, (), generator=rng, device=rng.device))
            return self.loss(features, size, wanted, seed)
        # each picture by itself: what is asked of an answer must not depend on its company
        parts = [
            self.loss({name: level[b : b + 1] for name, level in features.items()}, size, wanted[b : b + 1], 0)
            for b in range(len(x_BCHW))
        ]
        return {name: torch.stack([one[name] for one in parts]) for name in parts[0]}

    def wanted(self, things: Rows, size: tuple[int, int]) -> list[dict[str, torch.Tensor]]:
        """What is in each picture, as torchvision takes it."""
        return taught(things, size)

    def loss(
        self, features: dict[str, torch.Tensor], size: tuple[int, int], wanted: list[dict[str, torch.Tensor]], seed: int
    ) -> dict[str, torch.Tensor]:
        """torchvision's losses; of the many places those that are learned from are drawn with `seed`."""
        net, sizes = self.net, [size] * len(wanted)
        was = net.rpn.training
        parts = (net.rpn, net.roi_heads)
        with torch.random.fork_rng(devices=[x.device for x in list(features.values())[:1] if x.is_cuda]):
            torch.manual_seed(seed)
            try:
                for part in parts:
                    part.training = True  # of themselves alone: layers below stay as they are
                images = ImageList(next(iter(features.values())).new_empty((len(wanted), 1, *size)), sizes)
                proposals, proposing = net.rpn(images, features, wanted)
                _none, naming = net.roi_heads(features, proposals, sizes, wanted)
            finally:
                for part in parts:
                    part.training = was
        return proposing | naming

    # -- answers -----------------------------------------------------------------------------------------------------
    def forward(self, x_BCHW: torch.Tensor) -> dict[str, torch.Tensor]:
        """`boxes` (B, D, 4) in shares of the sides, `scores` and `classes` (B, D), the surest first, and `masks`
        (B, D, 28, 28), how likely each place of a box belongs to its thing."""
        size, features = self.seen(x_BCHW)
        boxes_BN4, real_BN = self.proposed(features, size)
        boxes_BD4, scores_BD, classes_BD = self.named(features, boxes_BN4, real_BN, size)
        heads: Any = self.net.roi_heads
        detail = heads.mask_head(self.looked(heads.mask_roi_pool, features, boxes_BD4, size))
        logits = heads.mask_predictor(detail)
        B, D = scores_BD.shape
        own = (classes_BD + 1).view(B * D, 1, 1, 1).expand(-1, 1, *logits.shape[2:])
        masks = logits.gather(1, own).sigmoid().view(B, D, *logits.shape[2:])
        height, width = size
        sides_4 = boxes_BD4.new_tensor([width, height, width, height])
        return {"boxes": boxes_BD4 / sides_4, "scores": scores_BD, "classes": classes_BD, "masks": masks}

    def proposed(self, features: dict[str, torch.Tensor], size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        """`boxes_BN4` in pixels: the likeliest of each grid, without those that a likelier one of it covers, of all the best;
        and `real_BN`, which of them are more than filling."""
        rpn: Any = self.net.rpn
        levels = list(features.values())
        told, moves = rpn.head(levels)
        counts = [x.shape[1] * x.shape[2] * x.shape[3] for x in told]
        anchors_A4 = rpn.anchor_generator(ImageList(levels[0].new_empty((1, 1, *size)), [size]), [x[:1] for x in levels])[0]
        objectness, moved = concat_box_prediction_layers(told, moves)
        B = levels[0].shape[0]
        boxes_BA4 = rpn.box_coder.decode_single(moved, anchors_A4.repeat(B, 1)).view(B, -1, 4)
        score_BA = objectness.view(B, -1)
        kept, start = [], 0
        for level, count in enumerate(counts):
            score_BM, at_BM = score_BA[:, start : start + count].topk(min(count, rpn._pre_nms_top_n["testing"]), 1)
            kept.append((score_BM.sigmoid(), at_BM + start, torch.full_like(at_BM, level)))
            start += count
        score_BM, at_BM, level_BM = (torch.cat(parts, 1) for parts in zip(*kept, strict=True))
        boxes_BM4 = clip_boxes_to_image(boxes_BA4.gather(1, at_BM[..., None].expand(-1, -1, 4)), size)
        most = min(rpn._post_nms_top_n["testing"], score_BM.shape[1])
        boxes_BN4, score_BN, _level = surest(boxes_BM4, score_BM, level_BM, rpn.nms_thresh, most)
        return boxes_BN4, score_BN > 0

    def named(
        self, features: dict[str, torch.Tensor], boxes_BN4: torch.Tensor, real_BN: torch.Tensor, size: tuple[int, int]
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """`boxes_BD4`, `scores_BD`, `classes_BD` of what is at proposed places, without what a surer one covers."""
        boxes_BM4, scores_BM, classes_BM = self.judged(features, boxes_BN4, real_BN, size)
        heads: Any = self.net.roi_heads
        most = min(heads.detections_per_img, scores_BM.shape[1])
        return surest(boxes_BM4, scores_BM, classes_BM, heads.nms_thresh, most)

    def judged(
        self, features: dict[str, torch.Tensor], boxes_BN4: torch.Tensor, real_BN: torch.Tensor, size: tuple[int, int]
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """`boxes_BM4`, `scores_BM`, `classes_BM`: each proposed place as each class, M = N · K."""
        heads: Any = self.net.roi_heads
        B, N, _four = boxes_BN4.shape
        logits, moved = heads.box_predictor(heads.box_head(self.looked(heads.box_roi_pool, features, boxes_BN4, size)))
        K = logits.shape[1] - 1
        boxes = heads.box_coder.decode_single(moved, boxes_BN4.reshape(-1, 4)).view(B, N, 1 + K, 4)[:, :, 1:]
        scores_BM = (logits.softmax(1).view(B, N, 1 + K)[:, :, 1:] * real_BN[..., None]).reshape(B, N * K)
        classes_BM = torch.arange(K, device=logits.device).expand(B, N, K).reshape(B, N * K)
        return clip_boxes_to_image(boxes.reshape(B, N * K, 4), size), scores_BM, classes_BM

    def looked(
        self, pool: MultiScaleRoIAlign, features: dict[str, torch.Tensor], boxes_BN4: torch.Tensor, size: tuple[int, int]
    ) -> torch.Tensor:
        """Features inside of boxes, `(B · N, C, P, P)`, of the level that suits each."""
        if len(pool.featmap_names) > 1 and not torch.compiler.is_exporting():
            return pool(features, list(boxes_BN4), [size] * len(boxes_BN4))
        B, N, _four = boxes_BN4.shape
        number = torch.arange(B, device=boxes_BN4.device, dtype=boxes_BN4.dtype)[:, None, None].expand(B, N, 1)
        rois = torch.cat([number, boxes_BN4], 2).view(B * N, 5)
        levels = [features[name] for name in pool.featmap_names]
        found = [
            roi_align(level, rois, pool.output_size, level.shape[2] / size[0], pool.sampling_ratio)  # type: ignore[arg-type]
            for level in levels
        ]
        if len(found) == 1:
            return found[0]
        side = ((rois[:, 3] - rois[:, 1]) * (rois[:, 4] - rois[:, 2])).clamp_min(1e-12).sqrt()
        own = (pool.canonical_level + (side / pool.canonical_scale).log2() + 1e-6).floor() - 2
        own = own.clamp(0, len(levels) - 1).long().view(1, -1, 1, 1, 1)
        stacked = torch.stack(found)
        return stacked.gather(0, own.expand(1, *stacked.shape[1:]))[0]

    def answers(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> dict[str, torch.Tensor]:
        (x_BCHW,) = inputs.values()
        return self(x_BCHW)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Backbone, then what proposes, then what looks again."""
        net = self.net
        return [list(part.parameters()) for part in (net.backbone, net.rpn, net.roi_heads)]


def taught(things: Rows, size: tuple[int, int]) -> list[dict[str, torch.Tensor]]:
    """Things as torchvision takes them: those that are judged, boxes in pixels, masks as large as the pictures."""
    height, width = size
    found, start = [], 0
    for count, one in zip(things.counts.tolist(), learnable(things, height, width), strict=True):
        mask = bits.unpacked(things.columns["mask"][start : start + count][one["kept"]])
        if tuple(mask.shape[1:]) != size:
            mask = nn.functional.interpolate(mask[:, None], size, mode="nearest")[:, 0]
        found.append({"boxes": one["boxes"], "labels": one["labels"] + 1, "masks": mask})  # class 0 is nothing
        start += count
    return found


def surest(
    boxes_BM4: torch.Tensor, scores_BM: torch.Tensor, kinds_BM: torch.Tensor, overlap: float, most: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The `most` surest of M boxes, their scores and kinds; what a surer one of its kind covers, or what is no box, has 0."""
    real_BM = ((boxes_BM4[..., 2:] - boxes_BM4[..., :2]) >= SMALLEST_PX).all(2)
    scores_BM, order_BM = torch.where(real_BM, scores_BM, 0.0).topk(scores_BM.shape[1], 1)
    boxes_BM4 = boxes_BM4.gather(1, order_BM[..., None].expand(-1, -1, 4))
    kinds_BM = kinds_BM.gather(1, order_BM)
    left_out = covered if torch.compiler.is_exporting() else covered_by_turns
    scores_BM = torch.where(left_out(boxes_BM4, kinds_BM, overlap), 0.0, scores_BM)
    scores_BD, at_BD = scores_BM.topk(most, 1)
    return boxes_BM4.gather(1, at_BD[..., None].expand(-1, -1, 4)), scores_BD, kinds_BM.gather(1, at_BD)


def covered_by_turns(boxes_BM4: torch.Tensor, kinds_BM: torch.Tensor, overlap: float) -> torch.Tensor:
    """Which boxes, the surest first, overlap a surer one of their kind that is left by more than `overlap` (bool, B × M)."""
    out_BM = torch.ones_like(kinds_BM, dtype=torch.bool)
    turns_M = torch.arange(kinds_BM.shape[1], 0, -1, device=boxes_BM4.device, dtype=boxes_BM4.dtype)
    for boxes_M4, kinds_M, out_M in zip(boxes_BM4, kinds_BM, out_BM, strict=True):
        apart_M1 = kinds_M[:, None] * (boxes_M4.max() + 1)
        out_M[nms(boxes_M4 + apart_M1, turns_M, overlap)] = False
    return out_BM


def covered(boxes_BM4: torch.Tensor, kinds_BM: torch.Tensor, overlap: float) -> torch.Tensor:
    """The same without a loop over boxes (Cluster-NMS, Zheng et al. 2020, arXiv:2005.03572): in each round those count that
    were left by the round before, until nothing changes any more."""
    low = torch.maximum(boxes_BM4[:, :, None, :2], boxes_BM4[:, None, :, :2])
    high = torch.minimum(boxes_BM4[:, :, None, 2:], boxes_BM4[:, None, :, 2:])
    common_BMM = (high - low).clamp_min(0).prod(3)
    area_BM = (boxes_BM4[..., 2:] - boxes_BM4[..., :2]).prod(2)
    over_BMM = common_BMM > overlap * (area_BM[:, :, None] + area_BM[:, None] - common_BMM)
    over_BMM = (over_BMM & (kinds_BM[:, :, None] == kinds_BM[:, None])).to(boxes_BM4.dtype).triu(1)
    left_BM = torch.ones_like(area_BM)
    for _round in range(ROUNDS):
        left_BM = 1 - (left_BM[:, None] @ over_BMM)[:, 0].clamp(0, 1)
    return left_BM == 0
