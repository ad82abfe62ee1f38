"""Labelled series in `.ts` files, the form of the UCR and UEA archives (sktime, aeon): a line for each series.

Lines that begin with @ say what follows; then come the channels of a series, divided by colons, the steps of each divided by
commas, and its label last. A folder holds `NAME_TRAIN.ts` and `NAME_TEST.ts`. Series may be of any length.
"""

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fukami.core.errors import DataError, UsageError
from fukami.core.language import N_, _, _n
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data.encodings import to_utf8
from fukami.data.files import is_junk, read_bytes, stem, suffix
from fukami.data.joined import joined
from fukami.data.parts import part_in

TOLD = N_("labelled series in .ts files")
FOR = ("series",)
EXTENSIONS = (".ts",)
CHANNEL, LABEL = "value", "label"
_SHOWN = 3


class Head(NamedTuple):
    """What the lines with @ say: whether a label ends each line, and of what kind; where the data begin (a line, from 0)."""

    label: str
    begin: int


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Certain for what says itself what it is: program text may end in .ts as well."""
    files = _files(source) if source.is_dir() else [source] if suffix(source) in EXTENSIONS else []
    return 1.0 if files and re.search(rb"(?im)^@(problemname|data)\b", read_bytes(files[0], only=1 << 16)) else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """Columns `value` (`value1` … where there are several channels), each cell a list, and `label`."""
    if not source.is_dir():
        return table_of(source, choices)
    files = _files(source)
    names = sorted({problem_of(path) for path in files})
    if len(names) > 1:
        raise UsageError(
            "F-TS-SEVERAL",
            _("the folder holds several sets of series"),
            where=str(source),
            expected=_("NAME_TRAIN.ts and NAME_TEST.ts of one"),
            got=", ".join(names[:8]),
            fix=_("put those of one set into a folder of their own"),
        )
    if len(files) == 1:
        return table_of(files[0], choices)
    tables = [(part_in(stem(path)), table_of(path, choices)) for path in files]
    return joined(tables, name=str(source), layout="sktime-ts")


def problem_of(path: Path) -> str:
    """What a file is about: its name without the part.

    >>> problem_of(Path("GunPoint_TRAIN.ts")), problem_of(Path("GunPoint_eq_TEST.ts.gz"))
    ('GunPoint', 'GunPoint_eq')
    """
    return re.sub(r"(?i)[_-](train|test|valid|val)$", "", re.sub(r"(?i)\.ts(\.(gz|bz2|xz|zst))?$", "", path.name))


def _files(folder: Path) -> list[Path]:
    order = {"train": 0, "": 1, "valid": 2, "test": 3}
    found = [p for p in folder.iterdir() if p.is_file() and suffix(p) in EXTENSIONS and not is_junk(p.name)]
    return sorted(found, key=lambda path: (order[part_in(stem(path))], path.name))


def table_of(path: Path, choices: DataChoices) -> Table:
    """The series of one file. Raises `DataError` with the line where they cannot be read."""
    where = str(path)
    data, problems = to_utf8(read_bytes(path), where=where, encoding=choices.encoding)
    lines = data.decode().lstrip("\ufeff").splitlines()
    head = _head(lines, where)
    kept = [
        (number, line.strip())
        for number, line in enumerate(lines[head.begin :], head.begin + 1)
        if line.strip() and not line.lstrip().startswith(("#", "%", "@"))
    ]
    if not kept:
        raise DataError("F-TABLE-EMPTY", _("the file holds no series"), where=where, expected=_("a line for each series"))
    split = [line.split(":") for _number, line in kept]
    rows = np.array([number for number, _line in kept])
    labels = [parts.pop().strip() for parts in split] if head.label else []
    _require_channels(split, rows, where)
    count = len(split[0])
    columns: dict[str, Column] = {}
    for at in range(count):
        name = CHANNEL if count == 1 else f"{CHANNEL}{at + 1}"
        columns[name] = Column(name, _lists([parts[at] for parts in split], rows, where, problems), file=where, rows=rows)
    hints = {}
    if head.label:
        cells = pa.array([None if text in ("", "?") else text for text in labels], pa.string())
        columns[LABEL] = Column(LABEL, cells if head.label == "class" else _numbers(cells), file=where, rows=rows)
        hints = {"target": LABEL}
    return Table(name=where, columns=columns, problems=tuple(problems), hints=hints, layout="sktime-ts")


def _head(lines: list[str], where: str) -> Head:
    """Raises `DataError` where the file is none of this kind, or gives a time for each step."""
    label = ""
    for number, line in enumerate(lines):
        words = line.strip().lower().split()
        if not words or not words[0].startswith("@"):
            continue
        if words[0] == "@timestamps" and words[1:2] == ["true"]:
            raise DataError(
                "F-TS-TIMES",
                _("the file gives a time for each step, which is not read"),
                where=f"{where}:{number + 1}",
                expected="@timeStamps false",
                fix=_("write the values alone, at equal steps"),
            )
        if words[0] in ("@classlabel", "@targetlabel") and words[1:2] == ["true"]:
            label = words[0][1:].removesuffix("label")
        if words[0] == "@data":
            return Head(label, number + 1)
    raise DataError("F-TS-DATA", _("no line says where the series begin"), where=where, expected="@data")


def _require_channels(split: list[list[str]], rows: np.ndarray, where: str) -> None:
    counts = np.array([len(parts) for parts in split])
    usual = Counter(counts.tolist()).most_common(1)[0][0]
    bad = np.flatnonzero(counts != usual)
    if len(bad) or usual == 0:
        raise DataError(
            "F-TS-CHANNELS",
            _("series of one file differ in their channels"),
            where=", ".join(f"{where}:{row}" for row in rows[bad[:_SHOWN]]),
            expected=_n("{n} channel", "{n} channels", usual),
            got=str(counts[bad[0]]) if len(bad) else "0",
        )


def _lists(texts: list[str], rows: np.ndarray, where: str, problems: list[Problem]) -> pa.Array:
    """A list of numbers for each text; what is no number is unknown, and told."""
    cells = [text.split(",") if text.strip() else [] for text in texts]
    flat = pc.utf8_trim_whitespace(pa.array([cell for own in cells for cell in own], pa.string()))  # pyright: ignore
    sizes = np.array([len(own) for own in cells])
    numbers = _numbers(flat)
    unknown = pc.is_null(numbers).to_numpy(zero_copy_only=False)  # pyright: ignore
    meant = pc.is_in(flat, value_set=pa.array(["?", "", "nan", "NaN", "NA"])).to_numpy(zero_copy_only=False)  # pyright: ignore
    bad = np.flatnonzero(unknown & ~meant)
    if len(bad):
        at = np.searchsorted(np.cumsum(sizes), bad[:_SHOWN], "right")
        problems.append(
            Problem(
                code="F-SERIES-UNREADABLE",
                severity="warning",
                what=_n(
                    "{n} cell is no number and counts as missing", "{n} cells are no numbers and count as missing", len(bad)
                ),
                where=", ".join(f"{where}:{row}" for row in rows[at]),
                expected=_("a number such as 1234.5"),
                got=", ".join(repr(flat[int(place)].as_py()[:40]) for place in bad[:_SHOWN]),
                fix=_("correct these cells"),
                count=len(bad),
            )
        )
    offsets = pa.array(np.concatenate([[0], np.cumsum(sizes)]), pa.int32())
    return pa.ListArray.from_arrays(offsets, numbers)


def _numbers(texts: pa.Array) -> pa.Array:
    """float64, null where a text is no finite number."""
    try:
        found = texts.cast(pa.float64())
    except pa.ArrowInvalid:
        fits = pc.match_substring_regex(texts, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")  # pyright: ignore
        found = pc.if_else(fits, texts, pa.scalar(None, pa.string())).cast(pa.float64())  # pyright: ignore
    return pc.if_else(pc.is_finite(found), found, pa.scalar(None, pa.float64()))  # pyright: ignore
