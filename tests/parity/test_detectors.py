"""Detectors are torchvision's: with copied weights their own way from pictures to losses and boxes says the same."""

import numpy as np
import pytest
import torch
from torchvision.models.detection import FCOS, FasterRCNN, RetinaNet
from torchvision.models.detection.ssd import SSD

from fukami.core.specs import ImageSpec
from fukami.fields.batch import Rows
from fukami.fields.boxes.field import Boxes
from fukami.models import faster_rcnn, fcos, retinanet, ssd

SIDE, CLASSES = 96, 3
TARGET = {"num_classes": CLASSES}
BUILD = {"fcos": fcos.build, "retinanet": retinanet.build, "ssd": ssd.build}
FLOOR = {"fcos": 0.05, "retinanet": 0.68, "ssd": 0.3}
"""So that no more than 1,000 candidates are above it: torchvision counts them by level and by class."""


def pair(name: str):
    """Our model and torchvision's of the same parts, which fits pictures and picks among candidates itself."""
    torch.manual_seed(0)
    spec = ImageSpec(channels=3, height=SIDE, width=SIDE)
    own = BUILD[name](spec, target=TARGET, width=8)
    net = own.net
    asked = {"image_mean": [0.0] * 3, "image_std": [1.0] * 3, "score_thresh": FLOOR[name], "nms_thresh": 0.5}
    asked |= {"detections_per_img": 100, "head": net.head, "anchor_generator": net.anchor_generator}
    if name == "fcos":
        other = FCOS(net.backbone, CLASSES, min_size=SIDE, max_size=SIDE, topk_candidates=1000, **asked)
    elif name == "retinanet":
        other = RetinaNet(net.backbone, CLASSES, min_size=SIDE, max_size=SIDE, topk_candidates=1000, **asked)
    else:
        other = SSD(net.backbone, size=(SIDE, SIDE), num_classes=1 + CLASSES, topk_candidates=1000, **asked)
    with torch.no_grad():  # a network that has learned nothing finds nothing
        bias = net.head.classification_head
        for layer in bias.module_list if name == "ssd" else [bias.cls_logits]:
            layer.bias += torch.randn(layer.bias.shape, generator=torch.Generator().manual_seed(1)) + 3.0 * (name != "ssd")
    return own, other


def pictures():
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.random((4, 3, SIDE, SIDE), np.float32))
    counts = torch.tensor([2, 0, 3, 1])
    corner = rng.uniform(0, 0.5, (6, 2))
    box = torch.from_numpy(np.concatenate([corner, corner + rng.uniform(0.15, 0.5, (6, 2))], 1).astype(np.float32))
    rows = Rows({"box": box, "class": torch.tensor([0, 1, 2, 0, 1, 2]), "ignored": torch.zeros(6, dtype=torch.int64)}, counts)
    return x, rows


@pytest.mark.parametrize("name", BUILD)
def test_losses_are_torchvisions(name):
    own, other = pair(name)
    x, rows = pictures()
    offset = int(name == "ssd")  # of torchvision's SSD, class 0 is nothing
    targets = [{"boxes": one["box"] * SIDE, "labels": one["class"] + offset} for one in rows.each()]
    own.train(), other.train()
    found = own.losses({"image": x}, {"boxes": rows}, torch.Generator())
    want = other(list(x), targets)
    assert found.keys() == want.keys()
    for part in want:
        torch.testing.assert_close(found[part], want[part], rtol=1e-4, atol=1e-5)
    assert all(value > 0 for value in found.values())


@pytest.mark.parametrize("name", BUILD)
def test_boxes_are_torchvisions(name):
    own, other = pair(name)
    x, _rows = pictures()
    own.eval(), other.eval()
    options = Boxes.Options(floor=FLOOR[name], overlap=0.5, most=100)
    field = Boxes(options=options, state={"classes": list("abc"), "counts": [1] * CLASSES})
    with torch.no_grad():
        found, want = field.answers(own(x)), other(list(x))
    for one, their in zip(found.each(), want, strict=True):
        assert len(one["score"]) == len(their["scores"]) > 10
        torch.testing.assert_close(one["score"], their["scores"], rtol=1e-4, atol=1e-5)
        own_D6, their_D6 = (  # the same set: of those with equal scores either may come first
            torch.cat([box, SIDE * torch.stack([kind, score], 1)], 1)
            for box, kind, score in (
                (one["box"] * SIDE, one["class"], one["score"]),
                (their["boxes"], their["labels"] - int(name == "ssd"), their["scores"]),
            )
        )
        apart_DD = (own_D6[:, None] - their_D6[None]).abs().amax(2)
        assert max(apart_DD.amin(0).max(), apart_DD.amin(1).max()) < 2e-2


