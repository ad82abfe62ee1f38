"""Named points of each thing in a picture: the joints of a person, the corners of a part. B batch, T things of all its
examples, P points of each, N answers of a network to each picture.

They are boxes (`fields/boxes`) that have points besides, in shares of the sides of the tensor that the network sees. Answers
are judged in pixels of the given picture, so each thing carries how many of them a share is. A hidden point is learned and
judged as any other; one that is not known is neither. In a mirrored picture the left eye is the right one: points change
names by pairs, which their names tell, or an option.
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
from fukami.fields.boxes.field import Boxes, given_pixels, plane_of
from fukami.fields.boxes.render import captioned, counted
from fukami.fields.contract import NOTHING, Arrays, Field, Ragged
from fukami.fields.frame import Frame, Moved, Plane
from fukami.fields.gather import carried
from fukami.fields.keypoints.check import check_keypoints, check_on_pictures
from fukami.fields.keypoints.marks import Posed, names_of, posed
from fukami.fields.keypoints.oks import COCO, USUAL
from fukami.fields.keypoints.render import stick_figures
from fukami.fields.keypoints.sides import given_pairs, pairs_by_name
from fukami.fields.labels import in_order

CARD = FieldCard(
    name="keypoints",
    summary="named points of each thing in a picture: joints of people, corners of parts",
    usual_targets=(
        "keypoints", "keypoint", "pose", "poses", "landmarks", "landmark", "points", "joints", "annotations", "キーポイント",
        "姿勢", "関節", "特徴点",
    ),
)  # fmt: skip

FIXED = 9
"""Numbers of a thing before its points: box, class, how it is judged, area, and what a share of either side is in pixels."""


@dataclass(frozen=True)
class Keypoints(Boxes):
    """Points, boxes and classes. `state` holds names and numbers of classes, names, pairs and spreads of points, and which are
    joined by lines; `threshold` is what validation answers teach.

    >>> one = Column("keypoints", pa.array(['[{"points": {"left_eye": [1, 2], "right_eye": [3, 2]}}]', "[]"]))
    >>> field = Keypoints().learn([one])
    >>> field.state["points"], field.state["pairs"]
    (['left_eye', 'right_eye'], [[0, 1]])
    """

    @dataclass(frozen=True)
    class Options(Boxes.Options):
        most: int = option(20, "Most things that are told of one picture.", low=1, high=1000)
        pairs: str = option(
            "auto",
            "Points that change places in a mirrored picture, as left_eye:right_eye, with commas between; auto for what their"
            " names say, none for nothing.",
        )
        spread: float = option(
            0.0,
            "How far people differ about where a point is, as a share of the root of a thing's area, for OKS; 0 for COCO's,"
            " where the points are COCO's, else 0.05.",
            low=0, high=1,
        )  # fmt: skip
        within: float = option(
            0.1, "A point is correct within this share of the longer side of the thing's box, for PCK.", low=0.001, high=1
        )

    kind: ClassVar[str] = "keypoints"
    told_as: ClassVar[str] = "keypoints"
    name: str = "keypoints"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """A thing of three points in one quarter of 12 × 12 pixels; of some pictures one point is not known."""
        rows = []
        for k, size in zip(hidden.tolist(), rng.integers(3, 6, len(hidden)).tolist(), strict=True):
            left, top = (k % 2) * 6, (k // 2 % 2) * 6
            points = {"middle": [left + 3, top + 1], "left_end": [left, top + 5], "right_end": [left + size, top + 5]}
            rows.append([{"points": {**points, "left_end": None} if size == 4 else points}])
        return [Column("keypoints", pa.array(rows))]

    @classmethod
    def recognise(cls, column: Column) -> float:
        if column.is_array:
            shape = column.values.shape
            return (
                0.9 if len(shape) == 3 and shape[2] in (2, 3) and shape[1] < 1000 and column.values.dtype.kind == "f" else 0.0
            )
        found = [one for one in posed(cells.sample(column, 20)) if one is not None]
        good = [one for one in found if not one.fault]
        return 0.96 * len(good) / len(found) if any(map(len, good)) else 0.0

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from check_keypoints(columns[0], self.state, self._pairs(names_of(columns[0])))

    def check_on(self, columns: Sequence[Column], frames: Mapping[str, Frame]) -> Iterator[Problem]:
        yield from check_on_pictures(columns[0], plane_of(frames))

    def things(self, column: Column) -> Sequence[Any]:
        return posed(column)

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        def told(one: Posed | None) -> bytes:
            if one is None:
                return b""
            shapes = [sorted(points.items()) for points in one.points]
            known = (shapes, one.box.tolist(), one.area.tolist(), one.labels, one.ignored, one.fault)
            return repr(known).encode("utf-8", "surrogatepass")

        return cells.hashes(map(told, posed(columns[0])))

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Takes the names of classes and points. Raises `DataError` where no point of anything is known."""
        (column,) = columns
        found = [one for one in posed(column) if one is not None and not one.fault]
        counts = Counter(label for one in found for label in one.labels)
        names = names_of(column)
        known = Counter(name for one in found for points in one.points for name in points)
        if not known:
            raise DataError(
                "F-KEYPOINTS-NONE",
                _("no picture to learn from has a point"),
                where=cells.place(column),
                expected='[{"points": {"nose": [x, y]}}]',
                fix=_("name the column that holds the points: --set target=COLUMN"),
            )
        classes = in_order(list(counts))
        spread = self.options.spread
        are_coco = all(name in COCO for name in names)
        state = {
            "classes": classes,
            "counts": [counts[label] for label in classes],
            "points": names,
            "known": [known[name] for name in names],
            "pairs": self._pairs(names),
            "spread": [spread or (COCO[name] if are_coco else USUAL) for name in names],
            "lines": [list(map(int, pair)) for pair in column.told.get("lines", ()) if max(pair) < len(names)],
        }
        return replace(self, state=state)

    def _pairs(self, names: Sequence[str]) -> list[list[int]]:
        asked = self.options.pairs.strip()
        return pairs_by_name(names) if asked == "auto" else [] if asked == "none" else given_pairs(asked, names)

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`things` float32 (T, 9 + 3 P), ragged. Things of no class that was learned are left out; points beyond the picture
        are not known."""
        found, plane, names = posed(columns[0]), plane_of(frames), self.state["points"]
        number = {label: k for k, label in enumerate(self.state["classes"])}
        parts = []
        for row, one in enumerate(found):
            one = one or Posed()
            corners_T4, points_TP3 = one.corners, one.placed(names)
            unit_2 = np.ones(2)
            if plane is not None:
                inside_TP = ((points_TP3[:, :, :2] >= 0) & (points_TP3[:, :, :2] <= plane.raw[row])).all(2)
                points_TP3 = np.where(inside_TP[:, :, None], points_TP3, 0.0)
                known_TP1 = points_TP3[:, :, 2:]
                places_TP2 = _forth(points_TP3[:, :, :2], plane, row) * known_TP1
                points_TP3 = np.concatenate([places_TP2, known_TP1], 2)
                corners_T4 = _forth(corners_T4.reshape(-1, 2, 2), plane, row).reshape(-1, 4)
                unit_2 = np.array(plane.size[::-1]) / np.diag(plane.map[row][:, :2])
            class_T = np.array([number.get(label, -1) for label in one.labels], np.int64)
            nothing_T = ~points_TP3[:, :, 2].any(1)
            ignored_T = np.maximum(np.array(one.ignored, np.int64), nothing_T)  # COCO judges no thing without a point
            fixed = [corners_T4, class_T, ignored_T, one.area, np.tile(unit_2, (len(one), 1))]
            told = np.column_stack([*fixed, points_TP3.reshape(len(one), 3 * len(names))])
            parts.append(told[class_T >= 0])
        offsets = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
        values = np.concatenate(parts) if parts else np.empty((0, FIXED + 3 * len(names)))
        return {"things": Ragged(values.astype(np.float32), offsets)}

    def stored_as(self) -> dict[str, Any]:
        return {name: self.state.get(name) for name in ("classes", "points")}

    def lengths(self, stored: Arrays) -> np.ndarray:
        things = stored["things"]
        assert isinstance(things, Ragged)
        return np.diff(things.offsets)

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> trees.Rows:
        """`box` (T, 4), `points` (T, P, 3), `area` (T), `unit` (T, 2) float32, `class` and `ignored` int64 (T)."""
        things = stored["things"]
        assert isinstance(things, Ragged)
        offsets, rows = things.offsets, np.asarray(rows)
        places = [np.arange(int(offsets[row]), int(offsets[row + 1])) for row in rows.tolist()]
        wide = FIXED + 3 * len(self.state["points"])
        told = np.asarray(things.values)[np.concatenate(places)] if places else np.empty((0, wide), np.float32)
        columns = {
            "box": told[:, :4],
            "class": told[:, 4].astype(np.int64),
            "ignored": told[:, 5].astype(np.int64),
            "area": told[:, 6],
            "unit": told[:, 7:9],
            "points": told[:, FIXED:].reshape(len(told), len(self.state["points"]), 3),
        }
        columns = {name: carried(np.ascontiguousarray(column), device) for name, column in columns.items()}
        return trees.Rows(columns, carried((offsets[rows + 1] - offsets[rows]).astype(np.int64), device))

    def follow(self, batch: trees.Rows, moved: Moved) -> trees.Rows:
        """Points go where their places went; those that left the picture are not known any more, and in a mirrored picture the
        left one is the right one."""
        points_TP3 = batch.columns["points"]
        T, P, _three = points_TP3.shape
        example_T = torch.repeat_interleave(torch.arange(len(batch), device=points_TP3.device), batch.counts)
        xy_TP2 = moved.points(points_TP3[:, :, :2].reshape(-1, 2), example_T.repeat_interleave(P), 1, 1).view(T, P, 2)
        known_TP1 = points_TP3[:, :, 2:] * ((xy_TP2 >= 0) & (xy_TP2 <= 1)).all(2, keepdim=True)
        points_TP3 = torch.cat([xy_TP2 * known_TP1, known_TP1], 2)
        map_B23 = moved.map.to(points_TP3)
        mirrored_T = (torch.linalg.det(map_B23[:, :, :2]) < 0)[example_T]
        points_TP3 = torch.where(mirrored_T[:, None, None], points_TP3[:, self._mirrored()], points_TP3)
        return trees.Rows({**super().follow(batch, moved).columns, "points": points_TP3}, batch.counts)

    def _mirrored(self) -> list[int]:
        """For each point the one whose name it has in a mirrored picture."""
        order = list(range(len(self.state["points"])))
        for left, right in self.state["pairs"]:
            order[left], order[right] = right, left
        return order

    # -- towards models ----------------------------------------------------------------------------------------------
    def target_spec(self) -> dict[str, Any]:
        return {"num_classes": len(self.state["classes"]), "num_points": len(self.state["points"]), **self._asked()}

    def _asked(self) -> dict[str, Any]:
        return {"floor": self.options.floor, "overlap": self.options.overlap, "most": self.options.most}

    def facts(self) -> dict[str, Any]:
        """`sides`: whether a mirrored picture can be learned from, since it is known which points change places."""
        return super().facts() | (
            {"num_points": len(self.state["points"]), "sides": bool(self.state["pairs"])} if self.state else {}
        )

    # -- answers -----------------------------------------------------------------------------------------------------
    def truth(self, batch: trees.Rows) -> trees.Rows:
        spread_P = batch.columns["area"].new_tensor(self.state["spread"])
        return trees.Rows({**batch.columns, "spread": spread_P.expand(len(batch.columns["area"]), -1)}, batch.counts)

    def answers(self, outputs: Mapping[str, torch.Tensor], /) -> trees.Rows:
        """`box`, `class`, `score`, `points` of those answers of a network that are sure enough: `boxes` (B, N, 4), `scores` and
        `classes` (B, N), the surest first, and `points` (B, N, P, 3): where each is, and how sure that is."""
        sure_BN = outputs["scores"].float() >= self.options.floor
        columns = {
            "box": outputs["boxes"].float()[sure_BN],
            "class": outputs["classes"][sure_BN].long(),
            "score": outputs["scores"].float()[sure_BN],
            "points": outputs["points"].float()[sure_BN],
        }
        return trees.Rows(columns, sure_BN.sum(1))

    def given(self, answers: trees.Rows) -> trees.Rows:
        """What is told, as if it were true; what of it is not in an answer (its area, its pixels) is guessed."""
        told = super().given(answers)
        box_T4, points_TP3 = told.columns["box"], told.columns["points"]
        sides_T2 = box_T4[:, 2:] - box_T4[:, :2]
        known = {
            "points": torch.cat([points_TP3[:, :, :2], (points_TP3[:, :, 2:] > 0).to(points_TP3)], 2),
            "area": told.columns.get("area", sides_T2.prod(1)),
            "unit": told.columns.get("unit", torch.ones_like(sides_T2)),
        }
        named = ("box", "class", "ignored", "area", "unit", "points")
        return trees.Rows({name: ({**told.columns, **known})[name] for name in named}, told.counts)

    def _listed(self, rows: trees.Rows, frames: Mapping[str, Frame]) -> list[list[dict[str, Any]]]:
        """`{"box", "label", "score", "points": {name: {"x", "y", "score"}}}` in pixels of the given picture; a point of which
        nothing is known is left out."""
        plane, names, found = plane_of(frames), self.state["points"], []
        for row, (one, listed) in enumerate(zip(trees.arrays(rows).each(), super()._listed(rows, frames), strict=True)):
            told = []
            for points_P3, thing in zip(one["points"], listed, strict=True):
                xy_P2 = _back(points_P3[:, :2].astype(np.float64), plane, row)
                points = {}
                for name, (x, y), sure in zip(names, xy_P2.tolist(), points_P3[:, 2].tolist(), strict=True):
                    if sure > 0:
                        scored = {"score": round(sure, 4)} if "score" in one else {}
                        points[name] = {"x": round(x, 2), "y": round(y, 2)} | scored
                told.append(thing | {"points": points})
            found.append(told)
        return found

    def apart(self, left: trees.Rows, right: trees.Rows) -> torch.Tensor:
        """What fares worst: how far the points of its nearest of the same class in the other answer are (in shares of the
        picture, and as far as it is sure of them) or their scores, but no more than what it has above the floor."""
        floor = self.options.floor
        pairs = zip(trees.arrays(left).each(), trees.arrays(right).each(), strict=True)
        return torch.tensor([max(_moved(a, b, floor), _moved(b, a, floor)) for a, b in pairs], dtype=torch.float64)

    # -- towards people and programs ---------------------------------------------------------------------------------
    def render(self, columns: Sequence[Column], row: int) -> str:
        (one,) = posed(columns[0].take(np.array([row])))
        return counted(one, one.labels if one is not None else ())

    def drawn(
        self, told: Any, *, columns: Sequence[Column], row: int, frames: Mapping[str, Frame] = NOTHING, over: str = ""
    ) -> str:
        """`told` as `evaluate/details/keypoints.py` has it: boxes with their points."""
        plane = plane_of(frames)
        if not isinstance(told, list) or plane is None:
            return ""
        placed = [{**one, "points": _on_picture(one["points"], plane)} for one in told]
        size = int(plane.raw[0][0]), int(plane.raw[0][1])
        return captioned(stick_figures(placed, self.state), told, self.labels(), size, over)

    def schema(self) -> dict[str, Any]:
        point = {"type": ["array", "object", "null"], "description": _("x and y in pixels; null where it is not known")}
        one = {
            "type": "object",
            "properties": {"points": {"type": "object", "additionalProperties": point}, "label": {"type": "string"}},
            "required": ["points"],
        }
        return {"type": "array", "items": one, "description": _("things: named points of each, and a class")}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """Of at most 1,000 pictures: things by class, how often each point is known (at most 300), things of a picture."""
        found = [one for one in posed(cells.sample(columns[0], 1000)) if one is not None and not one.fault]
        things = Counter(label for one in found for label in one.labels)
        known = Counter(name for one in found for points in one.points for name in points)
        told = {name[:60]: count for name, count in known.most_common(300)}
        labels = {name[:60]: count for name, count in things.most_common(300)}
        return {
            "count": len(columns[0]),
            "things": labels,
            "points": told,
            "per_picture": sum(map(len, found)) / max(1, len(found)),
        }

    def graphed(self, outputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """What the network gives."""
        told = {name: outputs[name].float() for name in ("boxes", "scores", "points")}
        return {"boxes": told["boxes"], "scores": told["scores"], "classes": outputs["classes"], "points": told["points"]}

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        told = {"classes": self.labels(), "points": self.state["points"], "threshold": self.threshold, **self._asked()}
        return {"kind": "keypoints", "code": ["keypoints"], **told}


def _forth(places_TP2: np.ndarray, plane: Plane, row: int) -> np.ndarray:
    """Raw places in pixels as shares of the tensor's sides."""
    flat = plane.forth(places_TP2.reshape(-1, 2), np.full(places_TP2.shape[0] * places_TP2.shape[1], row))
    return flat.reshape(places_TP2.shape) / plane.size[::-1]


