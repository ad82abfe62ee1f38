"""What detectors of torchvision need to become whole models. Their ways of fitting pictures and of leaving out boxes are not
used: fields do that, alike for every model. B batch, A candidates, K classes, T boxes, C channels, H and W pixels.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.image_list import ImageList
from torchvision.ops.feature_pyramid_network import LastLevelP6P7

from fukami.fields.batch import Rows
from fukami.layers.pyramid import Grids, Pyramid
from fukami.models.torchvision import replace_first_convolution

Told = dict[str, torch.Tensor]
LEAST_SEEN = 0.25
"""The share of a box that has to be left in a varied picture, so that it is still to be found there."""


def grids_of(channels: int, *, backbone: str, width: int, head: int, blocks: int = 1) -> tuple[nn.Module, int]:
    """What finds features for detectors of one stage, and on how many grids, the finest of which divides the picture by 8:
    `pyramid`, the small network on three grids, or a ResNet of torchvision by name, on five as papers have it."""
    if backbone == "pyramid":
        widths = (width, 2 * width, 4 * width, 6 * width)
        return Grids(Pyramid(channels, widths, blocks), list(widths[1:]), first=2, joined=head), 3
    features = resnet_fpn_backbone(
        backbone_name=backbone,
        weights=None,
        norm_layer=nn.BatchNorm2d,
        trainable_layers=5,
        returned_layers=[2, 3, 4],
        extra_blocks=LastLevelP6P7(head, head),
    )
    replace_first_convolution(features, "body.conv1", channels)
    return features, 5


class Detector(nn.Module):
    """A detector `net` of torchvision, which subclasses ask for losses and candidates. Pictures `x_BCHW`, whose boxes are told
    in shares of their sides.

    Pictures smaller than `least_px` are enlarged to it.
    """

    num_features = 0

    def __init__(self, net: nn.Module, least_px: int = 64):
        super().__init__()
        net.transform = nn.Identity()
        self.net, self.least_px = net, least_px

    def loss(self, told: Told, anchors: list[torch.Tensor], targets: list[Told], places: list[int]) -> Told:
        """Parts of the loss by name, each a mean over the boxes of all pictures; `told` is what the head said, `places` how
        many there are on each level."""
        raise NotImplementedError

    def candidates(self, told: Told, anchors_A4: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """`boxes_BA4` in pixels and `scores_BAK`."""
        raise NotImplementedError

    def seen(self, x_BCHW: torch.Tensor) -> tuple[tuple[int, int], list[torch.Tensor], torch.Tensor]:
        """The size of the pictures as they are looked at, features of each level, and `anchors_A4`, which are those of any."""
        height, width = x_BCHW.shape[2:]
        if min(height, width) < self.least_px:
            grow = self.least_px / min(height, width)
            x_BCHW = F.interpolate(x_BCHW, [round(height * grow), round(width * grow)], mode="bilinear", align_corners=False)
        size = int(x_BCHW.shape[2]), int(x_BCHW.shape[3])
        net: Any = self.net
        features = list(net.backbone(x_BCHW).values())
        return size, features, net.anchor_generator(ImageList(x_BCHW[:1], [size]), features)[0]

    @torch.compiler.disable  # how many boxes there are, and which places they take, differs from step to step
    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        (x_BCHW,), (boxes,) = inputs.values(), targets.values()
        (height, width), features, anchors_A4 = self.seen(x_BCHW)
        anchors = [anchors_A4] * len(x_BCHW)
        told, places = self.heads(features), [x.shape[2] * x.shape[3] for x in features]
        wanted = learnable(boxes, height, width)
        if self.training:
            return self.loss(told, anchors, wanted, places)
        # each picture by itself: what is asked of an answer must not depend on its company
        each = [
            self.loss({name: one[b : b + 1] for name, one in told.items()}, anchors[b : b + 1], wanted[b : b + 1], places)
            for b in range(len(x_BCHW))
        ]
        return {name: torch.stack([one[name] for one in each]) for name in each[0]}

    def heads(self, features: list[torch.Tensor]) -> Told:
        """What the heads say, by name, (B, A, …)."""
        net: Any = self.net
        return net.head(features)

    def forward(self, x_BCHW: torch.Tensor) -> dict[str, torch.Tensor]:
        """`boxes` (B, A, 4) in shares of the sides, cut to the picture, and `scores` (B, A, K)."""
        (height, width), features, anchors_A4 = self.seen(x_BCHW)
        boxes_BA4, scores_BAK = self.candidates(self.heads(features), anchors_A4)
        sides_4 = boxes_BA4.new_tensor([width, height, width, height])
        return {"boxes": (boxes_BA4 / sides_4).clamp(0, 1), "scores": scores_BAK}

    def answers(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> dict[str, torch.Tensor]:
        (x_BCHW,) = inputs.values()
        return self(x_BCHW)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Backbone, then heads."""
        net: Any = self.net
        return [list(net.backbone.parameters()), list(net.head.parameters())]


def learnable(boxes: Rows, height: int, width: int) -> list[Told]:
    """Boxes as torchvision takes them, in pixels: those that are judged, cut to the picture, unless little is left of them.
    `kept` says which of the picture's own these are."""
    box_T4 = boxes.columns["box"]
    cut_T4 = box_T4.clamp(0, 1)
    area_T, whole_T = ((box[:, 2:] - box[:, :2]).clamp_min(0).prod(1) for box in (cut_T4, box_T4))
    sides_4 = box_T4.new_tensor([width, height, width, height])
    cut_T4 = cut_T4 * sides_4
    clear_T = ((cut_T4[:, 2:] - cut_T4[:, :2]) > 0.5).all(1)  # half a pixel: less divides by nothing
    kept_T = (area_T >= LEAST_SEEN * whole_T) & clear_T & (boxes.columns["ignored"] == 0)
    found, start = [], 0
    for count in boxes.counts.tolist():
        own = slice(start, start + count)
        told = {"boxes": cut_T4[own][kept_T[own]], "labels": boxes.columns["class"][own][kept_T[own]]}
        found.append(told | {"kept": kept_T[own]})
        start += count
    return found
