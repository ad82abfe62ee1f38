"""CIFAR-10, small colour pictures of things: Krizhevsky 2009. The binary version, since the Python one is pickled.

A copy as JPEG files in a folder per class (`cifar10-jpeg/cifar10_jpeg.tar.gz`) serves where it lies in `FUKAMI_DATA`; figures
reached on it do not compare with published ones, and the table says so.
"""

import tarfile
from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.tables import Table

CARD = DatasetCard(
    name="cifar10",
    summary="60,000 colour pictures of 32 × 32 pixels in ten classes, 10,000 of them for the test",
    task="image-classification",
    examples=60000,
    licence="not stated",
    home="https://www.cs.toronto.edu/~kriz/cifar.html",
    files={
        "cifar-10-binary.tar.gz": {
            "urls": ["https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"],
            "md5": "c32a1d4ab5d03f1284b67883e8d87530",
            "bytes": 170052171,
        },
    },
    copies=(
        {"cifar-10-binary.tar.gz": "cifar-10-binary.tar.gz"},
        {"cifar10_jpeg.tar.gz": "cifar10-jpeg/cifar10_jpeg.tar.gz"},
    ),
)

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_RECORD = 1 + 3 * 32 * 32


def table(files: dict[str, Path]) -> Table:
    if "cifar10_jpeg.tar.gz" in files:
        return _jpeg(files["cifar10_jpeg.tar.gz"])
    return _binary(files["cifar-10-binary.tar.gz"])


def _binary(path: Path) -> Table:
    """Each record is a label byte and 3 × 32 × 32 bytes, colour by colour."""
    import numpy as np

    from fukami.data.readers.idx import table_of

    pictures, labels, parts = [], [], []
    names = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]
    with tarfile.open(path, "r:*") as archive:
        for name in names:
            member = archive.extractfile(f"cifar-10-batches-bin/{name}")
            data = np.frombuffer(member.read() if member else b"", np.uint8)
            if len(data) % _RECORD or not len(data):
                raise DataError("F-CIFAR-LENGTH", _("a file of the archive is incomplete"), where=f"{path}: {name}")
            records = data.reshape(-1, _RECORD)
            labels.append(records[:, 0].astype(np.int64))
            pictures.append(records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
            parts += ["test" if name.startswith("test") else "train"] * len(records)
    return table_of("cifar10", pictures, labels, parts, classes=CLASSES)


def _jpeg(path: Path) -> Table:
    from dataclasses import replace

    from fukami.core.problems import Problem
    from fukami.core.recipe import DataChoices
    from fukami.data.readers import archive

    found = archive.read(path, DataChoices(), kinds=("image",))
    told = Problem(
        code="F-DATASET-COPY",
        severity="note",
        what=_("this copy of the dataset was compressed as JPEG; figures do not compare with published ones"),
        where=str(path),
    )
    return replace(found, problems=(*found.problems, told))
