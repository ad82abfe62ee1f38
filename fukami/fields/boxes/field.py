"""Things in a picture: a box around each, and its class. B batch, T boxes of all its examples, A candidates, K classes.

Boxes lie on a picture: they are stored, learned and judged in shares of the sides of the tensor that the network sees, and told
in pixels of the given picture. What the network gives are candidates, many for one thing; which of them are left is decided
here, so that every network is treated alike and a graph needs no more than its candidates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.lazily import torch
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.tables import Column
from fukami.fields import batch as trees
from fukami.fields import cells
from fukami.fields.boxes.check import check_boxes, check_on_pictures
from fukami.fields.boxes.marks import IGNORED, Marked, marked
from fukami.fields.boxes.matching import UNSETTLED, best_threshold
from fukami.fields.boxes.overlap import iou, left_over
from fukami.fields.boxes.render import counted, outlined
from fukami.fields.contract import NOTHING, Arrays, Field, Ragged, TargetField
from fukami.fields.frame import Frame, Moved, Plane
from fukami.fields.gather import carried
from fukami.fields.labels import in_order

CARD = FieldCard(
    name="boxes",
    summary="things in a picture: a box around each, and its class",
    usual_targets=(
        "boxes", "objects", "annotations", "bboxes", "bounding_boxes", "detections", "labels", "物体", "枠", "アノテーション",
    ),
)  # fmt: skip

MATCHED = 0.5
"""IoU from which on a box counts as found, where the threshold is settled."""


@dataclass(frozen=True)
class Boxes(TargetField):
    """Boxes and their classes. `state` holds names and numbers of classes; `threshold` is what validation answers teach.

    >>> one = Column("boxes", pa.array(['[{"box": [1, 2, 3, 4], "label": "cat"}]', "[]"]))
    >>> boxes = Boxes().learn([one])
    >>> boxes.state["classes"], boxes.encode([one])["boxes"].values.tolist()
    (['cat'], [[1.0, 2.0, 4.0, 6.0, 0.0, 0.0]])
    """

    @dataclass(frozen=True)
    class Options:
        floor: float = option(0.02, "Boxes of a lower score are not even judged.", low=0.001, high=1)
        threshold: float = option(
            0.0, "Boxes of at least this score are given as the answer; 0 to take what is best on validation pictures.",
            low=0, high=1,
        )  # fmt: skip
        overlap: float = option(
            0.5, "Of two boxes of a class that overlap by more than this (IoU), the surer one is kept.", low=0.05, high=1
        )
        most: int = option(100, "Most boxes that are told of one picture.", low=1, high=1000)

    kind: ClassVar[str] = "boxes"
    losses: ClassVar[tuple[str, ...]] = ()
    framed: ClassVar[bool] = True
    told_as: ClassVar[str] = "boxes"
    """The name of what is told of a picture."""
    name: str = "boxes"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """A box in one quarter of 12 × 12 pixels, named after the class; in some pictures a second one, in others none."""
        rows = []
        for k, size in zip(hidden.tolist(), rng.integers(4, 7, len(hidden)).tolist(), strict=True):
            corner = [(k % 2) * 6, (k // 2 % 2) * 6]
            here = {"box": [*corner, size, 6], "label": f"class{k}"}
            there = {"box": [6 - corner[0], 6 - corner[1], 6, size], "label": f"class{(k + 1) % 4}"}
            rows.append([here, there][: 2 if size == 5 else 1])
        return [Column("boxes", pa.array(rows))]

    @classmethod
    def recognise(cls, column: Column) -> float:
        if column.is_array:
            return 0.0
        found = [one for one in marked(cells.sample(column, 20)) if one is not None]
        good = [one for one in found if not one.fault]
        return 0.95 * len(good) / len(found) if any(map(len, good)) else 0.0

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from check_boxes(columns[0], self.state.get("classes"))

    def check_on(self, columns: Sequence[Column], frames: Mapping[str, Frame]) -> Iterator[Problem]:
        yield from check_on_pictures(columns[0], plane_of(frames))

    def things(self, column: Column) -> Sequence[Any]:
        """What each cell says of the things in its picture: their `labels` and more; None where nothing is said."""
        return marked(column)

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        return np.array([one is not None and not one.fault for one in self.things(columns[0])], dtype=bool)

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        def told(one: Marked | None) -> bytes:
            if one is None:
                return b""
            return repr((one.box.tolist(), one.labels, one.ignored, one.fault)).encode("utf-8", "surrogatepass")

        return cells.hashes(map(told, marked(columns[0])))

    def strata(self, columns: Sequence[Column]) -> np.ndarray:
        """By the rarest class of each picture, so that every part has some of it."""
        found = [one.labels if one is not None else () for one in self.things(columns[0])]
        counts = Counter(label for labels in found for label in set(labels))
        rarest = [min(labels, key=lambda label: (counts[label], label), default="") for labels in found]
        return np.unique(rarest, return_inverse=True)[1]

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Takes the names of classes and their numbers of boxes. Raises `DataError` where there is no box at all."""
        (column,) = columns
        counts = Counter(label for one in marked(column) if one is not None for label in one.labels)
        if not counts:
            raise DataError(
                "F-BOXES-NONE",
                _("no picture to learn from has a box"),
                where=cells.place(column),
                expected='[{"box": [x, y, width, height], "label": "cat"}]',
                fix=_("name the column that holds the boxes: --set target=COLUMN"),
            )
        classes = in_order(list(counts))
        return replace(self, state={"classes": classes, "counts": [counts[label] for label in classes]})

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`boxes` float32 (T, 6), ragged: left, top, right, bottom as shares of the tensor's sides, class, how it is judged.
        Boxes are cut to the picture; those without area, and those of no class that was learned, are left out."""
        found, plane = marked(columns[0]), plane_of(frames)
        number = {label: k for k, label in enumerate(self.state["classes"])}
        parts = []
        for row, one in enumerate(found):
            one = one or Marked(np.empty((0, 4)))
            corners_T4 = one.corners
            if plane is not None:
                corners_T4 = corners_T4.clip(0, np.tile(plane.raw[row], 2))
            class_T = np.array([number.get(label, -1) for label in one.labels], np.int64)
            real_T = (corners_T4[:, 2:] > corners_T4[:, :2]).all(1) & (class_T >= 0)
            if plane is not None:
                points = plane.forth(corners_T4.reshape(-1, 2), np.full(2 * len(corners_T4), row))
                corners_T4 = points.reshape(-1, 4) / np.tile(plane.size[::-1], 2)
            told = np.column_stack([corners_T4, class_T, np.array(one.ignored, np.int64)])
            parts.append(told[real_T])
        offsets = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
        values = np.concatenate(parts) if parts else np.empty((0, 6))
        return {"boxes": Ragged(values.astype(np.float32), offsets)}

    def stored_as(self) -> dict[str, Any]:
        return {"classes": self.state.get("classes")}

    def lengths(self, stored: Arrays) -> np.ndarray:
        boxes = stored["boxes"]
        assert isinstance(boxes, Ragged)
        return np.diff(boxes.offsets)

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> trees.Rows:
        """`box` float32 (T, 4), `class` and `ignored` int64 (T), with how many each example has."""
        boxes = stored["boxes"]
        assert isinstance(boxes, Ragged)
        offsets, rows = boxes.offsets, np.asarray(rows)
        places = [np.arange(int(offsets[row]), int(offsets[row + 1])) for row in rows.tolist()]
        told = np.asarray(boxes.values)[np.concatenate(places)] if places else np.empty((0, 6), np.float32)
        columns = {
            "box": carried(np.ascontiguousarray(told[:, :4]), device),
            "class": carried(told[:, 4].astype(np.int64), device),
            "ignored": carried(told[:, 5].astype(np.int64), device),
        }
        return trees.Rows(columns, carried((offsets[rows + 1] - offsets[rows]).astype(np.int64), device))

    def follow(self, batch: trees.Rows, moved: Moved) -> trees.Rows:
        """The upright box around where the corners of each box went, which may be beyond the edge."""
        box_T4 = batch.columns["box"]
        example_T = torch.repeat_interleave(torch.arange(len(batch), device=box_T4.device), batch.counts)
        corners_T4 = box_T4[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2)
        at_T42 = moved.points(corners_T4, example_T.repeat_interleave(4), 1, 1).view(-1, 4, 2)
        return trees.Rows({**batch.columns, "box": torch.cat([at_T42.amin(1), at_T42.amax(1)], 1)}, batch.counts)

    # -- towards models ----------------------------------------------------------------------------------------------
    @property
    def num_statistics(self) -> int:
        return 10 * len(self.state["classes"])

    def target_spec(self) -> dict[str, int]:
        return {"num_classes": len(self.state["classes"])}

    def facts(self) -> dict[str, Any]:
        return {"num_classes": len(self.state["classes"]), "class_counts": self.state["counts"]} if self.state else {}

    def labels(self) -> list[str]:
        """Names of the classes."""
        return list(self.state["classes"])

    # -- answers -----------------------------------------------------------------------------------------------------
    def answers(self, outputs: Mapping[str, torch.Tensor], /) -> trees.Rows:
        """`box` (T, 4), `class`, `score` of what is left of the candidates: `boxes` (B, A, 4) and their `scores` (B, A, K)."""
        asked = {"floor": self.options.floor, "overlap": self.options.overlap, "most": self.options.most}
        found = [
            left_over(box_A4, score_AK, **asked)
            for box_A4, score_AK in zip(outputs["boxes"].float(), outputs["scores"].float(), strict=True)
        ]
        columns = {name: torch.cat([one[at] for one in found]) for at, name in enumerate(("box", "class", "score"))}
        counts = torch.tensor([len(one[0]) for one in found], device=outputs["boxes"].device)
        return trees.Rows(columns, counts)

    def ideal(self, truth: trees.Rows) -> trees.Rows:
        """Everything that is judged, for sure."""
        kept = truth.columns["ignored"] == 0
        columns = {name: column[kept] for name, column in truth.columns.items() if name != "ignored"}
        example_T = torch.repeat_interleave(torch.arange(len(truth)), truth.counts.cpu())
        counts = torch.bincount(example_T[kept.cpu()], minlength=len(truth)).to(truth.counts)
        return trees.Rows({**columns, "score": torch.ones_like(columns["box"][:, 0])}, counts)

    def given(self, answers: trees.Rows) -> trees.Rows:
        """What is told, as if it were true."""
        told = self.told_of(answers)
        columns = {name: column for name, column in told.columns.items() if name != "score"}
        return trees.Rows({**columns, "ignored": torch.zeros_like(columns["class"])}, told.counts)

    @property
    def settles(self) -> bool:
        return True

    def settled(self, answers: trees.Rows, truth: trees.Rows) -> Self:
        """A copy with the threshold whose boxes agree best with the truth (F1 over all classes, IoU from 0.5 on)."""
        threshold = best_threshold(trees.arrays(answers), trees.arrays(truth), MATCHED)
        return replace(self, state={**self.state, "threshold": threshold})

    def unsettled(self) -> Self:
        return replace(self, state={name: value for name, value in self.state.items() if name != "threshold"})

    @property
    def threshold(self) -> float:
        """The score from which on a box is told."""
        return self.options.threshold or self.state.get("threshold", UNSETTLED)

    def told_of(self, answers: trees.Rows) -> trees.Rows:
        """The boxes that are told: those of at least the threshold."""
        sure = answers.columns["score"] >= self.threshold
        example_T = np.repeat(np.arange(len(answers)), np.asarray(answers.counts.cpu()))
        counts = np.bincount(example_T[sure.cpu().numpy()], minlength=len(answers))
        columns = {name: column[sure] for name, column in answers.columns.items()}
        return trees.Rows(columns, torch.from_numpy(counts).to(answers.counts))

    def restore(self, answers: trees.Rows, *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """`{"boxes": [{"box": [x, y, width, height], "label", "score"}]}` in pixels of the given picture, the surest first."""
        return [{self.told_as: things} for things in self._listed(self.told_of(answers), frames)]

    def known(self, truth: trees.Rows) -> list[dict[str, Any]]:
        ideal = self.ideal(truth)
        bare = trees.Rows({name: column for name, column in ideal.columns.items() if name != "score"}, ideal.counts)
        return [{self.told_as: things} for things in self._listed(bare, NOTHING)]

    def _listed(self, rows: trees.Rows, frames: Mapping[str, Frame]) -> list[list[dict[str, Any]]]:
        plane, labels = plane_of(frames), self.state["classes"]
        found = []
        for row, one in enumerate(trees.arrays(rows).each()):
            corners_T4 = given_pixels(one["box"].astype(np.float64), plane, row)
            boxes = []
            for at, (left, top, right, bottom) in enumerate(corners_T4.tolist()):
                box = [round(value, 2) for value in (left, top, right - left, bottom - top)]
                told: dict[str, Any] = {"box": box, "label": labels[int(one["class"][at])]}
                boxes.append(told | ({"score": round(float(one["score"][at]), 4)} if "score" in one else {}))
            found.append(boxes)
        return found

    def apart(self, left: trees.Rows, right: trees.Rows) -> torch.Tensor:
        """What fares worst: how far its nearest of the same class in the other answer is (in score, or in IoU), but no more
        than what it has above the floor, so that one that is only just there may be missing."""
        floor = self.options.floor
        pairs = zip(trees.arrays(left).each(), trees.arrays(right).each(), strict=True)
        return torch.tensor([max(_farthest(a, b, floor), _farthest(b, a, floor)) for a, b in pairs], dtype=torch.float64)

    # -- towards people and programs ---------------------------------------------------------------------------------
    def render(self, columns: Sequence[Column], row: int) -> str:
        (one,) = marked(columns[0].take(np.array([row])))
        return counted(one, one.labels if one is not None else ())

    def drawn(
        self, told: Any, *, columns: Sequence[Column], row: int, frames: Mapping[str, Frame] = NOTHING, over: str = ""
    ) -> str:
        """`told` as `evaluate/details/boxes.py` has it: objects with corners in shares of the tensor, class, fault."""
        plane = plane_of(frames)
        if not isinstance(told, list) or plane is None:
            return ""
        corners_T4 = given_pixels(np.array([one["corners"] for one in told], np.float64).reshape(-1, 4), plane, 0)
        size = int(plane.raw[0][0]), int(plane.raw[0][1])
        return outlined(corners_T4, told, self.labels(), size, over)

    def schema(self) -> dict[str, Any]:
        one = {
            "type": "object",
            "properties": {
                "box": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
                "label": {"type": "string"},
                "ignored": {"type": "string", "enum": list(IGNORED)},
            },
            "required": ["box", "label"],
        }
        return {"type": "array", "items": one, "description": _("boxes: left, top, width and height in pixels, and a class")}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """Of at most 1,000 pictures: boxes by class (at most 300), boxes of a picture, the usual width and height."""
        found = [one for one in marked(cells.sample(columns[0], 1000)) if one is not None and not one.fault]
        counts = Counter(label for one in found for label in one.labels)
        sizes = np.concatenate([one.box[:, 2:] for one in found]) if found else np.empty((0, 2))
        usual = dict(zip(("width", "height"), np.median(sizes, 0).tolist(), strict=True)) if len(sizes) else {}
        boxes = {name[:60]: count for name, count in counts.most_common(300)}
        return {"count": len(columns[0]), "boxes": boxes, "per_picture": sum(counts.values()) / max(1, len(found)), **usual}

    def graphed(self, outputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The candidates; whoever asks the graph decides which are left."""
        return {name: outputs[name].float() for name in ("boxes", "scores")}

    def from_graph(self, outputs: Mapping[str, torch.Tensor]) -> trees.Rows:
        return self.answers(outputs)

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        asked = {"floor": self.options.floor, "overlap": self.options.overlap, "most": self.options.most}
        return {"kind": "boxes", "code": ["boxes"], "classes": self.labels(), "threshold": self.threshold, **asked}


