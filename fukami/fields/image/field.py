"""Pictures: files, bytes or arrays in; normalised float batches out. N examples, B batch, C channels, H and W pixels.

The store holds uint8 `(N, C, H, W)`, in memory in the order N, H, W, C that convolutions mostly like best, so that a batch is a
gather and one multiplication. Everything that is decided from the data (size, channels, mean and deviation, the raw values that
mean black and white) is in `state`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
from PIL import Image as Pillow

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.lazily import nn, torch
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.seeds import generator
from fukami.core.specs import ImageSpec
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.contract import NOTHING, Arrays, Field, InputField, Ragged, Shared
from fukami.fields.frame import Frame, Moved, Plane
from fukami.fields.image import decode, explain, looks
from fukami.fields.image.augment import augmented, mirror_is_harmless
from fukami.fields.image.check import check_pictures, correlate, difference_hashes, traits_of, unlike_learned
from fukami.fields.image.encode import SHAPING, encoded, moments, normalised, on_device, reduced
from fukami.fields.image.look import array_hashes
from fukami.fields.image.memory import MEMORY
from fukami.fields.image.pages import several_pages
from fukami.fields.image.portable import as_files, odd_pictures, portable, portable_frames
from fukami.fields.image.quality import quality_of
from fukami.fields.image.ranges import Levels
from fukami.fields.image.render import rendered
from fukami.fields.units import Portrait, Units, Way

CARD = FieldCard(
    name="image",
    summary="a picture: a file, its bytes, or an array of pixels",
    usual_inputs=(
        "image", "images", "img", "picture", "photo", "path", "image_path", "img_path", "filepath", "file_path",
        "file", "filename", "file_name", "image_name", "image_file", "url", "画像", "写真", "ファイル", "ファイル名",
        "パス",
    ),
    extensions=(
        ".avif", ".bmp", ".dib", ".gif", ".heic", ".heif", ".ico", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg",
        ".mpo", ".pbm", ".pcx", ".pgm", ".png", ".pnm", ".ppm", ".qoi", ".sgi", ".tga", ".tif", ".tiff", ".webp",
    ),
    reference="pictures in colour of 32 × 32 pixels, or the smallest that the model takes",
    offers=("units", "way", "plane"),
    explained_by=("integrated-gradients", "occlusion"),
)  # fmt: skip

LARGEST_PX = 224
"""Pictures are stored no larger than this unless `size_px` asks for more."""
LOOKED_AT = 2000
"""Training pictures from which size, channels, mean and deviation are learned."""
MOST_STRETCHED = 1.5
"""The longer side as a multiple of the shorter one up to which pictures are stretched rather than padded."""
PROBED_PX, PLAIN_PX, SKETCHED_PX = 32, {1: 28, 3: 16}, 16
"""Side of the pictures that a probe, a linear baseline (by channels) and a sketch look at."""
_IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


@dataclass(frozen=True)
class Image(InputField):
    """Pictures of one size.

    >>> digits = Column("image", np.random.default_rng(0).integers(0, 17, (50, 8, 8)))
    >>> image = Image().learn([digits])
    >>> image.spec(), image.batch(image.encode([digits]), np.array([3, 1])).shape
    (ImageSpec(channels=1, height=8, width=8, kind='image'), torch.Size([2, 1, 8, 8]))
    """

    @dataclass(frozen=True)
    class Options:
        size_px: int = option(
            0, "Side of the stored pictures; 0 for the typical side of the data, at most 224.", low=0, high=4096
        )
        channels: int = option(0, "1 for grey, 3 for colour; 0 to see from the data.", low=0, high=3)
        resize: str = option(
            "auto",
            "How a picture becomes square: stretch it, cut its longer side, or pad its shorter one.",
            choices=("auto", "squash", "crop", "pad"),
        )
        normalise: str = option(
            "data",
            "Where mean and deviation come from: the data, or what pretrained models saw.",
            choices=("data", "imagenet", "half"),
        )
        flip: str = option("auto", "Mirror half of the training pictures, left to right.", choices=("auto", "yes", "no"))
        shift: float = option(0.0, "Move training pictures by up to this share of their side.", low=0, high=0.5)
        rotate_deg: float = option(0.0, "Turn training pictures by up to this many degrees.", low=0, high=180)
        zoom: float = option(0.0, "Enlarge or shrink training pictures by up to this share.", low=0, high=0.9)
        crop: float = option(1.0, "Cut training pictures to a random share of their area, at least this one.", low=0.01, high=1)
        brightness: float = option(0.0, "Vary the brightness of training pictures by up to this share.", low=0, high=1)
        contrast: float = option(0.0, "Vary the contrast of training pictures by up to this share.", low=0, high=1)
        colour: float = option(0.0, "Vary the saturation of training pictures by up to this share.", low=0, high=1)
        erase: float = option(0.0, "Probability that a rectangle of a training picture is blanked out.", low=0, high=1)

    kind: ClassVar[str] = "image"
    Spec: ClassVar[type] = ImageSpec
    varied: ClassVar[dict[str, Any]] = {
        **{"flip": "yes", "shift": 0.2, "rotate_deg": 10.0, "crop": 0.6, "brightness": 0.3, "contrast": 0.3, "erase": 0.9},
    }
    name: str = "image"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """Grey 12 × 12 pictures whose bright quarter tells the class."""
        pixels = rng.integers(0, 80, (len(hidden), 12, 12)).astype(np.uint8)
        for i, k in enumerate(hidden % 4):
            pixels[i, (k // 2) * 6 : (k // 2) * 6 + 6, (k % 2) * 6 : (k % 2) * 6 + 6] += 120
        return [Column("image", pixels)]

    @classmethod
    def recognise(cls, column: Column) -> float:
        if looks.is_pixels(column):
            shape = column.values.shape
            return 1.0 if len(shape) in (3, 4) else 0.4 if len(shape) == 2 and decode.is_square(shape[1]) else 0.0
        found = [c for c in looks.raw_cells(cells.sample(column, 50)) if c is not None]
        if not found:
            return 0.0
        return sum(_looks_like_picture(c) for c in found) / len(found)

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from check_pictures(columns[0])
        yield from several_pages(columns[0])

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        (column,) = columns
        if looks.is_pixels(column):
            decode.layout_of(column.values.shape, column.name)
            return np.isfinite(column.values).reshape(len(column), -1).all(1)
        return np.array([g.error is None for g in looks.looks_at(column)], dtype=bool)

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        """Of the decoded pixels, so that a picture saved again in another format is known again (see `picture_hash`)."""
        (column,) = columns
        if looks.is_pixels(column):
            return array_hashes(column.values, column.name)
        return np.array([g.content for g in looks.looks_at(column)], dtype=np.uint64)

    def near_fingerprint(self, columns: Sequence[Column]) -> np.ndarray | None:
        """Difference hashes: whether each of 8 × 8 patches is brighter than its right neighbour."""
        return difference_hashes(columns[0])

    def nearly_same(self, columns: Sequence[Column], left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Whether small grey copies correlate: a difference hash alone finds every two shirts alike."""
        return correlate(columns[0], left, right)

    def gather(self, values: Sequence[Any]) -> list[Column]:
        """Paths, encoded bytes, arrays `(H, W)` or `(H, W, C)`, or Pillow images."""
        if all(isinstance(v, (str, Path)) for v in values) or all(isinstance(v, bytes) for v in values):
            return [Column(self.name, pa.array([v if isinstance(v, bytes) else str(v) for v in values]))]
        if all(isinstance(v, np.ndarray) for v in values) and len({v.shape for v in values}) == 1:
            return [Column(self.name, np.stack(values))]
        return [Column(self.name, pa.array([_encoded(v, self.state.get("levels", {})) for v in values]))]

    def unfamiliar(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from unlike_learned(columns[0], self.state["levels"])
        yield from several_pages(columns[0])

    def several(self, value: Any) -> list[Any] | None:
        """Arrays `(N, H, W, C)`, `(N, C, H, W)` or `(N, H, W)` hold N pictures; rows of pixels do where they were learned."""
        if not isinstance(value, np.ndarray) or decode.holds_one(value.shape, self.state):
            return None
        return list(value)

    def example(self) -> str:
        return "picture.jpg"

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Chooses size and channels, and measures mean and deviation, on at most 2,000 pictures. Raises `DataError`."""
        (column,) = columns
        column = column.take(_sample(column, seed))
        found = traits_of(column)
        column = column.take(np.flatnonzero(self.usable([column])))
        side = float(np.median(np.sqrt(found.widths * found.heights)))
        ratio = np.maximum(found.widths / found.heights, found.heights / found.widths)
        resize = "squash" if float(np.median(ratio)) <= MOST_STRETCHED else "pad"
        shape = {"shape": list(column.values.shape[1:])} if looks.is_pixels(column) else {}
        state = shape | {
            "size_px": max(1, self.options.size_px or int(min(round(side), LARGEST_PX))),
            "source_px": round(side),
            "channels": 1 if self.options.channels == 1 else 3 if self.options.channels else found.channels,
            "resize": resize if self.options.resize == "auto" else self.options.resize,
            "levels": found.levels,
        }
        mean, std = self._moments(column, state)
        return replace(self, state=state | {"mean": mean, "std": std})

    def _moments(self, column: Column, state: dict[str, Any]) -> tuple[list[float], list[float]]:
        channels = state["channels"]
        if self.options.normalise == "half":
            return [0.5] * channels, [0.5] * channels
        if self.options.normalise == "imagenet":
            mean, std = _IMAGENET
            return (mean, std) if channels == 3 else ([float(np.mean(mean))], [float(np.mean(std))])
        x_NCHW = encoded(column, state, hold=True)
        mean_C, std_C = moments(x_NCHW)
        return (mean_C / 255).tolist(), (np.maximum(std_C, 1.0) / 255).tolist()  # a blank set must not divide by zero

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`pixels` uint8 (N, C, H, W), channels last in memory. Raises `DataError` naming the first undecodable picture."""
        return {"pixels": encoded(columns[0], self.state)}

    def stored_as(self) -> dict[str, Any]:
        """Size, channels, way of fitting and levels: what is decoded does not depend on how it is normalised or varied."""
        return {name: self.state.get(name) for name in SHAPING}

    def is_costly(self, columns: Sequence[Column]) -> bool:
        """Files have to be opened and decoded; arrays are there."""
        return not looks.is_pixels(columns[0])

    def forget(self) -> None:
        MEMORY.clear()

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
        """`x_BCHW` float32, normalised; its memory is in channels-last order, as it is stored."""
        pixels = stored["pixels"]
        assert not isinstance(pixels, (Ragged, Shared))
        return normalised(pixels, rows, self.state["mean"], self.state["std"], device)

    def augment(self, batch: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        return self.vary(batch, rng)[0]

    def vary(self, batch: torch.Tensor, rng: torch.Generator) -> tuple[torch.Tensor, Moved | None]:
        """Varied as the options say. `flip=auto` stands for no until a recipe has measured it."""
        mean_C, std_C = (on_device(tuple(self.state[name]), batch.device) for name in ("mean", "std"))
        return augmented(batch, rng, self.options, mean_C, std_C)

    def frame(self, columns: Sequence[Column]) -> Plane:
        """From pixels of the pictures as they are given to those of the tensor: of one pixel before it has learned."""
        return decode.plane(*looks.sizes_of(columns[0]), self.state.get("size_px", 1), self.state.get("resize", "squash"))

    # -- towards models and people -----------------------------------------------------------------------------------
    @classmethod
    def blank(
        cls, spec: ImageSpec, count: int, *, rng: torch.Generator | None = None, device: torch.device | str = "cpu"
    ) -> torch.Tensor:
        shape = (count, spec.channels, spec.height, spec.width)
        return (torch.zeros(shape) if rng is None else torch.randn(shape, generator=rng)).to(device)

    @classmethod
    def call(cls, spec: ImageSpec) -> str:
        return f"forward(x) with x of shape (B, {spec.channels}, {spec.height}, {spec.width})"

    def spec(self) -> ImageSpec:
        size = self.state["size_px"]
        return ImageSpec(channels=self.state["channels"], height=size, width=size)

    def plain_features(self, columns: Sequence[Column]) -> np.ndarray:
        """Pixels of the picture, scaled down to 28 px (grey) or 16 px (colour), as float32 (N, D)."""
        x_NCHW = encoded(columns[0], {**self.state, "size_px": min(self.state["size_px"], PLAIN_PX[self.state["channels"]])})
        return x_NCHW.reshape(len(x_NCHW), -1).astype(np.float32) / 255

    def probe(self, columns: Sequence[Column], labels: Arrays, *, seed: int = 0) -> dict[str, Any]:
        """`mirror_is_harmless`: whether mirrored pictures keep their class; false where the targets are no classes."""
        if "index" not in labels:
            return {"mirror_is_harmless": False}
        (column,), index = columns, labels["index"]
        assert isinstance(index, np.ndarray)
        rows = _sample(column, seed)  # those that were learned from
        x_NCHW = reduced(column.take(rows), self.state, PROBED_PX)
        return {"mirror_is_harmless": mirror_is_harmless(x_NCHW, index[rows], seed)}

    def quality(self, columns: Sequence[Column]) -> np.ndarray:
        """float64 (N): which of several pictures of one thing is the best, the higher the better."""
        return quality_of(columns[0], self.state)

    def render(self, columns: Sequence[Column], row: int) -> str:
        return rendered(columns[0], row, self.state.get("levels", {}))

    def schema(self) -> dict[str, Any]:
        return {
            "type": "string",
            "contentEncoding": "base64",
            "contentMediaType": "image/*",
            "description": _("a picture: the path of a file, or its bytes in base64"),
        }

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """Of at most 1,000 pictures: how bright they are (16 steps), the mean of each channel, their sizes."""
        column = cells.sample(columns[0], 1000)
        if len(column) == 0 or not self.state:
            return {"count": len(columns[0])}
        column = column.take(np.flatnonzero(self.usable([column])))
        if len(column) == 0:
            return {"count": len(columns[0])}
        x_NCHW = encoded(column, {**self.state, "size_px": min(SKETCHED_PX, self.state["size_px"])})
        found = traits_of(column)
        return {
            "count": len(columns[0]),
            "brightness": np.histogram(x_NCHW.mean((1, 2, 3)), 16, (0, 255))[0].tolist(),
            "channel_means": (x_NCHW.mean((0, 2, 3)) / 255).round(4).tolist(),
            "contrast": float(x_NCHW.std((1, 2, 3)).mean() / 255),
            "width_quantiles": np.quantile(found.widths, [0, 0.25, 0.5, 0.75, 1]).tolist(),
            "height_quantiles": np.quantile(found.heights, [0, 0.25, 0.5, 0.75, 1]).tolist(),
        }

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        return portable(self.name, self.state, CARD.extensions)

    def portable_frames(self) -> dict[str, Any]:
        return portable_frames(self.state)

    def probes(self, folder: Path) -> list[Any]:
        return odd_pictures(folder)

    def as_inputs(self, columns: Sequence[Column], rows: np.ndarray, folder: Path) -> list[str]:
        return as_files(columns, rows, folder, self.state["levels"])

    def facts(self) -> dict[str, Any]:
        return {name: self.state[name] for name in ("size_px", "source_px", "channels") if name in self.state}

    # -- explaining an answer ----------------------------------------------------------------------------------------
    def units(self, batch: torch.Tensor, columns: Sequence[Column]) -> Units:
        """Patches."""
        return explain.units_of(batch)

    def filling(self, batch: torch.Tensor, *, seed: int = 0) -> torch.Tensor:
        """The picture, blurred beyond recognition."""
        return explain.blurred(batch)

    def without(
        self, batch: torch.Tensor, units: Units, gone_PU: np.ndarray, filling: Any = None, draw: int = 0
    ) -> torch.Tensor:
        return explain.without(batch, units, gone_PU, self.filling(batch) if filling is None else filling)

    def way(self, batch: torch.Tensor, units: Units, filling: Any, network: nn.Module) -> Way:
        """From the blurred picture."""
        return Way(filling, axis=1)

    def portrait(self, batch: torch.Tensor, units: Units, weights_U: np.ndarray, detail: np.ndarray | None = None) -> Portrait:
        return explain.portrait(batch, units, weights_U, detail, self.state)


def _sample(column: Column, seed: int) -> np.ndarray:
    """The rows that are learned from, ascending."""
    return np.sort(generator(seed, "image", "learn").permutation(len(column))[:LOOKED_AT])


def _looks_like_picture(cell: Any) -> bool:
    if isinstance(cell, dict):
        return "bytes" in cell or "path" in cell
    if isinstance(cell, (bytes, bytearray)):
        return bytes(cell[:4]) in (b"\x89PNG", b"GIF8", b"RIFF") or bytes(cell[:2]) in (b"\xff\xd8", b"BM", b"II", b"MM")
    if isinstance(cell, np.ndarray):
        return cell.ndim in (2, 3)
    return Path(str(cell)).suffix.lower() in CARD.extensions


def _encoded(value: Any, levels: Levels) -> bytes:
    """One picture of whatever form as the bytes of a file, so that a mixture can stand in one column."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, (str, Path)):
        return Path(value).read_bytes()
    out = io.BytesIO()
    try:
        if isinstance(value, np.ndarray):
            value = decode.from_array(value, levels, "")
        picture = value if hasattr(value, "save") else Pillow.fromarray(np.asarray(value))
        picture.save(out, "PNG")
    except (TypeError, ValueError, IndexError, OSError, AttributeError):  # Pillow's many words for what is no picture
        raise DataError(
            "F-IMAGE-INPUT",
            _("an input is no picture"),
            expected=_("a path, the bytes of a file, an array (H, W) or (H, W, C), or a Pillow image"),
            got=type(value).__name__,
        ) from None
    return out.getvalue()
