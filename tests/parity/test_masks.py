"""Average precision of masks is that of pycocotools, panoptic quality that of its definition, the network torchvision's."""

import contextlib
import io
from typing import Any

import numpy as np
import pytest
import torch
from torchvision.models.detection import MaskRCNN

from fukami.core.specs import ImageSpec
from fukami.fields.batch import Rows
from fukami.fields.instances import bits
from fukami.fields.instances.field import Instances
from fukami.fields.instances.marks import as_coco, filled, of_coco
from fukami.metrics.contract import Running
from fukami.models import mask_rcnn

SIDE, CLASSES = 64, 3


def disc(rng: np.random.Generator, middle: np.ndarray, radius: float) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    return ((x - middle[0]) ** 2 + (y - middle[1]) ** 2 * rng.uniform(0.5, 1.5) < radius**2).astype(np.uint8)


def rows(parts: list[dict[str, list]]) -> Rows:
    masks = torch.from_numpy(np.array([m for part in parts for m in part.pop("mask")], np.uint8).reshape(-1, SIDE, SIDE))
    columns = {name: np.array([v for part in parts for v in part[name]]) for name in parts[0]}
    columns |= {"box": bits.boxes_of(masks).numpy(), "mask": bits.packed(masks).numpy()}
    return Rows(columns, np.array([len(part["class"]) for part in parts]))


def drawn(seed: int, *, crowds: bool = False, examples: int = 10) -> tuple[Rows, Rows]:
    """Answers that move, miss, double and confuse true things, and invent some; overlapping masks, pictures without any."""
    rng = np.random.default_rng(seed)
    truth, answers = [], []
    for _example in range(examples):
        known, given = {"mask": [], "class": [], "ignored": []}, {"mask": [], "class": [], "score": []}
        for _thing in range(int(rng.integers(0, 7))):
            middle, radius, kind = rng.uniform(8, SIDE - 8, 2), rng.uniform(3, 14), int(rng.integers(0, CLASSES))
            known["mask"].append(disc(rng, middle, radius))
            known["class"].append(kind)
            known["ignored"].append(2 if crowds and rng.random() < 0.25 else 0)
            for _copy in range(int(rng.integers(0, 4))):
                moved = disc(rng, middle + rng.normal(0, 0.15, 2) * radius, radius * rng.uniform(0.8, 1.2))
                given["mask"].append(moved)
                given["class"].append(kind if rng.random() < 0.8 else int(rng.integers(0, CLASSES)))
                given["score"].append(float(rng.random()))
        for _false in range(2):
            given["mask"].append(disc(rng, rng.uniform(8, SIDE - 8, 2), 6.0))
            given["class"].append(int(rng.integers(0, CLASSES)))
            given["score"].append(float(rng.random()))
        truth.append(known)
        answers.append(given)
    return rows(answers), rows(truth)


def reference(answers: Rows, truth: Rows) -> tuple[float, float]:
    """AP50 and mAP of pycocotools (`segm`)."""
    coco, cocoeval = (pytest.importorskip(f"pycocotools.{name}") for name in ("coco", "cocoeval"))
    encode = pytest.importorskip("pycocotools.mask").encode

    def told(one: dict) -> list[dict]:
        return [encode(np.asfortranarray(mask)) for mask in np.unpackbits(one["mask"], axis=2)]

    marked, given = [], []
    for image, one in enumerate(truth.each()):
        for mask, kind, ignored in zip(told(one), one["class"], one["ignored"], strict=True):
            area = float(np.unpackbits(one["mask"], axis=2).sum())
            base = {"id": len(marked) + 1, "image_id": image, "category_id": int(kind), "segmentation": mask, "area": area}
            marked.append({**base, "iscrowd": int(ignored == 2), "bbox": [0, 0, 1, 1]})
    for image, one in enumerate(answers.each()):
        for mask, kind, score in zip(told(one), one["class"], one["score"], strict=True):
            given.append({"image_id": image, "category_id": int(kind), "segmentation": mask, "score": float(score)})
    with contextlib.redirect_stdout(io.StringIO()):
        known = coco.COCO()
        known.dataset = {
            "images": [{"id": at, "width": SIDE, "height": SIDE} for at in range(len(truth))],
            "annotations": marked,
            "categories": [{"id": k, "name": str(k)} for k in range(CLASSES)],
        }
        known.createIndex()
        judged = cocoeval.COCOeval(known, known.loadRes(given), "segm")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    return float(judged.stats[1]), float(judged.stats[0])


