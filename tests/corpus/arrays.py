"""NPZ and IDX files."""

import gzip
import struct
from pathlib import Path

import numpy as np

from tests.corpus import Corpus, rng

CORPUS = Corpus("image-classification")
X = rng().integers(0, 256, (24, 8, 8)).astype(np.uint8)
Y = np.arange(24) % 2


def npz(name: str, expects: str, names: str = "t.npz", *, code: str = "", task: str = "image-classification", **arrays) -> None:
    def make(folder: Path) -> Path:
        np.savez(folder / "t.npz", **arrays)
        return folder / "t.npz"

    CORPUS.given(name, make, expects, names, code=code, task=task)


npz("pickles-inside", "error", x=np.array([{"a": 1}] * 24, dtype=object), y=Y)
npz("labels-without-pictures", "error", y=Y)
npz("fewer-labels-than-pictures", "error", "target: 20", x=X, y=Y[:20])
npz("no-pictures", "error", "", x=X[:0], y=Y[:0])
npz("pictures-of-five-axes", "error", "", x=X.reshape(24, 1, 1, 8, 8), y=Y)
npz("pictures-with-nan", "told", "", code="F-IMAGE-NAN", x=np.where(np.arange(24)[:, None, None] == 3, np.nan, X), y=Y)
npz("blank-pictures", "told", "", code="F-IMAGE-BLANK", x=X * (np.arange(24) != 3)[:, None, None].astype(np.uint8), y=Y)
npz("only-nan", "error", "", x=np.full((24, 8, 8), np.nan), y=Y)
npz("labels-with-nan", "told", "", code="F-CATEGORY-MISSING", x=X, y=np.where(np.arange(24) == 3, np.nan, Y))
npz("labels-one-hot", "error", "", x=X, y=np.eye(2)[Y])
npz("one-class", "error", "", code="F-CATEGORY-ONE-CLASS", x=X, y=Y * 0)
npz("words-for-pictures", "error", "", x=np.array(["a"] * 24), y=Y)
npz("complex-pictures", "error", "", x=X.astype(np.complex64), y=Y)
npz("pictures-of-no-size", "error", "", x=X[:, :0], y=Y)
npz("sixteen-bit-pictures", "fine", "", x=X.astype(np.uint16) * 200, y=Y)
npz("negative-pictures", "fine", "", x=X.astype(np.float32) - 128, y=Y)
npz("true-and-false-pictures", "fine", "", x=X > 128, y=Y)
npz("all-pictures-equal", "told", "", code="F-DATA-DUPLICATE", x=np.repeat(X[:1], 24, 0), y=Y)
npz("infinite-numbers", "told", "", task="tabular-classification", x=np.where(X[:, 0] > 250, np.inf, X[:, 0]), y=Y)


def raw(name: str, file: str, content: bytes) -> None:
    def make(folder: Path) -> Path:
        (folder / file).write_bytes(content)
        return folder / file

    CORPUS.given(name, make, "error", file)


raw("npz-of-zero-bytes", "t.npz", b"")
raw("npz-that-is-text", "t.npz", b"hello")
raw("truncated-npz", "t.npz", b"PK\x03\x04" + bytes(60))


def idx(name: str, expects: str, names: str = "", *, images: bytes, labels: bytes, ending: str = "") -> None:
    def make(folder: Path) -> Path:
        root = folder / "mnist"
        root.mkdir()
        for part in ("train", "t10k"):
            (root / f"{part}-images-idx3-ubyte{ending}").write_bytes(images)
            (root / f"{part}-labels-idx1-ubyte{ending}").write_bytes(labels)
        return root

    CORPUS.given(name, make, expects, names)


IMAGES = struct.pack(">IIII", 2051, 24, 8, 8) + X.tobytes()
LABELS = struct.pack(">II", 2049, 24) + Y.astype(np.uint8).tobytes()
idx("truncated-idx", "error", "images-idx3", images=IMAGES[:-100], labels=LABELS)
idx("idx-with-another-magic-number", "error", "images-idx3", images=b"\1\2\3\4" + IMAGES[4:], labels=LABELS)
idx("idx-with-fewer-labels", "error", "idx", images=IMAGES, labels=struct.pack(">II", 2049, 20) + bytes(20))
idx("idx-that-claims-to-be-huge", "error", "images-idx3", images=struct.pack(">IIII", 2051, 2**31, 2**15, 2**15), labels=LABELS)
idx("idx-of-zero-bytes", "error", "idx", images=b"", labels=b"")
idx("truncated-gzip-of-idx", "error", "idx", images=gzip.compress(IMAGES)[:-50], labels=gzip.compress(LABELS), ending=".gz")
