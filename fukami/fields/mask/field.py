"""A class for each pixel of a picture. B batch, K classes, H and W pixels of the network's outputs or of the stored masks.

A mask lies on a picture: it is stored in the picture's frame, but at its own size, so that answers are judged there and not at
the size that the network sees. Where the network's outputs are smaller, masks are taken down to them to learn from, and outputs
up to the masks to be judged. What is not to be judged (255, or what is named void) is 255 in all of it.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.lazily import F, torch
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.seeds import generator
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.contract import NOTHING, Arrays, Field, Ragged, Shared, TargetField
from fukami.fields.frame import Frame, Moved, Plane
from fukami.fields.gather import gathered
from fukami.fields.image import looks
from fukami.fields.mask import decode
from fukami.fields.mask.check import check_masks, check_on_pictures
from fukami.fields.mask.names import IGNORED, Named, of_option
from fukami.fields.mask.render import PALETTE, kept, rendered

CARD = FieldCard(
    name="mask",
    summary="a class for each pixel of a picture: an index or colour PNG",
    usual_targets=(
        "mask", "masks", "mask_path", "segmentation", "seg", "annotation", "label_path", "mask_file", "マスク", "領域",
        "セグメンテーション",
    ),
)  # fmt: skip

IGNORE = 255
"""The class number of pixels that are not judged."""
LONGEST_PX = 512
LOOKED_AT = 2000
"""Training masks from which classes, sizes and frequencies are learned."""
MOST_CLASSES = 255
AT_A_TIME = 1 << 24
"""Numbers that answers are taken up to the size of masks at a time."""


@dataclass(frozen=True)
class Mask(TargetField):
    """A class for each pixel. `state` holds names and raw values of the classes, how many pixels each has, and the stored size.

    >>> drawn = np.zeros((2, 4, 6), np.uint8)
    >>> drawn[:, :, 3:] = 1
    >>> mask = Mask().learn([Column("mask", drawn)])
    >>> mask.state["classes"], mask.encode([Column("mask", drawn)])["index"].shape
    (['0', '1'], (2, 4, 6))
    """

    @dataclass(frozen=True)
    class Options:
        classes: str = option(
            "", "Names of the classes in the order of their numbers, or the file that holds them; empty for what lies beside."
        )
        ignore: str = option(
            "auto", "Numbers or names that are not judged, with commas between; auto for 255 and void, none for nothing."
        )
        longest_px: int = option(
            0, "Longer side of the stored masks, at which answers are judged; 0 for that of the data, at most 512.", low=0
        )

    kind: ClassVar[str] = "mask"
    losses: ClassVar[tuple[str, ...]] = ("cross-entropy-dice", "pixel-cross-entropy", "dice")
    framed: ClassVar[bool] = True
    name: str = "mask"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """Rectangles of class 1 + `hidden` on nothing, of 9 × 12 pixels."""
        masks = np.zeros((len(hidden), 9, 12), np.uint8)
        for mask, number, top in zip(masks, hidden, rng.integers(0, 4, len(hidden)), strict=True):
            mask[top : top + 5, 2 : 4 + int(number) % 8] = 1 + number
        return [Column("x", masks)]

    @classmethod
    def recognise(cls, column: Column) -> float:
        if column.is_array:
            shape, kind = column.values.shape, column.values.dtype.kind
            few = kind in "bu" and len(shape) == 3 and len(column) and len(np.unique(column.values[:50])) <= MOST_CLASSES // 4
            return 1.0 if few else 0.0
        found = [c for c in looks.raw_cells(cells.sample(column, 20)) if c is not None]
        if found and all(isinstance(c, str) and c.startswith(decode.PREFIX[:10]) for c in found):
            return 0.95
        if not found or not all(isinstance(c, str | Path | bytes) for c in found):
            return 0.0
        named = [
            isinstance(c, bytes) or Path(str(c)).suffix.lower() in (".png", ".bmp", ".tif", ".tiff", ".gif") for c in found
        ]
        return 0.3 if all(named) else 0.1 if any(named) else 0.0

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from check_masks(columns[0], self)

    def check_on(self, columns: Sequence[Column], frames: Mapping[str, Frame]) -> Iterator[Problem]:
        yield from check_on_pictures(columns[0], _plane(frames))

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        return np.array([seen.error is None for seen in decode.glances(columns[0])], dtype=bool)

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        return np.array([seen.content for seen in decode.glances(columns[0])], dtype=np.uint64)

    def strata(self, columns: Sequence[Column]) -> np.ndarray:
        """All alike: pictures hold most classes together."""
        return np.zeros(len(columns[0]), np.int64)

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Takes classes, their frequencies and the size of masks from at most 2,000. Raises `DataError` for fewer than two."""
        (column,) = columns
        if len(column) > LOOKED_AT:
            column = column.take(np.sort(generator(seed, "mask").permutation(len(column))[:LOOKED_AT]))
        seen = [one for one in decode.glances(column) if one.error is None]
        named = of_option(self.options.classes) or [Named(**one) for one in column.told.get("classes", ())]
        coloured = any(one.coloured for one in seen)
        times: dict[int, int] = {}
        for one in seen:
            for value, count in zip(one.values, one.counts, strict=True):
                key = value if one.coloured or not coloured else value * 0x010101
                times[key] = times.get(key, 0) + count
        if named and named[0].coloured != coloured:  # names in the order of colours, or colours of what has numbers
            named = [] if not named[0].coloured else [Named(one.name, at) for at, one in enumerate(named)]
        ignored = self._ignored(times, named)
        known = [one for one in named if one.value not in ignored]
        if not known:
            known = [Named(_name(value, coloured), value, coloured) for value in sorted(times) if value not in ignored]
        if not 2 <= len(known) <= MOST_CLASSES:
            raise DataError(
                "F-MASK-CLASSES",
                _("there is nothing to tell apart: the training masks have fewer than two classes")
                if len(known) < 2
                else _("the training masks have more values than there can be classes"),
                where=cells.place(column),
                expected=_("from 2 to {n} classes").format(n=MOST_CLASSES),
                got=str(len(known)),
                fix=_("save masks as PNG, one number for each class"),
            )
        height, width = self._size(seen, next(iter(beside.values()), None))
        state = {
            "classes": _unique([one.name for one in known]),
            "values": [one.value for one in known],
            "ignored": sorted(ignored),
            "coloured": coloured,
            "counts": [times.get(one.value, 0) for one in known],
            "height": height,
            "width": width,
        }
        return replace(self, state=state)

    def _ignored(self, times: Mapping[int, int], named: Sequence[Named]) -> set[int]:
        """Values that are no class."""
        asked = [part.strip() for part in self.options.ignore.split(",") if part.strip()]
        if asked == ["none"]:
            return set()
        if asked != ["auto"]:
            by_name = {one.name: one.value for one in named}
            return {by_name[part] if part in by_name else _number(part, self.name) for part in asked}
        found = {one.value for one in named if one.name.lower() in IGNORED}
        if IGNORE not in {one.value for one in named} and (named or len(times) > 2):  # black and white are two classes
            found |= {IGNORE}
        return found

    def _size(self, seen: Sequence[decode.Glance], picture: Field | None) -> tuple[int, int]:
        """Height and width of the stored masks: those of the data, on the plane that the picture makes of them."""
        height, width = (float(np.median([getattr(one, side) for one in seen])) for side in ("height", "width"))
        resize = "squash" if picture is None else picture.state.get("resize", "squash")
        if resize != "squash":
            height = width = max(height, width) if resize == "pad" else min(height, width)
        shrink = min(1.0, (self.options.longest_px or LONGEST_PX) / max(height, width))
        return max(1, round(height * shrink)), max(1, round(width * shrink))

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`index` uint8 (N, H, W), 255 where nothing is judged. Values that are no class count as not judged."""
        (column,) = columns
        plane, items = _plane(frames), looks.raw_cells(column)
        height, width, coloured = self.state["height"], self.state["width"], self.state["coloured"]
        out = np.empty((len(items), height, width), np.uint8)
        values = np.array(self.state["values"])
        order = np.argsort(values)

        def fill(row: int) -> None:
            where = looks.place(column, row, "" if isinstance(items[row], str) and "base64" in items[row][:40] else items[row])
            raw_HW, _coloured, _lossy = decode.read(items[row], column.base, where, coloured=coloured)
            at_y, at_x, inside = places(raw_HW.shape, height, width, plane, row)
            picked_HW = raw_HW[np.ix_(at_y, at_x)]
            found_HW = np.searchsorted(values[order], picked_HW).clip(0, len(values) - 1)
            known_HW = (values[order][found_HW] == picked_HW) & inside
            out[row] = np.where(known_HW, order[found_HW], IGNORE)

        looks.in_threads(fill, range(len(items)))
        return {"index": out}

    def stored_as(self) -> dict[str, Any]:
        """What shapes the stored masks: not how often a class occurs."""
        return {name: self.state.get(name) for name in ("values", "coloured", "height", "width")}

    def is_costly(self, columns: Sequence[Column]) -> bool:
        """Files have to be opened and decoded; arrays are there."""
        return not columns[0].is_array

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
        """`index_BHW` uint8."""
        index = stored["index"]
        assert not isinstance(index, (Ragged, Shared))
        return gathered(index, rows, device)

    def follow(self, batch: torch.Tensor, moved: Moved) -> torch.Tensor:
        """Each pixel takes the class that lies where the picture's pixel comes from; edges are repeated, as in the picture."""
        grid_BHW2 = moved.grid(*batch.shape[1:]).to(batch.device)
        taken = F.grid_sample(batch[:, None].float(), grid_BHW2, mode="nearest", padding_mode="border", align_corners=False)
        return taken[:, 0].to(batch.dtype)

    # -- towards models ----------------------------------------------------------------------------------------------
    @property
    def num_outputs(self) -> int:
        """How many classes there are: K."""
        return len(self.state["classes"])

    @property
    def num_statistics(self) -> int:
        return self.num_outputs**2

    def target_spec(self) -> dict[str, int]:
        return {"num_classes": self.num_outputs, "height": self.state["height"], "width": self.state["width"]}

    def labels(self) -> list[str]:
        """Names of the classes."""
        return list(self.state["classes"])

    def paired(self, outputs_BKHW: torch.Tensor, targets_BHW: torch.Tensor, /) -> tuple[torch.Tensor, torch.Tensor]:
        """Masks as large as the outputs: of each pixel's place the class in its middle."""
        height, width = outputs_BKHW.shape[2:]
        at_y, at_x = (
            torch.from_numpy(decode.rows_and_columns(count, room)).to(targets_BHW.device)
            for count, room in zip((height, width), targets_BHW.shape[1:], strict=True)
        )
        return outputs_BKHW, targets_BHW[:, at_y[:, None], at_x].long()

    def answers(self, outputs_BKHW: torch.Tensor, /) -> dict[str, torch.Tensor]:
        """`class` uint8 and `sure` float16 (its probability), both (B, H, W) as large as the stored masks."""
        size = self.state["height"], self.state["width"]
        some = max(1, AT_A_TIME // (outputs_BKHW.shape[1] * size[0] * size[1]))
        if torch.compiler.is_exporting() or len(outputs_BKHW) <= some:
            return _reduced(outputs_BKHW, size)
        parts = [_reduced(part, size) for part in outputs_BKHW.split(some)]
        return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}

    def ideal(self, truth: torch.Tensor) -> dict[str, torch.Tensor]:
        """The answers of a model that is always right."""
        return {"class": truth, "sure": torch.ones_like(truth, dtype=torch.float16)}

    def given(self, answers: dict[str, torch.Tensor]) -> torch.Tensor:
        return answers["class"]

    def restore(self, answers: dict[str, torch.Tensor], *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """`{"mask": a PNG in base64, "classes": {name: share of the pixels}, "score"}`, as large as the picture where `frames`
        tell its size. The mask's values are those of the masks that were learned from."""
        plane, names = _plane(frames), self.state["classes"]
        found = []
        for row, (index_HW, sure_HW) in enumerate(zip(answers["class"].cpu(), answers["sure"].cpu(), strict=True)):
            drawn_HW = on_picture(index_HW.numpy(), plane, row)
            shares = np.bincount(drawn_HW.ravel(), minlength=len(names))[: len(names)] / drawn_HW.size
            classes = {names[k]: round(float(shares[k]), 4) for k in np.argsort(-shares, kind="stable") if shares[k] > 0}
            score = round(sure_HW.float().mean().item(), 4)
            found.append({"mask": self.written(drawn_HW), "classes": classes, "score": score})
        return found

    def known(self, truth: torch.Tensor) -> list[dict[str, Any]]:
        return [{"mask": self.written(index_HW.cpu().numpy())} for index_HW in truth]

    def written(self, index_HW: np.ndarray) -> str:
        """Class numbers as a mask like those that were learned from: a PNG in base64."""
        values, ignored = np.zeros(256, np.int32), self.state["ignored"]
        values[: self.num_outputs] = self.state["values"]
        values[IGNORE] = ignored[0] if ignored else 0
        colours = {value: PALETTE[k % len(PALETTE)] for k, value in enumerate(self.state["values"]) if value < 256}
        return decode.as_text(decode.png(values[index_HW], coloured=self.state["coloured"], colours=colours))

    def apart(self, left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> torch.Tensor:
        """The share of pixels with another class, or how much surer the one is of its pixels, whichever is more."""
        classes = (left["class"] != right["class"]).flatten(1).double().mean(1)
        sure = (left["sure"].double() - right["sure"].double()).abs().flatten(1).mean(1)
        return torch.maximum(classes, sure).nan_to_num(nan=torch.inf)

    # -- towards people and programs ---------------------------------------------------------------------------------
    def facts(self) -> dict[str, Any]:
        if "classes" not in self.state:
            return {}
        return {"num_classes": self.num_outputs, "class_counts": self.state["counts"]}

    def render(self, columns: Sequence[Column], row: int) -> str:
        column = columns[0].take(np.array([row]))
        (cell,) = looks.raw_cells(column)
        try:
            values_HW, _coloured, _lossy = decode.read(cell, column.base, column.where(0))
        except DataError as error:
            return f"<em>{html.escape(error.what)}</em>"
        _values, index_HW = np.unique(values_HW, return_inverse=True)
        known = {value: k for k, value in enumerate(self.state.get("values", ()))}
        if known:
            index_HW = np.array([known.get(int(value), IGNORE) for value in _values])[index_HW]
        return rendered(kept(index_HW.reshape(values_HW.shape).clip(0, IGNORE)), self.state.get("classes", ()))

    def drawn(
        self, told: Any, *, columns: Sequence[Column], row: int, frames: Mapping[str, Frame] = NOTHING, over: str = ""
    ) -> str:
        return rendered(told, self.labels()) if isinstance(told, str) and told.startswith(decode.PREFIX) else ""

    def schema(self) -> dict[str, Any]:
        return {
            "type": "string",
            "contentEncoding": "base64",
            "contentMediaType": "image/png",
            "description": _("a mask: a PNG whose pixels hold class numbers or colours"),
        }

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """Of at most 1,000 masks: pixels by value, at most 300 values; sizes."""
        seen = [one for one in decode.glances(cells.sample(columns[0], 1000)) if one.error is None]
        times: dict[str, int] = {}
        for one in seen:
            for value, count in zip(one.values, one.counts, strict=True):
                times[str(value)] = times.get(str(value), 0) + count
        most = dict(sorted(times.items(), key=lambda item: -item[1])[:300])
        sides = {name: float(np.median([getattr(one, name) for one in seen])) for name in ("width", "height") if seen}
        return {"count": len(columns[0]), "pixels": most, **sides}

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        told = {name: self.state[name] for name in ("classes", "values", "coloured")}
        colours = [list(PALETTE[k % len(PALETTE)]) for k in range(self.num_outputs)]
        return {"kind": "mask", "code": ["on_picture", "mask"], "command": "command_pictures", "colours": colours, **told}


def _reduced(outputs_BKHW: torch.Tensor, size: tuple[int, int]) -> dict[str, torch.Tensor]:
    logits_BKHW = outputs_BKHW.float()
    if tuple(logits_BKHW.shape[2:]) != size:
        logits_BKHW = F.interpolate(logits_BKHW, size, mode="bilinear", align_corners=False)
    most_BHW, index_BHW = logits_BKHW.max(1)
    sure_BHW = (most_BHW - logits_BKHW.logsumexp(1)).exp()
    return {"class": index_BHW.to(torch.uint8), "sure": sure_BHW.to(torch.float16)}


def _plane(frames: Mapping[str, Frame]) -> Plane | None:
    return next((frame for frame in frames.values() if isinstance(frame, Plane)), None)


def places(
    raw: tuple[int, ...], height: int, width: int, plane: Plane | None, row: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows and columns of a raw mask for the pixels of a stored one, and which of these lie on it at all (H, W)."""
    if plane is None:
        at_y, at_x = decode.rows_and_columns(height, raw[0]), decode.rows_and_columns(width, raw[1])
        return at_y, at_x, np.ones((height, width), bool)
    (scale_x, _skew, move_x), (_other, scale_y, move_y) = plane.map[row]
    found = []
    for count, room, scale, move, side, given in (
        (height, plane.size[0], scale_y, move_y, raw[0], plane.raw[row][1]),
        (width, plane.size[1], scale_x, move_x, raw[1], plane.raw[row][0]),
    ):
        on_plane = (np.arange(count) + 0.5) * room / count
        found.append(np.floor((on_plane - move) / scale * side / given).astype(np.int64))
    at_y, at_x = found
    inside = ((at_y >= 0) & (at_y < raw[0]))[:, None] & ((at_x >= 0) & (at_x < raw[1]))
    return at_y.clip(0, raw[0] - 1), at_x.clip(0, raw[1] - 1), inside


def on_picture(index_HW: np.ndarray, plane: Plane | None, row: int) -> np.ndarray:
    """Class numbers as large as the picture; what the network did not see of it is as its edge."""
    if plane is None:
        return index_HW
    (scale_x, _skew, move_x), (_other, scale_y, move_y) = plane.map[row]
    width, height = (int(side) for side in plane.raw[row])
    at = []
    for count, scale, move, room, side in (
        (height, scale_y, move_y, plane.size[0], index_HW.shape[0]),
        (width, scale_x, move_x, plane.size[1], index_HW.shape[1]),
    ):
        at.append(np.floor(((np.arange(count) + 0.5) * scale + move) * side / room).astype(np.int64).clip(0, side - 1))
    return index_HW[np.ix_(*at)]


def _name(value: int, coloured: bool) -> str:
    return f"#{value:06x}" if coloured else str(value)


def _unique(names: Sequence[str]) -> list[str]:
    """Names with a number behind those that stand twice."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
    times: dict[str, int] = {}
    out = []
    for name in names:
        times[name] = times.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} {times[name]}")
    return out


def _number(text: str, where: str) -> int:
    try:
        return int(text.removeprefix("#"), 16) if text.startswith("#") else int(text)
    except ValueError:
        raise DataError(
            "F-MASK-IGNORE",
            _("what is to be ignored is neither a number nor the name of a class"),
            where=where,
            got=text,
            fix="--set ignore=255",
        ) from None