def target(threshold: float = 0.3) -> Instances:
    state = {"classes": list("abc"), "counts": [1] * CLASSES, "side": SIDE, "threshold": threshold}
    return Instances(state=state)


@pytest.mark.parametrize("crowds", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_average_precision_is_that_of_pycocotools(seed, crowds):
    answers, truth = drawn(seed, crowds=crowds)
    running = Running(["mask_ap50", "mask_map"], target())
    running.update(answers, truth)
    found = running.compute()
    assert (found["mask_ap50"], found["mask_map"]) == pytest.approx(reference(answers, truth), abs=1e-9)
    assert 0.05 < found["mask_map"] < found["mask_ap50"] < 0.95


@pytest.mark.parametrize("seed", range(3))
def test_panoptic_quality_is_that_of_its_definition(seed):
    """Segments laid on one map, compared pixel by pixel, as the paper writes it."""
    answers, truth = drawn(seed)
    field, sums = target(0.4), np.zeros((4, CLASSES))
    for given, known in zip(answers.each(), truth.each(), strict=True):
        map_HW = np.full((SIDE, SIDE), -1)
        sure = [d for d in np.argsort(-given["score"], kind="stable") if given["score"][d] >= field.threshold]
        for d in sure[::-1]:  # the surest is laid on last
            map_HW[np.unpackbits(given["mask"][d], axis=1) > 0] = d
        matched_d, matched_g = set(), set()
        for g, mask in enumerate(np.unpackbits(known["mask"], axis=2) > 0):
            for d in np.unique(map_HW[map_HW >= 0]).tolist():
                iou = (mask & (map_HW == d)).sum() / (mask | (map_HW == d)).sum()
                if iou > 0.5 and given["class"][d] == known["class"][g]:
                    matched_d.add(d)
                    matched_g.add(g)
                    sums[:2, known["class"][g]] += iou, 1
        for d in set(np.unique(map_HW[map_HW >= 0]).tolist()) - matched_d:
            sums[2, given["class"][d]] += 1
        for g in set(range(len(known["class"]))) - matched_g:
            sums[3, known["class"][g]] += 1
    want = (sums[0] / (sums[1] + sums[2] / 2 + sums[3] / 2)).mean()
    running = Running(["panoptic_quality"], field)
    running.update(answers, truth)
    assert running.compute()["panoptic_quality"] == pytest.approx(want, abs=1e-12) and want > 0.1


def test_runs_are_those_of_pycocotools():
    """Both ways, as numbers and as short text; polygons differ at the edge at most."""
    coco = pytest.importorskip("pycocotools.mask")
    rng = np.random.default_rng(0)
    for _round in range(8):
        mask_HW = disc(rng, rng.uniform(0, SIDE, 2), rng.uniform(2, 30))[:40]
        short = coco.encode(np.asfortranarray(mask_HW))
        assert np.array_equal(of_coco(short), mask_HW > 0)
        assert np.array_equal(coco.decode(coco.frPyObjects(as_coco(mask_HW), *mask_HW.shape)), mask_HW)
    polygon = [5.0, 5.0, 50.0, 8.0, 44.0, 51.0, 12.0, 40.0]
    own, their = filled([polygon], SIDE, SIDE), coco.decode(coco.merge(coco.frPyObjects([polygon], SIDE, SIDE))) > 0
    assert (own & their).sum() / (own | their).sum() > 0.95


FLOOR = 0.32


def pair() -> tuple[Any, Any]:
    """Our model and torchvision's of the same parts, which picks among candidates itself."""
    torch.manual_seed(0)
    spec, told = ImageSpec(channels=3, height=SIDE, width=SIDE), {"num_classes": CLASSES, "floor": FLOOR, "overlap": 0.5}
    own: Any = mask_rcnn.build(spec, target={**told, "most": 20}, width=8, head=16, hidden=32, proposals=60, samples=32)
    net = own.net
    with torch.no_grad():  # a network that has learned nothing finds nothing
        net.roi_heads.box_predictor.cls_score.weight *= 30
        net.rpn.head.cls_logits.weight *= 5
    other: Any = MaskRCNN(net.backbone, 1 + CLASSES, min_size=SIDE, max_size=SIDE, image_mean=[0.0] * 3, image_std=[1.0] * 3)
    other.rpn, other.roi_heads = net.rpn, net.roi_heads
    other.transform.torch_choice = lambda sizes: sizes[0]  # which draws a number
    return own, other


def test_answers_are_torchvisions():
    own, other = pair()
    own.eval()
    other.eval()
    x_BCHW = torch.rand(3, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        found, want = own(x_BCHW), other(list(x_BCHW))
    for b, their in enumerate(want):
        sure = found["scores"][b] > FLOOR
        assert int(sure.sum()) == len(their["scores"]) > 2
        torch.testing.assert_close(found["scores"][b][sure], their["scores"], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(found["boxes"][b][sure] * SIDE, their["boxes"], rtol=1e-3, atol=1e-2)
        assert torch.equal(found["classes"][b][sure] + 1, their["labels"])


def test_losses_are_torchvisions():
    own, other = pair()
    _answers, truth = drawn(1, examples=3)
    own.train()
    other.train()
    x_BCHW = torch.rand(3, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(2))
    batch = Rows({name: torch.from_numpy(column) for name, column in truth.columns.items()}, torch.from_numpy(truth.counts))
    found = own.losses({"image": x_BCHW}, {"instances": batch}, torch.Generator().manual_seed(4))
    wanted = mask_rcnn.taught(batch, (SIDE, SIDE))
    torch.manual_seed(int(torch.randint(1 << 30, (), generator=torch.Generator().manual_seed(4))))
    want = other(list(x_BCHW), wanted)
    assert found.keys() == want.keys()
    for part in want:
        torch.testing.assert_close(found[part], want[part], rtol=1e-3, atol=1e-4)


def test_what_graphs_leave_out_is_what_turns_leave_out():
    rng = torch.Generator().manual_seed(0)
    low = torch.rand(4, 80, 2, generator=rng) * 40
    boxes = torch.cat([low, low + 4 + torch.rand(4, 80, 2, generator=rng) * 12], 2)
    kinds = torch.randint(0, 3, (4, 80), generator=rng)
    out = mask_rcnn.covered(boxes, kinds, 0.4)
    assert torch.equal(out, mask_rcnn.covered_by_turns(boxes, kinds, 0.4)) and 0.1 < out.float().mean() < 0.9


def test_the_size_of_the_paper_is_torchvisions():
    from torchvision.models.detection import maskrcnn_resnet50_fpn

    sizes = {name: v for name, v in mask_rcnn.CARD.sizes["paper"].items() if name != "size"}
    told = {"num_classes": 90, "floor": 0.05, "overlap": 0.5, "most": 100}
    with torch.device("meta"):
        own: Any = mask_rcnn.build(ImageSpec(channels=3, height=800, width=800), target=told, **sizes)
        other = maskrcnn_resnet50_fpn(weights=None, weights_backbone=None)
    shapes = {name: tensor.shape for name, tensor in own.net.state_dict().items()}
    assert {n: s for n, s in shapes.items() if "bn" not in n and "downsample.1" not in n and ".1." not in n} == {
        n: t.shape for n, t in other.state_dict().items() if "bn" not in n and "downsample.1" not in n and ".1." not in n
    }
