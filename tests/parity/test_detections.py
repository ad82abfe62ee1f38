"""Average precision of boxes is that of pycocotools, the reference implementation of COCO."""

import contextlib
import io

import numpy as np
import pytest

from fukami.fields.batch import Rows
from fukami.fields.boxes.field import Boxes
from fukami.metrics.contract import Running
from fukami.metrics.states.detections import Detections

coco = pytest.importorskip("pycocotools.coco")
cocoeval = pytest.importorskip("pycocotools.cocoeval")
SIDE = 640.0


def rows(parts: list[dict[str, np.ndarray]]) -> Rows:
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Rows(columns, np.array([len(part["class"]) for part in parts]))


def drawn(seed: int, *, examples: int = 12, classes: int = 3, crowds: bool = False) -> tuple[Rows, Rows]:
    """Answers that move, miss, double and confuse true boxes, and invent some; pictures with nothing in them among them."""
    rng = np.random.default_rng(seed)
    truth, answers = [], []
    for _example in range(examples):
        count = int(rng.integers(0, 7))
        corner = rng.uniform(0, 0.6, (count, 2))
        box = np.concatenate([corner, corner + rng.uniform(0.05, 0.4, (count, 2))], 1)
        kind = rng.integers(0, classes, count)
        ignored = np.where(rng.random(count) < 0.25, 2, 0) if crowds else np.zeros(count, np.int64)
        truth.append({"box": box, "class": kind, "ignored": ignored})
        copies = rng.integers(0, 4, count)
        moved = np.repeat(box, copies, 0)
        moved = moved + rng.normal(0, 0.03, moved.shape) * rng.random((len(moved), 1))
        confused = np.repeat(kind, copies)
        confused = np.where(rng.random(len(confused)) < 0.2, rng.integers(0, classes, len(confused)), confused)
        false = rng.uniform(0, 0.5, (3, 2))
        given = np.concatenate([moved, np.concatenate([false, false + rng.uniform(0.05, 0.5, (3, 2))], 1)])
        given[:, 2:] = np.maximum(given[:, 2:], given[:, :2] + 0.01)
        told = {"box": given, "class": np.concatenate([confused, rng.integers(0, classes, 3)])}
        answers.append({**told, "score": rng.random(len(given))})
    return rows(answers), rows(truth)


def reference(answers: Rows, truth: Rows, classes: int) -> tuple[float, float]:
    """mAP50 and mAP of pycocotools."""

    def told(box: np.ndarray) -> list[float]:
        return [float(v) * SIDE for v in (box[0], box[1], box[2] - box[0], box[3] - box[1])]

    images = [{"id": at, "width": SIDE, "height": SIDE} for at in range(len(truth))]
    marked, given = [], []
    for image, one in enumerate(truth.each()):
        for box, kind, ignored in zip(one["box"], one["class"], one["ignored"], strict=True):
            area = float((box[2] - box[0]) * (box[3] - box[1])) * SIDE**2
            told_of = {"id": len(marked) + 1, "image_id": image, "category_id": int(kind), "bbox": told(box), "area": area}
            marked.append({**told_of, "iscrowd": int(ignored == 2)})
    for image, one in enumerate(answers.each()):
        for box, kind, score in zip(one["box"], one["class"], one["score"], strict=True):
            given.append({"image_id": image, "category_id": int(kind), "bbox": told(box), "score": float(score)})
    with contextlib.redirect_stdout(io.StringIO()):
        known = coco.COCO()
        known.dataset = {
            "images": images,
            "annotations": marked,
            "categories": [{"id": k, "name": str(k)} for k in range(classes)],
        }
        known.createIndex()
        judged = cocoeval.COCOeval(known, known.loadRes(given), "bbox")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    return float(judged.stats[1]), float(judged.stats[0])


@pytest.mark.parametrize("crowds", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_average_precision_is_that_of_pycocotools(seed, crowds):
    answers, truth = drawn(seed, crowds=crowds, classes=4 if seed % 2 else 3)
    target = Boxes(state={"classes": list("abcd"), "counts": [1] * 4})
    running = Running(["map50", "map"], target)
    running.update(answers, truth)
    want = reference(answers, truth, 4)
    found = running.compute()
    assert (found["map50"], found["map"]) == pytest.approx(want, abs=1e-9)
    assert 0.05 < found["map"] < found["map50"] < 0.95


def test_a_replicate_is_the_metric_of_the_repeated_examples():
    answers, truth = drawn(3)
    times = np.random.default_rng(0).integers(0, 3, len(truth))
    target = Boxes(state={"classes": list("abc"), "counts": [1] * 3})
    state = Detections(target, replicates=1)
    state.update(answers, truth, np.stack([np.ones(len(truth)), times.astype(float)]))
    repeated = np.repeat(np.arange(len(truth)), times)
    other = Detections(target)
    other.update(answers.taken(repeated), truth.taken(repeated), np.ones((1, len(repeated))))
    assert state.mean()[1] == pytest.approx(other.mean()[0], rel=1e-12) != state.mean()[0]
