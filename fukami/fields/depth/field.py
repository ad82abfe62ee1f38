"""A depth for each pixel of a picture. B batch, H and W pixels of the network's outputs or of the stored maps.

Depth lies on a picture as a mask does (`fields/mask`): it is stored in the picture's frame at its own size, and judged there.
What is not known is 0 in all of it, and neither learned nor judged. Networks answer the logarithm of depth, in deviations from
its mean: that twice as far is as wrong in front as behind, and no answer is below 0.
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
from fukami.fields.boxes.field import plane_of
from fukami.fields.contract import NOTHING, Arrays, Field, Ragged, Shared, TargetField
from fukami.fields.depth import decode
from fukami.fields.depth.check import check_depth, check_on_pictures
from fukami.fields.depth.glance import Glance, glances
from fukami.fields.depth.render import kept, rendered
from fukami.fields.frame import Frame, Moved
from fukami.fields.gather import gathered
from fukami.fields.image import looks
from fukami.fields.mask.decode import rows_and_columns
from fukami.fields.mask.field import on_picture, places

CARD = FieldCard(
    name="depth",
    summary="a depth for each pixel of a picture: PNG of 16 bits, TIFF, .npy, 0 where it is not known",
    usual_targets=("depth", "depths", "depth_map", "depth_path", "depth_file", "distance", "深度", "奥行き", "距離"),
)

LONGEST_PX = 256
LOOKED_AT = 500
"""Training maps from which sizes, mean and deviation are learned."""
WIDEST = 4.0
"""Deviations within which an answer's logarithm stays."""


