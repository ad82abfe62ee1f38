"""IDX files, as MNIST and its followers come: an array of bytes or numbers behind a short header, compressed or not.

Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits". The header is two zero bytes, a type, the number of
axes, and each axis's length as a big-endian 32-bit number.
"""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa

from fukami.core.errors import DataError, UsageError
from fukami.core.language import N_, _
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data.files import content, is_junk, read_bytes
from fukami.data.parts import part_in

TOLD = N_("IDX files, as MNIST has them")
_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_NAME = re.compile(r"(images|labels)[-.]idx\d", re.IGNORECASE)


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    if source.is_dir():
        return 0.95 if any(_NAME.search(p.name) for p in source.iterdir() if p.is_file() and not is_junk(p.name)) else 0.0
    return 0.95 if content(source) == "idx" else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """Columns `image` and `label`.

    A folder of `train-…` and `t10k-…` gives parts; one file of pictures takes the labels beside it along.
    """
    pairs = _pairs(source)
    pictures, labels, parts = [], [], []
    for part, images_file, labels_file in pairs:
        x, y = read_array(images_file), read_array(labels_file)
        if len(x) != len(y):
            raise DataError(
                "F-IDX-LENGTHS",
                _("pictures and labels differ in number"),
                where=str(labels_file),
                expected=str(len(x)),
                got=str(len(y)),
            )
        pictures.append(x)
        labels.append(y)
        parts += [part] * len(x)
    return table_of(str(source), pictures, labels, parts if any(parts) else None, file=str(pairs[0][1]))


def table_of(
    name: str,
    pictures: list[np.ndarray],
    labels: list[np.ndarray],
    parts: list[str] | None,
    *,
    file: str = "",
    classes: tuple[str, ...] = (),
) -> Table:
    """Pictures and labels of several parts as one table; `classes` gives the labels' names."""
    y = np.concatenate(labels)
    cells = pa.array(np.array(classes)[y].tolist()) if classes else pa.array(y.astype(y.dtype.newbyteorder("=")))
    both = Column("image", np.concatenate(pictures), file=file), Column("label", cells, file=file)
    columns = {column.name: column for column in both}
    hints = {"input": "image", "target": "label"}
    return Table(name=name, columns=columns, parts=np.array(parts) if parts else None, hints=hints, layout="idx")


def _pairs(source: Path) -> list[tuple[str, Path, Path]]:
    """(part, file of pictures, file of labels) of a folder, or of one file and its partner."""
    folder = source if source.is_dir() else source.parent
    files = {p.name: p for p in sorted(folder.iterdir()) if p.is_file() and not is_junk(p.name)}
    images = [n for n in files if re.search(r"images[-.]idx\d", n)]
    if not source.is_dir():  # one file: itself, or the pictures that its labels belong to
        own = source.name.removesuffix(".gz").replace("labels", "images").replace("idx1", "idx3")
        images = [n for n in images if n.removesuffix(".gz") == own][:1] or [own]
    pairs, seen = [], {}
    for name in images:
        bare = name.removesuffix(".gz")
        wanted = bare.replace("images", "labels").replace("idx3", "idx1")
        partner = next((files[n] for n in (wanted, wanted + ".gz") if n in files), None)
        if partner is None or name not in files:
            raise DataError(
                "F-IDX-PARTNER",
                _("pictures and labels stand in two IDX files, and one of them is missing"),
                where=str(folder),
                expected=f"{bare}, {wanted}",
                got=", ".join(files)[:200],
                fix=_("put the missing file beside the other"),
            )
        if bare in seen:  # the same file compressed and not
            continue
        seen[bare] = True
        pairs.append((part_in(bare.split("-images")[0]), files[name], partner))
    named = [part for part, _x, _y in pairs]
    if len(set(named)) < len(named):
        raise UsageError("F-IDX-PARTS", _("several IDX files claim the same part"), where=str(folder), got=", ".join(images))
    return sorted(pairs, key=lambda pair: ("train", "valid", "test", "").index(pair[0]))


def read_array(path: Path) -> np.ndarray:
    """The array of one IDX file. Raises `DataError` for a header or a length that is wrong."""
    data = read_bytes(path)
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _TYPES or not 1 <= data[3] <= 8 or len(data) < 4 + 4 * data[3]:
        raise DataError(
            "F-IDX-HEADER",
            _("this is not an IDX file"),
            where=str(path),
            expected="00 00 08 03 …",
            got=data[:4].hex(" ") or _("an empty file"),
            fix=_("download it again"),
        )
    axes = data[3]
    shape = [int(n) for n in np.frombuffer(data, ">u4", axes, 4)]
    kind = np.dtype(_TYPES[data[2]])
    expected = 4 + 4 * axes + int(np.prod(shape, dtype=object)) * kind.itemsize
    if len(data) != expected:
        raise DataError(
            "F-IDX-LENGTH",
            _("the IDX file is incomplete, or its header is wrong"),
            where=str(path),
            expected=_("{n} bytes for {shape}").format(n=expected, shape=" × ".join(map(str, shape))),
            got=_("{n} bytes").format(n=len(data)),
            fix=_("download it again"),
        )
    array = np.frombuffer(data, kind, offset=4 + 4 * axes).reshape(shape)
    if not len(array):
        raise DataError("F-DATA-EMPTY", _("there are no examples"), where=str(path), expected=_("at least one example"))
    return array.astype(kind.newbyteorder("="), copy=False)
