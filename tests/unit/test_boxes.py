"""Boxes: what is read of cells, what is stored, what is left of candidates, what the doctor says, what is told."""

import json

import numpy as np
import pyarrow as pa
import pytest
import torch

from fukami.core.errors import DataError
from fukami.core.tables import Column
from fukami.evaluate.details.boxes import CollectedDetails, judged
from fukami.export.standalone import boxes as program
from fukami.fields import batch as trees
from fukami.fields.batch import Rows
from fukami.fields.boxes.field import Boxes
from fukami.fields.boxes.marks import of_cell
from fukami.fields.boxes.matching import best_threshold
from fukami.fields.frame import Plane
from fukami.metrics.contract import Running
from fukami.metrics.states.detections import Detections
from fukami.models.detector import learnable


def column(*cells) -> Column:
    return Column(
        "boxes", pa.array([cell if isinstance(cell, str | None) else json.dumps(cell) for cell in cells], pa.string())
    )


def cat(*box, label: str = "cat", **more) -> dict:
    return {"box": list(box), "label": label, **more}


PLANE = Plane(np.array([[[0.5, 0, 0], [0, 0.5, 10.0]]] * 4), np.array([[100, 60]] * 4), (50, 50))


def codes(problems) -> dict[str, str]:
    return {problem.code: problem.severity for problem in problems}


# -- cells ---------------------------------------------------------------------------------------------------------------
def test_corners_and_coco_names_are_understood():
    one = of_cell([{"xmin": 1, "ymin": "2", "xmax": 4.5, "ymax": 8, "class": "dog"}])
    assert one.box.tolist() == [[1, 2, 3.5, 6]] and one.labels == ("dog",)
    assert of_cell({"boxes": [{"bbox": [0, 0, 1, 1], "category": 3}], "size": [9, 8]}).labels == ("3",)
    assert of_cell({"boxes": [], "size": [9, 8]}).size == (9, 8)