@dataclass(frozen=True)
class Depth(TargetField):
    """Depths. `state` holds mean and deviation of their logarithms, their median, the stored size, and what a step of the
    pictures is in which answers are told.

    >>> near = np.full((2, 4, 6), 2, np.uint16)
    >>> near[0, :, 3:] = 4
    >>> depth = Depth().learn([Column("depth", near)])
    >>> depth.encode([Column("depth", near)])["depth"].shape, depth.state["step"]
    ((2, 4, 6), 1.0)
    """

    @dataclass(frozen=True)
    class Options:
        depth_scale: float = option(
            1.0,
            "What one step of a depth picture's numbers is, in the unit wanted: 0.001 for millimetres as metres.",
            low=1e-9, high=1e9,
        )  # fmt: skip
        longest_px: int = option(
            0, "Longer side of the stored maps, at which answers are judged; 0 for that of the data, at most 256.", low=0
        )

    kind: ClassVar[str] = "depth"
    losses: ClassVar[tuple[str, ...]] = ("scale-invariant-log",)
    framed: ClassVar[bool] = True
    name: str = "depth"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """A slope of 9 × 12 pixels, the nearer the class number is lower; a corner is not known."""
        y, x = np.mgrid[:9, :12]
        maps = np.stack([(50 * (2 + k % 4) + 5 * y + 2 * x).astype(np.uint16) for k in hidden.tolist()])
        for depth_HW, top in zip(maps, rng.integers(0, 5, len(hidden)), strict=True):
            depth_HW[top : top + 2, :3] = 0
        return [Column("x", maps)]

    @classmethod
    def recognise(cls, column: Column) -> float:
        if column.is_array:
            shape, kind = column.values.shape, column.values.dtype
            return 1.0 if len(shape) == 3 and shape[2] > 3 and (kind.kind == "f" or kind == np.uint16) else 0.0
        found = [c for c in looks.raw_cells(cells.sample(column, 20)) if c is not None]
        if not found or not all(isinstance(c, str | Path) for c in found):
            return 0.0
        endings = {Path(str(c)).suffix.lower() for c in found}
        if endings <= set(decode.ARRAYS):
            return 0.9
        deep = [decode.is_deep(c, column.base) for c in found]
        return 1.0 if all(deep) else 0.3 if any(deep) or endings <= {".png", ".tif", ".tiff", ".pgm"} else 0.0

    def _seen(self, column: Column) -> list[Glance]:
        return glances(column, self.options.depth_scale, self.state.get("step", 0.0))

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from check_depth(columns[0], self._seen(columns[0]), self.state)

    def check_on(self, columns: Sequence[Column], frames: Mapping[str, Frame]) -> Iterator[Problem]:
        yield from check_on_pictures(columns[0], self._seen(columns[0]), plane_of(frames))

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        return np.array([one.error is None and one.known > 0 for one in self._seen(columns[0])], dtype=bool)

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        return np.array([one.content for one in self._seen(columns[0])], dtype=np.uint64)

    def strata(self, columns: Sequence[Column]) -> np.ndarray:
        """Nothing is to be kept in proportion."""
        return np.zeros(len(columns[0]), np.int64)

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Takes mean, deviation and size from at most 500 maps. Raises `DataError` where nothing is known in any."""
        (column,) = columns
        if len(column) > LOOKED_AT:
            column = column.take(np.sort(generator(seed, "depth").permutation(len(column))[:LOOKED_AT]))
        seen = [one for one in self._seen(column) if one.error is None and one.known > 0]
        if not seen:
            raise DataError(
                "F-DEPTH-NOTHING",
                _("no depth is known in any training map"),
                where=cells.place(column),
                expected=_("one number above 0 for each pixel of which the depth is known"),
            )
        mean = float(np.mean([one.log_mean for one in seen]))
        spread = float(np.sqrt(np.mean([one.log_std**2 + (one.log_mean - mean) ** 2 for one in seen])))
        height, width = self._size(seen, next(iter(beside.values()), None))
        whole = all(one.bits for one in seen)
        state = {
            "log_mean": mean,
            "log_std": max(spread, 0.05),
            "median": float(np.median([one.median for one in seen])),
            "step": self.options.depth_scale
            if whole
            else float(2.0 ** np.ceil(np.log2(2 * max(one.high for one in seen) / decode.MOST))),
            "height": height,
            "width": width,
        }
        return replace(self, state=state)

    def _size(self, seen: Sequence[Glance], picture: Field | None) -> tuple[int, int]:
        """Height and width of the stored maps: those of the data, on the plane that the picture makes of them."""
        height, width = (float(np.median([getattr(one, side) for one in seen])) for side in ("height", "width"))
        resize = "squash" if picture is None else picture.state.get("resize", "squash")
        if resize != "squash":
            height = width = max(height, width) if resize == "pad" else min(height, width)
        shrink = min(1.0, (self.options.longest_px or LONGEST_PX) / max(height, width))
        return max(1, round(height * shrink)), max(1, round(width * shrink))

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`depth` float32 (N, H, W), 0 where it is not known: of each place the depth in its middle, since a mean of near and
        far is the depth of nothing."""
        (column,) = columns
        plane, items = plane_of(frames), looks.raw_cells(column)
        height, width = self.state["height"], self.state["width"]
        out = np.empty((len(items), height, width), np.float32)

        def fill(row: int) -> None:
            where = looks.place(column, row, "" if isinstance(items[row], str) and "base64" in items[row][:40] else items[row])
            raw_HW = decode.read(items[row], column.base, where, self.options.depth_scale, self.state["step"])
            at_y, at_x, inside_HW = places(raw_HW.shape, height, width, plane, row)
            out[row] = raw_HW[np.ix_(at_y, at_x)] * inside_HW

        looks.in_threads(fill, range(len(items)))
        return {"depth": out}

    def stored_as(self) -> dict[str, Any]:
        return {"scale": self.options.depth_scale, **{name: self.state.get(name) for name in ("step", "height", "width")}}

    def is_costly(self, columns: Sequence[Column]) -> bool:
        """Files have to be opened and decoded; arrays are there."""
        return not columns[0].is_array

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
        """`depth_BHW` float32."""
        depth = stored["depth"]
        assert not isinstance(depth, (Ragged, Shared))
        return gathered(depth, rows, device)

    def follow(self, batch: torch.Tensor, moved: Moved) -> torch.Tensor:
        """Each pixel takes the depth that lies where the picture's pixel comes from; beyond the edge nothing is known. Depth
        stays what it was where a picture is enlarged: what is cut out is no nearer."""
        grid_BHW2 = moved.grid(*batch.shape[1:]).to(batch.device)
        taken = F.grid_sample(batch[:, None], grid_BHW2, mode="nearest", padding_mode="zeros", align_corners=False)
        return taken[:, 0]

    # -- towards models ----------------------------------------------------------------------------------------------
    def target_spec(self) -> dict[str, int]:
        return {"height": self.state["height"], "width": self.state["width"]}

    def facts(self) -> dict[str, Any]:
        return {}

    def paired(self, outputs_B1HW: torch.Tensor, targets_BHW: torch.Tensor, /) -> tuple[torch.Tensor, torch.Tensor]:
        """Logarithms `(B, H, W)` of both, as large as the outputs; NaN where nothing is known."""
        height, width = outputs_B1HW.shape[2:]
        at_y, at_x = (
            torch.from_numpy(rows_and_columns(count, room)).to(targets_BHW.device)
            for count, room in zip((height, width), targets_BHW.shape[1:], strict=True)
        )
        taken_BHW = targets_BHW[:, at_y[:, None], at_x]
        unknown = torch.full_like(taken_BHW, torch.nan)
        return self._log(outputs_B1HW[:, 0]), torch.where(taken_BHW > 0, taken_BHW.clamp_min(1e-12).log(), unknown)

    def _log(self, outputs: torch.Tensor) -> torch.Tensor:
        return self.state["log_mean"] + self.state["log_std"] * outputs

    def answers(self, outputs_B1HW: torch.Tensor, /) -> torch.Tensor:
        """`depth_BHW` float32, as large as the stored maps."""
        size = self.state["height"], self.state["width"]
        outputs_B1HW = outputs_B1HW.float()
        if tuple(outputs_B1HW.shape[2:]) != size:
            outputs_B1HW = F.interpolate(outputs_B1HW, size, mode="bilinear", align_corners=False)
        return self._log(outputs_B1HW[:, 0].clamp(-WIDEST, WIDEST)).exp()

    def given(self, answers: torch.Tensor) -> torch.Tensor:
        return answers

    def restore(self, answers: torch.Tensor, *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """`{"depth": a PNG of 16 bits in base64, "step", "near", "median", "far"}`, as large as the picture where `frames` tell
        its size: a pixel's number times `step` is its depth."""
        plane, found = plane_of(frames), []
        for row, depth_HW in enumerate(answers.detach().cpu().numpy()):
            drawn_HW = on_picture(depth_HW, plane, row)
            known = drawn_HW[drawn_HW > 0]
            ends = np.quantile(known, (0.02, 0.5, 0.98)).tolist() if len(known) else [0.0] * 3
            told = {name: round(value, 4) for name, value in zip(("near", "median", "far"), ends, strict=True)}
            found.append({"depth": decode.as_text(drawn_HW, self.state["step"]), "step": self.state["step"], **told})
        return found

    def known(self, truth: torch.Tensor) -> list[dict[str, Any]]:
        return [{"depth": decode.as_text(depth_HW, self.state["step"])} for depth_HW in truth.detach().cpu().numpy()]

    def apart(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """The mean difference of a pixel's depths, as a share of the usual depth."""
        apart_B = (left.double() - right.double()).abs().flatten(1).mean(1) / self.state["median"]
        return apart_B.nan_to_num(nan=torch.inf)

    # -- towards people and programs ---------------------------------------------------------------------------------
    def render(self, columns: Sequence[Column], row: int) -> str:
        column = columns[0].take(np.array([row]))
        (cell,) = looks.raw_cells(column)
        try:
            return rendered(kept(decode.read(cell, column.base, column.where(0), self.options.depth_scale)))
        except DataError as error:
            return f"<em>{html.escape(error.what)}</em>"

    def drawn(
        self, told: Any, *, columns: Sequence[Column], row: int, frames: Mapping[str, Frame] = NOTHING, over: str = ""
    ) -> str:
        """`told` as `evaluate/details/depth.py` has it."""
        return rendered(told) if isinstance(told, dict) and "picture" in told else ""

    def schema(self) -> dict[str, Any]:
        return {
            "type": "string",
            "contentEncoding": "base64",
            "contentMediaType": "image/png",
            "description": _("a depth for each pixel: a PNG of 16 bits, 0 where it is not known"),
        }

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """Of at most 1,000 maps: deciles of their medians, how much of them is known, sizes."""
        seen = [one for one in self._seen(cells.sample(columns[0], 1000)) if one.error is None]
        medians = np.quantile([one.median for one in seen], np.linspace(0, 1, 11)).tolist() if seen else []
        usual = {name: float(np.median([getattr(one, name) for one in seen])) for name in ("known", "width", "height") if seen}
        return {"count": len(columns[0]), "medians": medians, **usual}

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        return {"kind": "depth", "code": ["on_picture", "depth"], "command": "command_pictures", "step": self.state["step"]}
