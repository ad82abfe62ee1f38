"""Pictures as targets: what a model is to make. They are read and stored as the field `image` does.

B pictures, C channels, H and W pixels.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.lazily import torch
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.seeds import generator
from fukami.core.specs import ImageSpec
from fukami.core.tables import Column
from fukami.fields.contract import NOTHING, Arrays, Field, TargetField
from fukami.fields.frame import Frame
from fukami.fields.image.field import Image
from fukami.fields.picture import features
from fukami.fields.picture.render import as_text

CARD = FieldCard(
    name="picture",
    summary="a picture that is to be made",
    usual_targets=(
        "image", "images", "img", "picture", "photo", "path", "image_path", "img_path", "filepath", "file_path",
        "file", "filename", "file_name", "image_name", "image_file", "url", "画像", "写真", "ファイル", "ファイル名",
        "パス",
    ),
    extensions=(
        ".avif", ".bmp", ".dib", ".gif", ".ico", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".mpo", ".pbm",
        ".pcx", ".pgm", ".png", ".pnm", ".ppm", ".qoi", ".sgi", ".tga", ".tif", ".tiff", ".webp",
    ),
)  # fmt: skip

LARGEST_PX = 64
"""Pictures are made no larger than this unless `size_px` asks for more."""
KEPT = 2048
"""Training pictures of which short features are kept, so that copies of them are known."""
WITHIN = 127 / 4
"""Steps of these features: kept as bytes, in which four deviations fit."""


@dataclass(frozen=True)
class Picture(TargetField):
    """Pictures `x_BCHW` between -1 and 1; answers are their pixels, uint8.

    >>> drawn = Column("picture", np.arange(32, dtype=np.uint8).reshape(2, 4, 4))
    >>> picture = Picture().learn([drawn])
    >>> x_BCHW = picture.batch(picture.encode([drawn]), np.arange(2))
    >>> x_BCHW.shape, bool((picture.answers(x_BCHW) == picture.truth(x_BCHW)).all())
    (torch.Size([2, 1, 4, 4]), True)
    """

    @dataclass(frozen=True)
    class Options:
        size_px: int = option(
            0, "Side of the pictures that are made; 0 for the typical side of the data, at most 64.", low=0, high=1024
        )
        channels: int = option(0, "1 for grey, 3 for colour; 0 to see from the data.", low=0, high=3)
        resize: str = option(
            "auto",
            "How a picture becomes square: stretch it, cut its longer side, or pad its shorter one.",
            choices=("auto", "squash", "crop", "pad"),
        )
        flip: str = option("no", "Mirror half of the training pictures, left to right.", choices=("yes", "no"))

    kind: ClassVar[str] = "picture"
    losses: ClassVar[tuple[str, ...]] = ()
    varied: ClassVar[dict[str, Any]] = {"flip": "yes"}
    name: str = "picture"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def image(self) -> Image:
        """The same pictures as an input has them, from 0.5 in units of 0.5."""
        size = self.options.size_px
        options = Image.Options(size, self.options.channels, self.options.resize, normalise="half", flip=self.options.flip)
        return Image(self.name, options, self.state)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        return Image.specimens(hidden, rng)

    @classmethod
    def recognise(cls, column: Column) -> float:
        return Image.recognise(column)

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from self.image.check(columns)

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        return self.image.usable(columns)

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        return self.image.fingerprint(columns)

    def strata(self, columns: Sequence[Column]) -> np.ndarray:
        """Nothing is to be kept in proportion."""
        return np.zeros(len(columns[0]), np.int64)

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Learns size and channels as an image does, and keeps short features of up to 2,048 training pictures."""
        learned = self.image.learn(columns, seed=seed)
        if not self.options.size_px and learned.state["size_px"] > LARGEST_PX:
            learned = replace(self, options=replace(self.options, size_px=LARGEST_PX)).image.learn(columns, seed=seed)
        made = replace(self, state=learned.state)
        (column,) = columns
        column = column.take(np.sort(generator(seed, "picture", "kept").permutation(len(column))[:KEPT]))
        column = column.take(np.flatnonzero(made.usable([column])))
        pixels_NCHW = made.image.encode([column])["pixels"]
        assert isinstance(pixels_NCHW, np.ndarray)
        kept_NS = features.short(features.features(pixels_NCHW))
        mean_S, std_S = kept_NS.mean(0), np.maximum(kept_NS.std(0), 1e-6)
        bytes_NS = np.clip(np.rint((kept_NS - mean_S) / std_S * WITHIN), -127, 127).astype(np.int8)
        known = {"mean": mean_S.tolist(), "std": std_S.tolist(), "bytes": base64.b64encode(bytes_NS.tobytes()).decode("ascii")}
        return replace(made, state=made.state | {"kept": known})

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`pixels` uint8 (N, C, H, W). Pictures may be told in base64, as answers are."""
        return self.image.encode([_decoded(column) for column in columns])

    def stored_as(self) -> dict[str, Any]:
        return self.image.stored_as()

    def is_costly(self, columns: Sequence[Column]) -> bool:
        return self.image.is_costly(columns)

    def forget(self) -> None:
        self.image.forget()

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
        """`x_BCHW` float32 between -1 and 1."""
        return self.image.batch(stored, rows, device)

    def augment(self, batch: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        return self.image.augment(batch, rng)

    # -- towards models ----------------------------------------------------------------------------------------------
    def target_spec(self) -> ImageSpec:
        """Channels, height and width."""
        return self.image.spec()

    def facts(self) -> dict[str, Any]:
        return self.image.facts()

    @property
    def num_statistics(self) -> int:
        return 2 * features.NUM_FEATURES**2

    @cached_property
    def kept(self) -> np.ndarray:
        """int8 (N, S): short features of training pictures, in steps of their deviation."""
        return np.frombuffer(base64.b64decode(self.state["kept"]["bytes"]), np.int8).reshape(-1, features.SHORT)

    def nearest(self, pixels_BCHW: np.ndarray) -> np.ndarray:
        """float64 (B): how far each picture is from the nearest of the training pictures that are kept, in deviations."""
        told = self.state["kept"]
        short_BS = (features.short(features.features(pixels_BCHW)) - told["mean"]) / told["std"]
        bytes_BS = np.clip(np.rint(short_BS * WITHIN), -127, 127)
        kept_NS = self.kept.astype(np.float64)
        far_BN = (bytes_BS**2).sum(1)[:, None] + (kept_NS**2).sum(1) - 2 * bytes_BS @ kept_NS.T
        return np.sqrt(np.maximum(far_BN.min(1), 0)) / WITHIN

    # -- from a network's outputs to answers -------------------------------------------------------------------------
    def answers(self, outputs: torch.Tensor) -> torch.Tensor:
        """`pixels_BCHW` uint8."""
        return ((outputs.float() + 1) * 127.5).round().clamp(0, 255).byte()

    def truth(self, batch: torch.Tensor) -> torch.Tensor:
        """`pixels_BCHW` uint8."""
        return self.answers(batch)

    def given(self, answers: torch.Tensor) -> torch.Tensor:
        return answers.float() / 127.5 - 1

    def restore(self, answers: torch.Tensor, *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """`{"picture"}`: a PNG in base64."""
        return [{"picture": as_text(one)} for one in answers.cpu().numpy()]

    def known(self, truth: torch.Tensor) -> list[dict[str, Any]]:
        return self.restore(truth)

    def apart(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """The mean difference of two pixels, of which white and black are 1 apart."""
        return (left.double() - right.double()).abs().flatten(1).mean(1) / 255

    # -- towards people and programs ---------------------------------------------------------------------------------
    def render(self, columns: Sequence[Column], row: int) -> str:
        return self.image.render(columns, row)

    def schema(self) -> dict[str, Any]:
        told = {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}
        return {"type": "object", "properties": {"picture": told}, "required": ["picture"]}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        return self.image.sketch(columns)

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        return {"kind": self.kind, "code": ["picture"], "command": "command_pictures", "out": "made"}


def _decoded(column: Column) -> Column:
    """The column with pictures that are told in base64 as the bytes of their files. Raises `DataError` F-PICTURE-BASE64."""
    if column.is_array or not any(str(text).startswith("data:image/") for text in column.values[:1].to_pylist()):
        return column
    try:
        found = [base64.b64decode(text.partition(",")[2], validate=True) for text in column.strings()]
    except binascii.Error:
        raise DataError("F-PICTURE-BASE64", _("a picture is not told in base64"), where=column.where(0)) from None
    return replace(column, values=pa.array(found, pa.binary()))
