"""The raw data sets, read with NumPy and the standard library alone, so that every side gets the same examples.

N examples, H and W pixels.
"""

from __future__ import annotations

import csv
import gzip
import struct
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

ADULT_COLUMNS = (
    "age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship", "race", "sex",
    "capital-gain", "capital-loss", "hours-per-week", "native-country", "income",
)  # fmt: skip
ADULT_NUMBERS = ("age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week")


def fashion(folder: str | Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Fashion-MNIST: pixels uint8 (N, 28, 28) and classes int64 (N). `part` is train or t10k."""
    base = Path(folder) / "fashion-mnist"
    return _idx(base / f"{part}-images-idx3-ubyte.gz"), _idx(base / f"{part}-labels-idx1-ubyte.gz").astype("int64")


def _idx(path: Path) -> np.ndarray:
    """An IDX file: two zero bytes, the type (8: unsigned bytes), the number of axes, their lengths, the values."""
    import numpy as np

    content = gzip.decompress(path.read_bytes())
    num_axes = content[3]
    shape = struct.unpack(f">{num_axes}I", content[4 : 4 + 4 * num_axes])
    return np.frombuffer(content, np.uint8, offset=4 + 4 * num_axes).reshape(shape).copy()


def cifar_folders(folder: str | Path, place: str | Path, *, train: int, test: int) -> Path:
    """A folder per class under `train/` and `test/` with so many of CIFAR-10's JPEG files in all; unpacked once."""
    made = Path(place) / f"cifar10-{train}-{test}"
    if made.exists():
        return made
    draft = made.with_name(f".{made.name}")
    kept = {"train": train // 10, "test": test // 10}
    with tarfile.open(Path(folder) / "cifar10-jpeg" / "cifar10_jpeg.tar.gz") as archive:
        for member in archive:
            part, *rest = Path(member.name).parts[-3:]
            if not member.isfile() or len(rest) != 2 or int(Path(rest[1]).stem) >= kept.get(part, 0):
                continue
            source = archive.extractfile(member)
            assert source is not None
            target = draft / part / rest[0] / rest[1]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read())
    draft.rename(made)
    return made


def sst2(folder: str | Path, part: str) -> tuple[list[str], list[int]]:
    """SST-2: sentences, and 0 (negative) or 1. `part` is train, dev or test."""
    base = Path(folder) / "sst2"
    packed = base / f"{part}.tsv.gz"
    text = gzip.decompress(packed.read_bytes()).decode() if packed.exists() else (base / f"{part}.tsv").read_text("utf-8")
    rows = [line.rsplit("\t", 1) for line in text.splitlines()]
    return [sentence for sentence, _label in rows], [int(label) for _sentence, label in rows]


def adult(folder: str | Path, part: str) -> dict[str, list]:
    """Adult by column: numbers as floats, missing cells None, `income` "<=50K" or ">50K". `part` is train or test."""
    name = {"train": "adult.data.gz", "test": "adult.test.csv.gz"}[part]
    text = gzip.decompress((Path(folder) / "adult" / name).read_bytes()).decode()
    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines()) if len(row) == len(ADULT_COLUMNS)]
    columns: dict[str, list] = {}
    for name, cells in zip(ADULT_COLUMNS, zip(*rows, strict=True), strict=True):
        if name in ADULT_NUMBERS:
            columns[name] = [float(cell) for cell in cells]
        elif name == "income":
            columns[name] = [cell.rstrip(".") for cell in cells]
        else:
            columns[name] = [None if cell == "?" else cell for cell in cells]
    return columns