def test_in_eval_each_picture_has_losses_of_its_own():
    """And their company does not matter."""
    own, _other = pair("fcos")
    x, rows = pictures()
    own.eval()
    together = own.losses({"image": x}, {"boxes": rows}, torch.Generator())
    alone = own.losses({"image": x[2:3]}, {"boxes": rows.part(2, 3)}, torch.Generator())
    for part, loss_B in together.items():
        assert loss_B.shape == (4,)
        torch.testing.assert_close(loss_B[2:3], alone[part])


def test_the_size_of_the_paper_is_torchvisions():
    """32,269,600 weights with the 91 classes of its COCO weights, of which those of batch normalisation are counted here."""
    from torchvision.models.detection import fcos_resnet50_fpn

    with torch.device("meta"):
        own = fcos.build(
            ImageSpec(channels=3, height=800, width=800),
            target={"num_classes": 91},
            backbone="resnet50",
            head=256,
            convolutions=4,
        )
        other = fcos_resnet50_fpn(weights=None, weights_backbone=None)
    shapes = {name: tensor.shape for name, tensor in own.net.state_dict().items()}
    assert shapes == {name: tensor.shape for name, tensor in other.state_dict().items()}


def test_the_size_of_retinanets_paper_is_torchvisions():
    """But for the two coarsest grids, which are made of the third as those of FCOS are."""
    from torchvision.models.detection import retinanet_resnet50_fpn

    sizes = retinanet.CARD.sizes["paper"]
    with torch.device("meta"):
        own = retinanet.build(ImageSpec(channels=3, height=800, width=800), target={"num_classes": 91}, **sizes)
        other = retinanet_resnet50_fpn(weights=None, weights_backbone=None)
    own, other = ({n: t.shape for n, t in net.state_dict().items()} for net in (own.net, other))
    coarse = {f"backbone.fpn.extra_blocks.p6.{part}" for part in ("weight", "bias")}
    assert {n: s for n, s in own.items() if n not in coarse} == {n: s for n, s in other.items() if n not in coarse}


@pytest.fixture(scope="module")
def twice():
    """Faster R-CNN, ours and torchvision's of the same parts."""
    torch.manual_seed(0)
    spec = ImageSpec(channels=3, height=SIDE, width=SIDE)
    own = faster_rcnn.build(spec, target=TARGET, width=8, head=16, hidden=32, proposals=60, samples=32)
    with torch.no_grad():
        own.net.roi_heads.box_predictor.cls_score.weight *= 30
        own.net.rpn.head.cls_logits.weight *= 5
    other = FasterRCNN(own.net.backbone, 1 + CLASSES, min_size=SIDE, max_size=SIDE, image_mean=[0.0] * 3, image_std=[1.0] * 3)
    other.rpn, other.roi_heads = own.net.rpn, own.net.roi_heads
    other.transform.torch_choice = lambda sizes: sizes[0]  # which draws a number
    return own, other


def test_boxes_looked_at_twice_are_torchvisions(twice):
    own, other = (one.eval() for one in twice)
    x, _rows = pictures()
    other.roi_heads.score_thresh = 0.32
    options = Boxes.Options(floor=0.32, overlap=0.5, most=100)
    field = Boxes(options=options, state={"classes": list("abc"), "counts": [1] * CLASSES})
    with torch.no_grad():
        found, want = field.answers(own(x)), other(list(x))
    for one, their in zip(found.each(), want, strict=True):
        assert len(one["score"]) == len(their["scores"]) > 2
        torch.testing.assert_close(one["score"], their["scores"], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(one["box"] * SIDE, their["boxes"], rtol=1e-3, atol=1e-2)
        assert torch.equal(one["class"], their["labels"] - 1)


def test_losses_of_what_looks_twice_are_torchvisions(twice):
    own, other = (one.train() for one in twice)
    x, rows = pictures()
    targets = [{"boxes": one["box"] * SIDE, "labels": one["class"] + 1} for one in rows.each()]
    found = own.losses({"image": x}, {"boxes": rows}, torch.Generator().manual_seed(4))
    torch.manual_seed(int(torch.randint(1 << 30, (), generator=torch.Generator().manual_seed(4))))
    want = other(list(x), targets)
    assert found.keys() == want.keys()
    for part in want:
        torch.testing.assert_close(found[part], want[part], rtol=1e-3, atol=1e-4)