def given_pixels(corners_T4: np.ndarray, plane: Plane | None, row: int) -> np.ndarray:
    """Corners in shares of the tensor as corners in pixels of the given picture, cut to it."""
    if plane is None or not len(corners_T4):
        return corners_T4
    on_tensor = corners_T4 * np.tile(plane.size[::-1], 2)
    points = plane.back(on_tensor.reshape(-1, 2), np.full(2 * len(corners_T4), row)).reshape(-1, 4)
    return points.clip(0, np.tile(plane.raw[row], 2))


def _farthest(these: dict[str, np.ndarray], those: dict[str, np.ndarray], floor: float) -> float:
    scores = these["score"].astype(np.float64)
    if not all(np.isfinite(one[name]).all() for one in (these, those) for name in ("box", "score")):
        return float("inf")
    apart_T = (scores - floor).clip(0)
    if len(scores) and len(those["score"]):
        far = np.maximum(1 - iou(these["box"], those["box"]), np.abs(scores[:, None] - those["score"][None]))
        far = np.where(these["class"][:, None] == those["class"][None], far, np.inf)
        apart_T = np.minimum(apart_T, far.min(1))
    return float(apart_T.max(initial=0.0))


def plane_of(frames: Mapping[str, Frame]) -> Plane | None:
    """The pictures' frame."""
    return next((frame for frame in frames.values() if isinstance(frame, Plane)), None)
