"""Average precision of poses is that of pycocotools, on random answers; PCK that of its definition."""

import contextlib
import io

import numpy as np
import pytest

from fukami.fields.batch import Rows
from fukami.fields.keypoints.field import Keypoints
from fukami.fields.keypoints.oks import COCO
from fukami.metrics.contract import Running

P, WIDTH, HEIGHT = len(COCO), 320, 200
UNIT = np.array([WIDTH, HEIGHT])


def drawn(seed: int) -> tuple[list[list[dict]], list[list[dict]]]:
    """Answers and truths in pixels: people that are missed, doubled, invented, crowds, and some without a known point."""
    rng = np.random.default_rng(seed)
    answers, truth = [], []
    for _example in range(12):
        known, given = [], []
        for _person in range(int(rng.integers(0, 4))):
            low, side = rng.uniform(0, 100, 2), rng.uniform(30, 90, 2)
            points = np.c_[low + rng.random((P, 2)) * side, rng.random(P) < (0.7 if rng.random() < 0.8 else 0)]
            known.append(
                {"box": [*low, *side], "area": float(side.prod() * 0.6), "points": points, "crowd": rng.random() < 0.15}
            )
            for _copy in range(int(rng.integers(0, 3))):
                moved = points[:, :2] + rng.normal(0, rng.uniform(0.5, 8), (P, 2))
                given.append({"points": moved, "score": round(float(rng.random()), 6)})
        given.append({"points": rng.random((P, 2)) * UNIT, "score": round(float(rng.random()), 6)})
        answers.append(given)
        truth.append(known)
    return answers, truth


def as_rows(answers, truth) -> tuple[Rows, Rows]:
    people = [one for known in truth for one in known]
    box = np.array([one["box"] for one in people]).reshape(-1, 4)
    points = np.stack([np.c_[one["points"][:, :2] / UNIT, one["points"][:, 2]] for one in people])
    columns = {
        "box": np.c_[box[:, :2], box[:, :2] + box[:, 2:]] / np.tile(UNIT, 2),
        "class": np.zeros(len(people), np.int64),
        "ignored": np.array([2 if one["crowd"] else 1 if not one["points"][:, 2].any() else 0 for one in people]),
        "area": np.array([one["area"] for one in people]),
        "unit": np.tile(UNIT, (len(people), 1)),
        "points": points,
        "spread": np.tile(list(COCO.values()), (len(people), 1)),
    }
    told = [one for given in answers for one in given]
    places = np.stack([np.c_[one["points"] / UNIT, np.ones(P)] for one in told])
    found = {
        "box": np.c_[places[:, :, :2].min(1), places[:, :, :2].max(1)],
        "class": np.zeros(len(told), np.int64),
        "score": np.array([one["score"] for one in told]),
        "points": places,
    }
    counts = [np.array([len(one) for one in side]) for side in (answers, truth)]
    return Rows(found, counts[0]), Rows(columns, counts[1])


def reference(answers, truth) -> tuple[float, float]:
    coco, cocoeval = pytest.importorskip("pycocotools.coco"), pytest.importorskip("pycocotools.cocoeval")
    images = [{"id": number, "width": WIDTH, "height": HEIGHT} for number in range(len(truth))]
    annotations = [
        {
            "id": 0, "image_id": number, "category_id": 1, "bbox": one["box"], "area": one["area"], 
            "iscrowd": int(one["crowd"]),
            "keypoints": np.c_[one["points"][:, :2], 2 * one["points"][:, 2]].ravel().tolist(),
            "num_keypoints": int(one["points"][:, 2].sum()),
        }
        for number, known in enumerate(truth) for one in known
    ]  # fmt: skip
    for number, one in enumerate(annotations, 1):
        one["id"] = number
    results = [
        {
            "image_id": number, "category_id": 1, "score": one["score"],
            "keypoints": np.c_[one["points"], np.ones(P)].ravel().tolist(),
        }
        for number, given in enumerate(answers) for one in given
    ]  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        whole = coco.COCO()
        whole.dataset = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "person"}], "info": {}}
        whole.createIndex()
        judged = cocoeval.COCOeval(whole, whole.loadRes(results), "keypoints")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    return float(judged.stats[0]), float(judged.stats[1])


FIELD = Keypoints(
    state={"classes": ["person"], "points": list(COCO), "spread": list(COCO.values()), "counts": [1], "pairs": []}
)


@pytest.mark.parametrize("seed", range(4))
def test_oks_average_precision_is_that_of_pycocotools(seed):
    answers, truth = drawn(seed)
    running = Running(["oks_map", "oks_ap50", "pck"], FIELD)
    running.update(*as_rows(answers, truth))
    told = running.compute()
    assert (told["oks_map"], told["oks_ap50"]) == pytest.approx(reference(answers, truth), abs=1e-6)
    assert 0 < told["pck"] < 1


def test_pck_is_the_share_of_points_near_enough():
    _answers, truth = drawn(0)
    truth = [[{**one, "crowd": False} for one in known[:1]] for known in truth]
    shift = np.array([0.3, 0.4])
    near, wanted, known_points = [], 0, 0
    for known in truth:
        given = []
        for one in known:
            longest = max(one["box"][2:])
            far = np.arange(P) % 2 == 0  # every other point is off by 0.11 of the side, the others by 0.09
            moved = one["points"][:, :2] + np.where(far, 0.22, 0.18)[:, None] * longest * shift
            given.append({"points": moved, "score": 0.5})
            wanted += int((one["points"][:, 2] * ~far).sum())
            known_points += int(one["points"][:, 2].sum())
        near.append(given)
    rows = as_rows([given for given in near if given], [known for known in truth if known])
    running = Running(["pck"], FIELD)
    running.update(*rows)
    assert running.compute()["pck"] == pytest.approx(wanted / known_points)