BROKEN = {
    "no JSON": "cats",
    "not closed": '[{"box": [1, 2, 3, 4]',
    "deep": "[" * 100_000,
    "a number": "7",
    "three numbers": [cat(1, 2, 3)],
    "a word": [cat(1, 2, 3, "wide")],
    "not finite": '[{"box": [1, 2, 3, NaN], "label": "cat"}]',
    "huge": [cat(1, 2, 3, 1e30)],
    "no box": [{"label": "cat"}],
    "no label": [{"box": [1, 2, 3, 4]}],
    "empty label": [cat(1, 2, 3, 4, label=" ")],
    "half of the corners": [{"xmin": 1, "ymin": 2, "label": "cat"}],
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_cells_are_told_and_left_out(name):
    cells = column(BROKEN[name], [cat(1, 2, 3, 4)])
    found = {problem.code: problem for problem in Boxes().check([cells])}
    assert found["F-BOXES-FORM"].severity == "warning" and "[0]" in found["F-BOXES-FORM"].where
    assert Boxes().usable([cells]).tolist() == [False, True]
    assert Boxes().learn([cells]).state["counts"] == [1]
    assert "<em>" in Boxes().render([cells], 0)


def test_what_the_doctor_finds_in_cells():
    same = [cat(1, 2, 30, 40), cat(1, 2, 30, 40.5)]
    found = codes(Boxes().check([column(same, [cat(5, 5, 0, 4)], None, [cat(1, 2, 3, 4, label="Cat")])]))
    assert found == {
        "F-BOXES-MISSING": "warning",
        "F-BOXES-AREA": "warning",
        "F-BOXES-TWICE": "warning",
        "F-BOXES-FEW": "warning",
        "F-CATEGORY-ALIKE": "warning",
    }
    assert codes(Boxes().check([column([], [])])) == {"F-BOXES-NONE": "error"}
    assert codes(Boxes().check([column(None, None)]))["F-BOXES-MISSING"] == "error"
    with pytest.raises(DataError, match="F-BOXES-NONE"):
        Boxes().learn([column([], [])])
    learned = Boxes(state={"classes": ["cat"], "counts": [9]})
    assert codes(learned.check([column([cat(1, 2, 3, 4), cat(1, 2, 3, 4, label="dog")], [])])) == {"F-BOXES-UNKNOWN": "warning"}


def test_what_the_doctor_finds_on_pictures():
    def told(*cells):
        return codes(Boxes().check_on([column(*cells)], {"image": PLANE}))

    assert told([cat(0.1, 0.2, 0.3, 0.4)], [cat(0.5, 0.5, 0.5, 0.5)]) == {"F-BOXES-SHARES": "error"}
    assert told([cat(80, 10, 40, 10)], [cat(200, 10, 40, 10)], []) == {
        "F-BOXES-BEYOND": "warning",
        "F-BOXES-OUTSIDE": "warning",
    }
    assert told({"boxes": [cat(1, 1, 9, 9)], "size": [200, 120]}) == {"F-BOXES-SIZE": "warning"}
    assert told([cat(-0.5, 0, 100.5, 60)]) == {}


# -- storing and restoring -----------------------------------------------------------------------------------------------
def test_boxes_are_shares_of_the_tensor_cut_to_the_picture_and_told_in_its_pixels():
    cells = [column([cat(80, 30, 40, 20), cat(200, 10, 5, 5), cat(5, 5, 0, 9), cat(10, 20, 30, 40, label="emu")], [])]
    field = Boxes(state={"classes": ["cat"], "counts": [9]})
    frames = {"image": PLANE.taken(np.arange(2))}
    stored = field.encode(cells, frames=frames)["boxes"]
    np.testing.assert_allclose(stored.values, [[0.8, 0.5, 1.0, 0.7, 0, 0]], atol=1e-6)
    batch = field.batch({"boxes": stored}, np.array([1, 0]))
    assert batch.counts.tolist() == [0, 1]
    answers = field.ideal(field.truth(batch))
    frames = {"image": PLANE.taken(np.array([1, 0]))}
    assert field.restore(answers, frames=frames) == [{"boxes": []}, {"boxes": [cat(80, 30, 20, 20, score=1.0)]}]


def test_what_is_not_judged_is_no_ideal_answer():
    cells = [column([cat(1, 2, 3, 4), cat(1, 2, 3, 4, ignored="crowd"), cat(1, 2, 3, 4, ignored="difficult")])]
    field = Boxes().learn(cells)
    batch = field.batch(field.encode(cells), np.array([0]))
    assert batch.columns["ignored"].tolist() == [0, 2, 1] and field.ideal(batch).counts.tolist() == [1]


def test_models_learn_boxes_that_can_be_seen():
    box = torch.tensor(
        [[0.1, 0.1, 0.5, 0.5], [-0.9, 0.1, 0.1, 0.5], [-0.1, 0.1, 0.3, 0.5], [0.2, 0.2, 0.2, 0.4], [0.1, 0.1, 0.5, 0.5]]
    )
    rows = Rows({"box": box, "class": torch.arange(5), "ignored": torch.tensor([0, 0, 0, 0, 1])}, torch.tensor([2, 3]))
    first, second = learnable(rows, 10, 20)
    assert first["labels"].tolist() == [0] and second["labels"].tolist() == [2]
    torch.testing.assert_close(second["boxes"], torch.tensor([[0.0, 1.0, 6.0, 5.0]]))


# -- what is left of candidates ------------------------------------------------------------------------------------------
def candidates(seed: int, count: int = 60, classes: int = 3):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 0.7, (2, count, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(0.1, 0.3, (2, count, 2))], 2).astype(np.float32)
    boxes[:, 1::2] = boxes[:, ::2] + rng.normal(0, 0.02, boxes[:, ::2].shape)
    return {"boxes": torch.from_numpy(boxes), "scores": torch.from_numpy(rng.random((2, count, classes), np.float32) ** 3)}


@pytest.mark.parametrize("seed", range(3))
def test_what_is_left_is_what_torchvision_leaves(seed):
    from torchvision.ops import batched_nms

    field = Boxes(state={"classes": list("abc"), "counts": [1] * 3})
    outputs = candidates(seed)
    for one, boxes, scores in zip(field.answers(outputs).each(), outputs["boxes"], outputs["scores"], strict=True):
        at, kind = torch.nonzero(scores >= field.options.floor, as_tuple=True)
        kept = batched_nms(boxes[at], scores[at, kind], kind, field.options.overlap)[: field.options.most]
        torch.testing.assert_close(one["score"], scores[at, kind][kept])
        assert torch.equal(one["class"], kind[kept]) and torch.equal(one["box"], boxes[at][kept])


