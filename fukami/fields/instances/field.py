"""Things in a picture, each with a mask, a box around it, and a class. B batch, T things of all its examples, N answers of a
network to each picture, P side of the masks that it gives, S side of the stored masks.

They are boxes (`fields/boxes`) that have masks besides: in the store as runs, in batches, answers and truths as bits
(`bits.py`), on a plane of S × S pixels over the tensor that the network sees. That is the size at which they are judged. A box
is always the one around its mask, wherever augmentation moved it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import torch

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.tables import Column
from fukami.fields import batch as trees
from fukami.fields import cells
from fukami.fields.boxes.field import Boxes, plane_of
from fukami.fields.boxes.overlap import iou
from fukami.fields.boxes.render import captioned, counted
from fukami.fields.contract import NOTHING, Arrays, Field, Ragged
from fukami.fields.frame import Frame, Moved
from fukami.fields.gather import carried
from fukami.fields.image import looks
from fukami.fields.instances import bits
from fukami.fields.instances.check import check_instances, check_on_pictures
from fukami.fields.instances.marks import Drawn, as_coco, drawn
from fukami.fields.instances.paste import pasted
from fukami.fields.instances.render import over_picture
from fukami.fields.labels import in_order
from fukami.fields.mask.field import on_picture, places

CARD = FieldCard(
    name="instances",
    summary="things in a picture: a mask, a box and a class of each",
    usual_targets=(
        "instances", "instance", "objects", "annotations", "segmentations", "masks", "labels", "label_image", "インスタンス",
    ),
)  # fmt: skip

LARGEST_PX = 512


@dataclass(frozen=True)
class Instances(Boxes):
    """Masks, boxes and classes. `state` holds names and numbers of classes, and the side of the stored masks;
    `threshold` is what validation answers teach.

    >>> labels = np.zeros((2, 8, 8), np.uint8)
    >>> labels[0, 2:4, 1:5] = 1
    >>> things = Instances().learn([Column("instances", labels)])
    >>> things.batch(things.encode([Column("instances", labels)]), np.array([0, 1])).columns["box"].tolist()
    [[0.125, 0.25, 0.625, 0.5]]
    """

    @dataclass(frozen=True)
    class Options(Boxes.Options):
        most: int = option(200, "Most things that are told of one picture.", low=1, high=1000)

    kind: ClassVar[str] = "instances"
    told_as: ClassVar[str] = "instances"
    name: str = "instances"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """A thing in one quarter of 16 × 16 pixels, named after the class; in some pictures a second one."""
        rows = []
        for k, size in zip(hidden.tolist(), rng.integers(5, 8, len(hidden)).tolist(), strict=True):
            left, top = (k % 2) * 8, (k // 2 % 2) * 8
            here = [left, top, left + size, top, left + size, top + 7, left, top + 7]
            there = [8 - left, 8 - top, 15 - left, 8 - top, 15 - left, 14 - top]
            both = [{"segmentation": [here], "label": f"class{k}"}, {"segmentation": [there], "label": f"class{(k + 1) % 4}"}]
            rows.append({"instances": both[: 2 if size == 6 else 1], "size": [16, 16]})
        return [Column("instances", pa.array(rows))]

    @classmethod
    def recognise(cls, column: Column) -> float:
        if column.is_array:
            shape, kind = column.values.shape, column.values.dtype.kind
            return 0.9 if kind in "ui" and len(shape) == 3 else 0.0
        sample = cells.sample(column, 5)
        found = [one for one in drawn(sample) if one is not None]
        good = [one for one in found if not one.fault]
        files = all(isinstance(cell, str) and cell.lstrip()[:1] not in ("[", "{") for cell in looks.raw_cells(sample) if cell)
        calm = all(sum(map(len, one.runs)) < 0.2 * one.size[0] * one.size[1] for one in good)  # no photo is
        return (0.96 if calm else 0.0 if files else 0.5) * len(good) / len(found) if any(map(len, good)) else 0.0

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from check_instances(columns[0], self.state.get("classes"))

    def check_on(self, columns: Sequence[Column], frames: Mapping[str, Frame]) -> Iterator[Problem]:
        yield from check_on_pictures(columns[0], plane_of(frames))

    def things(self, column: Column) -> Sequence[Any]:
        return drawn(column)

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        def told(one: Drawn | None) -> bytes:
            if one is None:
                return b""
            runs = b",".join(run.tobytes() for run in one.runs)
            return repr((one.labels, one.ignored, one.size, one.fault)).encode("utf-8", "surrogatepass") + runs

        return cells.hashes(map(told, drawn(columns[0])))

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Takes the names of classes, their numbers of things, and the size of the masks. Raises `DataError` where there is no
        thing at all."""
        (column,) = columns
        found = [one for one in drawn(column) if one is not None and not one.fault]
        counts = Counter(label for one in found for label in one.labels)
        if not counts:
            raise DataError(
                "F-INSTANCES-NONE",
                _("no picture to learn from shows a thing"),
                where=cells.place(column),
                expected='[{"segmentation": [[x, y, …]], "label": "cat"}], labels/a.png',
                fix=_("name the column that holds the things: --set target=COLUMN"),
            )
        classes = in_order(list(counts))
        side = float(np.median([max(one.size) for one in found if len(one)]))
        return replace(
            self,
            state={
                "classes": classes,
                "counts": [counts[label] for label in classes],
                "side": -(-min(LARGEST_PX, round(side)) // 8) * 8,
            },
        )

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`things` int32, ragged: for each its class, how it is judged, how many runs, and these. Things of no class that was
        learned are left out; one that is smaller than a stored pixel gets that pixel."""
        found, plane, side = drawn(columns[0]), plane_of(frames), self.state["side"]
        number = {label: k for k, label in enumerate(self.state["classes"])}

        def encoded(row: int) -> np.ndarray:
            one, parts = found[row] or Drawn(), [np.empty(0, np.int32)]
            at_y, at_x, inside_HW = places(one.size[::-1], side, side, plane, row)
            for thing, label in enumerate(one.labels):
                if label not in number:
                    continue
                raw_HW = one.mask(thing)
                mask_HW = raw_HW[np.ix_(at_y, at_x)] & inside_HW
                if not mask_HW.any():
                    y, x = (int(np.median(at)) for at in np.nonzero(raw_HW))
                    mask_HW[np.abs(at_y - y).argmin(), np.abs(at_x - x).argmin()] = True
                runs = bits.runs_of(mask_HW)
                parts += [np.array([number[label], one.ignored[thing], len(runs)], np.int32), runs]
            return np.concatenate(parts)

        rows = looks.in_threads(encoded, range(len(found)))
        offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
        return {"things": Ragged(np.concatenate(rows) if rows else np.empty(0, np.int32), offsets)}

    def stored_as(self) -> dict[str, Any]:
        return {name: self.state.get(name) for name in ("classes", "side")}

    def is_costly(self, columns: Sequence[Column]) -> bool:
        return not columns[0].is_array

    def lengths(self, stored: Arrays) -> np.ndarray:
        """Of what is stored, which grows with the things of a picture."""
        things = stored["things"]
        assert isinstance(things, Ragged)
        return np.diff(things.offsets)

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> trees.Rows:
        """`mask` uint8 (T, S, S / 8), bits; `box` float32 (T, 4) around it, `class` and `ignored` int64 (T)."""
        things, side = stored["things"], self.state["side"]
        assert isinstance(things, Ragged)
        masks, told, counts = [], [], []
        for row in np.asarray(rows).tolist():
            own = np.asarray(things.values[int(things.offsets[row]) : int(things.offsets[row + 1])])
            at, before = 0, len(masks)
            while at < len(own):
                kind, ignored, count = own[at : at + 3].tolist()
                masks.append(np.packbits(bits.of_runs(own[at + 3 : at + 3 + count], side, side), axis=1))
                told.append((kind, ignored))
                at += 3 + count
            counts.append(len(masks) - before)
        mask = carried(np.stack(masks) if masks else np.empty((0, side, side // 8), np.uint8), device)
        about = carried(np.array(told, np.int64).reshape(-1, 2), device)
        columns = {"box": bits.boxes_of(bits.unpacked(mask)), "class": about[:, 0], "ignored": about[:, 1], "mask": mask}
        return trees.Rows(columns, carried(np.array(counts, np.int64), device))

    def follow(self, batch: trees.Rows, moved: Moved) -> trees.Rows:
        """Each pixel is taken from where the picture's comes from; things that left the picture are none any more."""
        side, device = self.state["side"], batch.counts.device
        grid_BHW2 = moved.grid(side, side).to(device)
        at_BHW2 = ((grid_BHW2 + 1) * side / 2 - 0.5).round().long().clamp(0, side - 1)
        from_BS = (at_BHW2[..., 1] * side + at_BHW2[..., 0]).flatten(1)
        example_T = torch.repeat_interleave(torch.arange(len(batch), device=device), batch.counts)
        mask_TS = bits.unpacked(batch.columns["mask"]).flatten(1)
        parts = [mask_TS[example_T == b][:, from_BS[b]] for b in range(len(batch))]
        mask_THW = torch.cat(parts).view(-1, side, side) if parts else mask_TS.view(-1, side, side)
        seen_T = mask_THW.flatten(1).amax(1) > 0
        mask_THW = mask_THW[seen_T]
        counts = torch.bincount(example_T[seen_T], minlength=len(batch)).to(batch.counts)
        columns = {name: batch.columns[name][seen_T] for name in ("class", "ignored")}
        return trees.Rows({"box": bits.boxes_of(mask_THW), **columns, "mask": bits.packed(mask_THW)}, counts)

    # -- towards models ----------------------------------------------------------------------------------------------
    def target_spec(self) -> dict[str, Any]:
        return {"num_classes": len(self.state["classes"]), **self._asked()}

    def _asked(self) -> dict[str, Any]:
        return {"floor": self.options.floor, "overlap": self.options.overlap, "most": self.options.most}

    # -- answers -----------------------------------------------------------------------------------------------------
    def answers(self, outputs: Mapping[str, torch.Tensor], /) -> trees.Rows:
        """`box`, `class`, `score`, `mask` of those answers of a network that are sure enough: `boxes` (B, N, 4), `scores` and
        `classes` (B, N), the surest first, and `masks` (B, N, P, P), how likely each place of a box belongs to the thing."""
        sure_BN = outputs["scores"].float() >= self.options.floor
        box_T4 = outputs["boxes"].float()[sure_BN]
        columns = {
            "box": box_T4,
            "class": outputs["classes"][sure_BN].long(),
            "score": outputs["scores"].float()[sure_BN],
            "mask": pasted(outputs["masks"].float()[sure_BN], box_T4, self.state["side"]),
        }
        return trees.Rows(columns, sure_BN.sum(1))

    def _listed(self, rows: trees.Rows, frames: Mapping[str, Frame]) -> list[list[dict[str, Any]]]:
        """`{"box": [x, y, width, height], "label", "score", "mask": {"size", "counts"}}` in pixels of the given picture;
        masks in runs, as COCO has them."""
        plane, found = plane_of(frames), []
        for row, (one, listed) in enumerate(zip(trees.arrays(rows).each(), super()._listed(rows, frames), strict=True)):
            masks = np.unpackbits(one["mask"], axis=2)
            found.append(
                [told | {"mask": as_coco(on_picture(mask, plane, row))} for mask, told in zip(masks, listed, strict=True)]
            )
        return found

    def apart(self, left: trees.Rows, right: trees.Rows) -> torch.Tensor:
        """As for boxes, or the share of a thing's pixels that the other answer's nearest lacks, whichever is more. Lines of one
        pixel do not count: at an edge rounding decides."""
        pairs = zip(trees.arrays(left).each(), trees.arrays(right).each(), strict=True)
        masks = torch.tensor([max(_torn(a, b, self.options.floor), _torn(b, a, self.options.floor)) for a, b in pairs])
        return torch.maximum(super().apart(left, right), masks.double())

    # -- towards people and programs ---------------------------------------------------------------------------------
    def render(self, columns: Sequence[Column], row: int) -> str:
        (one,) = drawn(columns[0].take(np.array([row])))
        return counted(one, one.labels if one is not None else ())

    def drawn(
        self, told: Any, *, columns: Sequence[Column], row: int, frames: Mapping[str, Frame] = NOTHING, over: str = ""
    ) -> str:
        """`told` as `evaluate/details/instances.py` has it: boxes with the runs of their masks."""
        plane = plane_of(frames)
        if not isinstance(told, list) or plane is None:
            return ""
        side, size = self.state["side"], (int(plane.raw[0][0]), int(plane.raw[0][1]))
        masks = [on_picture(bits.of_runs(np.array(one["runs"]), side, side), plane, 0) for one in told]
        return captioned("", told, self.labels(), size, over_picture(masks, told, size, over))

    def schema(self) -> dict[str, Any]:
        one = {
            "type": "object",
            "properties": {
                "segmentation": {"description": _("polygons [[x, y, …]], or runs as COCO has them")},
                "label": {"type": "string"},
            },
            "required": ["label"],
        }
        return {
            "type": ["array", "string"],
            "items": one,
            "description": _("things: a mask and a class each; or a label image"),
        }

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """Of at most 1,000 pictures: things by class (at most 300), things of a picture, the share that one usually covers."""
        found = [one for one in drawn(cells.sample(columns[0], 1000)) if one is not None and not one.fault]
        counts = Counter(label for one in found for label in one.labels)
        shares = [runs[1::2].sum() / (one.size[0] * one.size[1]) for one in found for runs in one.runs]
        usual = {"share": float(np.median(shares))} if shares else {}
        things = {name[:60]: count for name, count in counts.most_common(300)}
        return {"count": len(columns[0]), "things": things, "per_picture": sum(counts.values()) / max(1, len(found)), **usual}

    def graphed(self, outputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """What the network gives; whoever asks the graph lays the masks on the picture."""
        told = {name: outputs[name].float() for name in ("boxes", "scores", "masks")}
        return {"boxes": told["boxes"], "scores": told["scores"], "classes": outputs["classes"], "masks": told["masks"]}

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        told = {"classes": self.labels(), "threshold": self.threshold, "side": self.state["side"], **self._asked()}
        return {"kind": "instances", "code": ["on_picture", "instances"], **told}


def _torn(these: dict[str, np.ndarray], those: dict[str, np.ndarray], floor: float) -> float:
    """The largest share of a mask, and at most what its score has above the floor, by which the nearest of `those` differs."""
    worst = 0.0
    if not len(these["class"]) or not len(those["class"]):
        return worst
    near = iou(these["box"], those["box"]) - (these["class"][:, None] != those["class"][None])
    for mask, score, other in zip(these["mask"], these["score"], those["mask"][near.argmax(1)], strict=True):
        off = np.unpackbits(mask ^ other, axis=1) > 0
        thick = off[1:-1, 1:-1] & off[:-2, 1:-1] & off[2:, 1:-1] & off[1:-1, :-2] & off[1:-1, 2:]
        if thick.any():
            worst = max(worst, min(float(score) - floor, float(thick.sum() / np.bitwise_count(mask | other).sum())))
    return worst
