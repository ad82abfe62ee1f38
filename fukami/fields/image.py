"""Pictures: files, bytes or arrays in; normalised float batches out. N examples, B batch, C channels, H and W pixels.

The store holds uint8 `(N, C, H, W)`, in memory in the order N, H, W, C that convolutions mostly like best, so that a batch is a
gather and one multiplication. Everything that is decided from the data (size, channels, mean and deviation, the raw values that
mean black and white) is in `state`.
"""

import base64
import html
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import torch
from PIL import Image as Pillow
from torch.nn.functional import interpolate

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.seeds import generator
from fukami.core.specs import ImageSpec
from fukami.core.tables import Column
from fukami.fields import cells, glances, pictures
from fukami.fields.contract import Arrays, Field, Ragged
from fukami.fields.gather import gathered
from fukami.fields.image_augment import augmented
from fukami.fields.image_check import check_pictures
from fukami.fields.mirror import mirror_is_harmless
from fukami.fields.picture_hash import array_hashes

CARD = FieldCard(
    name="image",
    summary="a picture: a file, its bytes, or an array of pixels",
    usual_inputs=(
        "image", "images", "img", "picture", "photo", "path", "image_path", "img_path", "filepath", "file_path",
        "file", "filename", "file_name", "image_name", "image_file", "url", "画像", "写真", "ファイル", "ファイル名",
        "パス",
    ),
    extensions=(
        ".avif", ".bmp", ".dib", ".gif", ".ico", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".mpo", ".pbm",
        ".pcx", ".pgm", ".png", ".pnm", ".ppm", ".qoi", ".sgi", ".tga", ".tif", ".tiff", ".webp",
    ),
)  # fmt: skip

LARGEST_PX = 224
"""Pictures are stored no larger than this unless `size_px` asks for more."""
NEARLY_SAME = 0.99
"""Correlation of small grey copies from which pictures are nearly the same. Different articles of clothing reach 0.98."""
LOOKED_AT = 2000
"""Training pictures from which size, channels, mean and deviation are learned."""
THUMBNAIL_PX = 160
_IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