@pytest.mark.parametrize("seed", range(3))
def test_the_program_leaves_the_same_and_tells_it_in_the_same_pixels(seed):
    field = Boxes(state={"classes": list("abc"), "counts": [1] * 3, "threshold": 0.4})
    outputs = candidates(seed)
    plane = PLANE.taken(np.arange(2))
    told = field.restore(field.answers(outputs), frames={"image": plane})
    for row in range(2):
        frame = {"map": plane.map[row].tolist(), "size": plane.raw[row].tolist()}
        own = program.answer((outputs["boxes"][row].numpy(), outputs["scores"][row].numpy()), field.portable(), frame)
        assert own == told[row] and len(own["boxes"]) > 3


def test_a_box_that_is_only_just_there_may_be_missing():
    def answer(*boxes):
        told = {
            "box": torch.tensor([[0.0, 0, b, b] for b, _s in boxes]).reshape(-1, 4),
            "class": torch.zeros(len(boxes)).long(),
        }
        return Rows({**told, "score": torch.tensor([s for _b, s in boxes])}, torch.tensor([len(boxes)]))

    field = Boxes()
    assert field.apart(answer((0.5, 0.9), (0.1, 0.0201)), answer((0.5, 0.9))).item() == pytest.approx(1e-4, abs=1e-5)
    assert field.apart(answer((0.5, 0.9)), answer((0.5, 0.8))).item() == pytest.approx(0.1, abs=1e-6)
    assert field.apart(answer((0.5, 0.9)), answer((0.4, 0.9))).item() == pytest.approx(1 - 0.16 / 0.25, abs=1e-6)
    assert field.apart(answer(), answer()).item() == 0
    assert field.apart(answer((float("nan"), 0.9)), answer()).item() == float("inf")


# -- judging -------------------------------------------------------------------------------------------------------------
def example(boxes, classes, scores=None):
    told = {"box": np.array(boxes, float).reshape(-1, 4), "class": np.array(classes, np.int64)}
    more = {"ignored": np.zeros(len(classes), np.int64)} if scores is None else {"score": np.array(scores, float)}
    return {**told, **more}


TRUE = example([[0, 0, 0.4, 0.4], [0.5, 0.5, 0.9, 0.9], [0.6, 0, 0.9, 0.3]], [0, 1, 1])
GIVEN = example(
    [[0, 0, 0.4, 0.4], [0, 0, 0.4, 0.39], [0.5, 0.5, 0.9, 0.9], [0, 0.7, 0.2, 0.9]], [0, 0, 0, 1], [0.9, 0.8, 0.7, 0.6]
)


def rows(one) -> Rows:
    return Rows(one, np.array([len(one["class"])]))


def test_every_fault_has_its_name():
    found = judged(GIVEN, TRUE)
    assert found.answered == ["", "doubled", "confused", "invented"] and found.instead == {2: 1}
    assert found.actual == ["", "missed", "missed"]
    field = Boxes(state={"classes": ["a", "b"], "counts": [1, 2], "threshold": 0.5})
    details, running = CollectedDetails(field), Running(["map50"], field, also=(Detections,))
    details.update(rows(GIVEN), rows(TRUE), np.array([7]))
    running.update(rows(GIVEN), rows(TRUE))
    told = details.told(running)
    assert told["faults"] == {"missed": 2, "invented": 1, "confused": 1, "doubled": 1}
    assert [one["support"] for one in told["per_class"]] == [1, 2] and told["per_class"][0]["precision"] == pytest.approx(1 / 3)
    assert told["confusion"]["pairs"] == [{"target": "b", "answer": "a", "count": 1}]
    (picture,) = told["mistakes"]
    html = field.drawn(picture["answer"], columns=(), row=0, frames={"image": PLANE.taken(np.array([0]))}, over="<img>")
    assert html.count("<rect") == 4 and "<img>" in html and "doubled" in html


def test_the_threshold_is_where_most_agree():
    assert 0.8 < best_threshold(rows(GIVEN), rows(TRUE), 0.5) < 0.9
    field = Boxes(state={"classes": ["a", "b"], "counts": [1, 2]})
    settled = field.settled(trees.tensors(rows(GIVEN)), trees.tensors(rows(TRUE)))
    assert settled.told_of(trees.tensors(rows(GIVEN))).counts.tolist() == [1]
    assert best_threshold(rows(GIVEN), rows(example([], [])), 0.5) == 0.3