def _back(places_P2: np.ndarray, plane: Plane | None, row: int) -> np.ndarray:
    """The opposite, cut to the picture."""
    return given_pixels(np.tile(places_P2, 2), plane, row)[:, :2]


def _on_picture(points: Sequence[Sequence[float] | None], plane: Plane) -> list[list[float] | None]:
    return [None if one is None else _back(np.array([one[:2]], float), plane, 0)[0].tolist() for one in points]


def _moved(these: dict[str, np.ndarray], those: dict[str, np.ndarray], floor: float) -> float:
    scores = these["score"].astype(np.float64)
    if not all(np.isfinite(one[name]).all() for one in (these, those) for name in ("points", "score")):
        return float("inf")
    apart_T = (scores - floor).clip(0)
    if len(scores) and len(those["score"]):
        one_TP3, other_TP3 = (told["points"].astype(np.float64) for told in (these, those))
        off_TTP = np.abs(one_TP3[:, None, :, :2] - other_TP3[None, :, :, :2]).max(3) * one_TP3[:, None, :, 2]
        far_TT = np.maximum(off_TTP.max(2), np.abs(scores[:, None] - those["score"][None]))
        far_TT = np.where(these["class"][:, None] == those["class"][None], far_TT, np.inf)
        apart_T = np.minimum(apart_T, far_TT.min(1))
    return float(apart_T.max(initial=0.0))