@dataclass(frozen=True)
class Image(Field):
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
    name: str = "image"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def recognise(cls, column: Column) -> float:
        if glances.is_pixels(column):
            shape = column.values.shape
            return 1.0 if len(shape) in (3, 4) else 0.4 if len(shape) == 2 and pictures.is_square(shape[1]) else 0.0
        found = [c for c in glances.raw_cells(cells.sample(column, 50)) if c is not None]
        if not found:
            return 0.0
        return sum(_looks_like_picture(c) for c in found) / len(found)

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from check_pictures(columns[0])

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        (column,) = columns
        if glances.is_pixels(column):
            pictures.layout_of(column.values.shape, column.name)
            return np.isfinite(column.values).reshape(len(column), -1).all(1)
        return np.array([g.error is None for g in glances.glances(column)], dtype=bool)

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        """Of the decoded pixels, so that a picture saved again in another format is known again (see `picture_hash`)."""
        (column,) = columns
        if glances.is_pixels(column):
            return array_hashes(column.values, column.name)
        return np.array([g.content for g in glances.glances(column)], dtype=np.uint64)

    def near_fingerprint(self, columns: Sequence[Column]) -> np.ndarray | None:
        """Difference hashes: whether each of 8 × 8 patches is brighter than its right neighbour."""
        (column,) = columns
        if glances.is_pixels(column):
            x_NCHW = pictures.as_nchw(column.values, pictures.layout_of(column.values.shape, column.name))
            return glances.difference_hashes(x_NCHW)
        return np.array([g.near for g in glances.glances(column)], dtype=np.uint64)

    def nearly_same(self, columns: Sequence[Column], left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Whether small grey copies correlate: a difference hash alone finds every two shirts alike."""
        (column,) = columns
        rows, index = np.unique(np.concatenate([left, right]), return_inverse=True)
        if not len(rows):
            return np.zeros(0, dtype=bool)
        small, pairs = glances.thumbnails(column, rows), index.reshape(2, -1)
        # Far apart along the directions that tell most is far apart: this dismisses nearly all pairs at little cost.
        some = small[:: max(1, len(small) // 1000)]
        telling = small @ np.linalg.eigh(some.T @ some)[1][:, -48:]
        a, b = pairs
        same = np.square(telling[a] - telling[b]).sum(1) <= 2 * (1 - NEARLY_SAME)
        asked = np.flatnonzero(same)
        same[asked] = np.einsum("pd,pd->p", small[a[asked]], small[b[asked]]) > NEARLY_SAME
        return same

    def gather(self, values: Sequence[Any]) -> list[Column]:
        """Paths, encoded bytes, arrays `(H, W)` or `(H, W, C)`, or Pillow images."""
        if all(isinstance(v, (str, Path)) for v in values) or all(isinstance(v, bytes) for v in values):
            return [Column(self.name, pa.array([v if isinstance(v, bytes) else str(v) for v in values]))]
        if all(isinstance(v, np.ndarray) for v in values) and len({v.shape for v in values}) == 1:
            return [Column(self.name, np.stack(values))]
        return [Column(self.name, pa.array([_encoded(v) for v in values]))]

    def several(self, value: Any) -> list[Any] | None:
        """Arrays `(N, H, W, C)`, `(N, C, H, W)` or `(N, H, W)` hold N pictures."""
        if not isinstance(value, np.ndarray) or value.ndim < 3:
            return None
        one = value.ndim == 3 and (value.shape[-1] in (1, 3, 4) or value.shape[0] in (1, 3, 4))
        return None if one else list(value)

    def example(self) -> str:
        return "picture.jpg"

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0) -> Self:
        """Chooses size and channels, and measures mean and deviation, on at most 2,000 pictures. Raises `DataError`."""
        (column,) = columns
        rows = generator(seed, "image", "learn").permutation(len(column))[:LOOKED_AT]
        column = column.take(np.sort(rows))
        found = _of_pixels(column) if glances.is_pixels(column) else _of_files(column)
        column = column.take(np.flatnonzero(self.usable([column])))
        sides = np.sqrt(found["widths"] * found["heights"])
        size = self.options.size_px or int(min(round(float(np.median(sides))), LARGEST_PX))
        ratio = np.maximum(found["widths"] / found["heights"], found["heights"] / found["widths"])
        resize = "squash" if float(np.median(ratio)) <= 1.5 else "pad"
        state = {
            "size_px": max(1, size),
            "source_px": round(float(np.median(sides))),
            "channels": 1 if self.options.channels == 1 else 3 if self.options.channels else found["channels"],
            "resize": resize if self.options.resize == "auto" else self.options.resize,
            "levels": found["levels"],
        }
        learned = replace(self, state=state)
        mean, std = learned._moments(column)
        return replace(self, state=state | {"mean": mean, "std": std})

    def _moments(self, column: Column) -> tuple[list[float], list[float]]:
        channels = self.state["channels"]
        if self.options.normalise == "half":
            return [0.5] * channels, [0.5] * channels
        if self.options.normalise == "imagenet":
            mean, std = _IMAGENET
            return (mean, std) if channels == 3 else ([float(np.mean(mean))], [float(np.mean(std))])
        x_NCHW = self.encode([column])["pixels"]
        assert isinstance(x_NCHW, np.ndarray)
        per_channel = x_NCHW.transpose(1, 0, 2, 3).reshape(channels, -1)
        mean = [float(c.mean(dtype=np.float64)) / 255 for c in per_channel]
        std = [max(float(c.std(dtype=np.float64)), 1.0) / 255 for c in per_channel]  # a blank set must not divide by zero
        return mean, std

    def encode(self, columns: Sequence[Column]) -> Arrays:
        """`pixels` uint8 (N, C, H, W), channels last in memory. Raises `DataError` naming the first undecodable picture."""
        (column,) = columns
        size = self.state["size_px"]
        if glances.is_pixels(column):
            return {"pixels": self._encode_pixels(column)}
        items = glances.raw_cells(column)
        out = _channels_last(len(items), self.state["channels"], size)

        def decode(row: int) -> None:
            out[row] = pictures.pixels(self._picture(items[row], column, row, size))

        glances.in_threads(decode, range(len(items)))
        return {"pixels": out}

    def stored_as(self) -> dict[str, Any]:
        """Size, channels, way of fitting and levels: what is decoded does not depend on how it is normalised or varied."""
        return {name: self.state.get(name) for name in ("size_px", "channels", "resize", "levels")}

    def is_costly(self, columns: Sequence[Column]) -> bool:
        """Files have to be opened and decoded; arrays are there."""
        return not glances.is_pixels(columns[0])

    def _picture(self, cell: Any, column: Column, row: int, size: int) -> Pillow.Image:
        """One cell as a picture of the learned mode, fitted to `size`."""
        where = glances.place(column, row, cell)
        levels = self.state["levels"]
        if isinstance(cell, np.ndarray):
            image = pictures.from_array(cell, levels, where)
        else:
            data = pictures.content(cell, column.base, where)
            image = pictures.decoded(data, where, at_least=size, grey=self.state["channels"] == 1)
        return pictures.fitted(pictures.in_mode(image, self.state["channels"], levels), size, self.state["resize"])

    def _encode_pixels(self, column: Column) -> np.ndarray:
        layout = pictures.layout_of(column.values.shape, column.name)
        size, channels = self.state["size_px"], self.state["channels"]
        x_NCHW = pictures.as_nchw(column.values, layout)
        out = _channels_last(len(x_NCHW), channels, size)
        levels = pictures.range_in(self.state["levels"], "array", x_NCHW) if len(x_NCHW) else pictures.Range(0, 255)
        step = max(1, (64 << 20) // max(1, x_NCHW[0].size * 4)) if len(x_NCHW) else 1
        for start in range(0, len(x_NCHW), step):
            part = pictures.to_bytes(x_NCHW[start : start + step], levels)
            out[start : start + step] = _fit_arrays(pictures.with_channels(part, channels), size, self.state["resize"])
        return out

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
        """`x_BCHW` float32, normalised; its memory is in channels-last order, as it is stored."""
        pixels = stored["pixels"]
        assert not isinstance(pixels, Ragged)
        x_BHWC = gathered(pixels.swapaxes(1, 2).swapaxes(2, 3), rows, device)
        B, H, W, C = x_BHWC.shape
        x_BHS = x_BHWC.reshape(B, H, W * C).float()
        scale_S, shift_S = _normalisers(tuple(self.state["mean"]), tuple(self.state["std"]), W, x_BHS.device)
        return torch.addcmul(shift_S, x_BHS, scale_S, out=x_BHS).view(B, H, W, C).permute(0, 3, 1, 2)

    def augment(self, batch: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        """Varied as the options say. `flip=auto` stands for no until a recipe has measured it."""
        mean_C, std_C = (_on_device(tuple(self.state[name]), batch.device) for name in ("mean", "std"))
        return augmented(batch, rng, self.options, mean_C, std_C)

    # -- towards models and people -----------------------------------------------------------------------------------
    def spec(self) -> ImageSpec:
        size = self.state["size_px"]
        return ImageSpec(channels=self.state["channels"], height=size, width=size)

    def plain_features(self, columns: Sequence[Column]) -> np.ndarray:
        """Pixels of the picture, scaled down to 28 px (grey) or 16 px (colour), as float32 (N, D)."""
        small = min(self.state["size_px"], 28 if self.state["channels"] == 1 else 16)
        x_NCHW = replace(self, state={**self.state, "size_px": small}).encode(columns)["pixels"]
        assert isinstance(x_NCHW, np.ndarray)
        return x_NCHW.reshape(len(x_NCHW), -1).astype(np.float32) / 255

    def probe(self, columns: Sequence[Column], labels: Arrays, *, seed: int = 0) -> dict[str, Any]:
        """`mirror_is_harmless`: whether mirrored pictures keep their class; false where the targets are no classes."""
        if "index" not in labels:
            return {"mirror_is_harmless": False}
        (column,), index = columns, labels["index"]
        assert isinstance(index, np.ndarray)
        rows = np.sort(generator(seed, "image", "probe").permutation(len(column))[:LOOKED_AT])
        small = min(self.state["size_px"], 32)
        x_NCHW = replace(self, state={**self.state, "size_px": small}).encode([column.take(rows)])["pixels"]
        assert isinstance(x_NCHW, np.ndarray)
        return {"mirror_is_harmless": mirror_is_harmless(x_NCHW, index[rows], seed)}

    def render(self, columns: Sequence[Column], row: int) -> str:
        column = columns[0].take(np.array([row]))
        (cell,) = glances.raw_cells(column)
        where = glances.place(column, 0, cell)
        try:
            image = _shown(cell, column, where, self.state)
        except DataError as error:
            return f"<em>{html.escape(error.what)}</em>"
        image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
        buffer = io.BytesIO()
        kind = "png" if max(image.size) <= 64 else "jpeg"
        image.save(buffer, kind.upper(), **({} if kind == "png" else {"quality": 80}))
        data = base64.b64encode(buffer.getvalue()).decode()
        name = Path(cell).name if isinstance(cell, (str, Path)) else where
        return f'<img src="data:image/{kind};base64,{data}" alt="{html.escape(name, quote=True)}">'

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
        small = replace(self, state={**self.state, "size_px": min(16, self.state["size_px"])})
        x_NCHW = small.encode([column])["pixels"]
        assert isinstance(x_NCHW, np.ndarray)
        found = _of_pixels(column) if glances.is_pixels(column) else _of_files(column)
        return {
            "count": len(columns[0]),
            "brightness": np.histogram(x_NCHW.mean((1, 2, 3)), 16, (0, 255))[0].tolist(),
            "channel_means": (x_NCHW.mean((0, 2, 3)) / 255).round(4).tolist(),
            "contrast": float(x_NCHW.std((1, 2, 3)).mean() / 255),
            "width_quantiles": np.quantile(found["widths"], [0, 0.25, 0.5, 0.75, 1]).tolist(),
            "height_quantiles": np.quantile(found["heights"], [0, 0.25, 0.5, 0.75, 1]).tolist(),
        }

    def facts(self) -> dict[str, Any]:
        return {name: self.state[name] for name in ("size_px", "source_px", "channels") if name in self.state}


def _channels_last(total: int, channels: int, size: int) -> np.ndarray:
    """Room for `x_NCHW` uint8, whose memory is in the order N, H, W, C."""
    return np.empty((total, size, size, channels), np.uint8).transpose(0, 3, 1, 2)


@lru_cache(maxsize=16)
def _on_device(values: tuple[float, ...], device: torch.device) -> torch.Tensor:
    """Numbers that every batch needs, carried once: a device would be waited for each time."""
    return torch.tensor(values, device=device)


@lru_cache(maxsize=16)
def _normalisers(
    mean_C: tuple[float, ...], std_C: tuple[float, ...], width: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """What a row of raw pixels is multiplied by, and what is added: both (W · C,), so that memory is read straight."""
    mean, std = _on_device(mean_C, device), _on_device(std_C, device)
    return (1 / (255 * std)).repeat(width), (-mean / std).repeat(width)


def _looks_like_picture(cell: Any) -> bool:
    if isinstance(cell, dict):
        return "bytes" in cell or "path" in cell
    if isinstance(cell, (bytes, bytearray)):
        return bytes(cell[:4]) in (b"\x89PNG", b"GIF8", b"RIFF") or bytes(cell[:2]) in (b"\xff\xd8", b"BM", b"II", b"MM")
    if isinstance(cell, np.ndarray):
        return cell.ndim in (2, 3)
    return Path(str(cell)).suffix.lower() in CARD.extensions


def _of_pixels(column: Column) -> dict[str, Any]:
    """Sizes, channels and levels of an array."""
    layout = pictures.layout_of(column.values.shape, column.name)
    x_NCHW = pictures.as_nchw(column.values, layout)
    N, C, H, W = x_NCHW.shape
    low, high = (float(np.nanmin(x_NCHW)), float(np.nanmax(x_NCHW))) if x_NCHW.size else (0.0, 255.0)
    same = C == 3 and bool((x_NCHW[:200, 0] == x_NCHW[:200, 1]).all() and (x_NCHW[:200, 1] == x_NCHW[:200, 2]).all())
    return {
        "widths": np.full(max(N, 1), W),
        "heights": np.full(max(N, 1), H),
        "channels": 1 if C == 1 or same else 3,
        "levels": {"array": list(pictures.range_of(low, high))},
    }


def _of_files(column: Column) -> dict[str, Any]:
    """The same of files; the first unreadable one raises when all are."""
    looks = glances.glances(column)
    found = [g for g in looks if g.error is None]
    if not found:
        raise looks[0].error or AssertionError
    deep: dict[str, list[tuple[float, float]]] = {}
    for look in found:
        if look.levels is not None:
            deep.setdefault(look.mode, []).append(look.levels)
    levels = {
        mode: list(pictures.range_of(min(low for low, _h in seen), max(high for _l, high in seen)))
        for mode, seen in deep.items()
    }
    modes = Counter(g.grey for g in found)
    return {
        "widths": np.array([g.width for g in found]),
        "heights": np.array([g.height for g in found]),
        "channels": 3 if modes[False] else 1,
        "levels": levels,
    }


def _fit_arrays(x_NCHW: np.ndarray, size: int, mode: str) -> np.ndarray:
    """uint8 arrays of one size, fitted to `size` × `size`."""
    H, W = x_NCHW.shape[2:]
    if (size, size) == (H, W):
        return x_NCHW
    if mode == "crop":
        side = min(H, W)
        top, left = (H - side) // 2, (W - side) // 2
        x_NCHW = x_NCHW[:, :, top : top + side, left : left + side]
    elif mode == "pad":
        side = max(H, W)
        top, left = (side - H) // 2, (side - W) // 2
        pads = ((0, 0), (0, 0), (top, side - H - top), (left, side - W - left))
        x_NCHW = np.pad(x_NCHW, pads, constant_values=128)
    x = torch.from_numpy(x_NCHW.astype(np.float32, order="C"))
    return interpolate(x, (size, size), mode="bilinear", antialias=True).round_().clamp_(0, 255).byte().numpy()


def _shown(cell: Any, column: Column, where: str, state: dict[str, Any]) -> Pillow.Image:
    """A cell in its own colours, for people."""
    if isinstance(cell, np.ndarray):
        return pictures.from_array(cell, state.get("levels", {}), where)
    image = pictures.decoded(pictures.content(cell, column.base, where), where, at_least=THUMBNAIL_PX)
    channels = 1 if image.mode in ("1", "L") or pictures.is_deep(image) else 3
    return pictures.in_mode(image, channels, state.get("levels", {}))


def _encoded(value: Any) -> bytes:
    """One picture of whatever form as the bytes of a file, so that a mixture can stand in one column."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, (str, Path)):
        return Path(value).read_bytes()
    picture = value if hasattr(value, "save") else Pillow.fromarray(np.asarray(value))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
