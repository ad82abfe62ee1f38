"""Who chose what, as recommenders keep it: RecBole's atomic files, pairs `user item` in the order of time, a line a user.

`name.inter` is a table divided by tabs whose headings say their kind (`user_id:token`); `.user` and `.item` beside it are not
read. A line `user item item …` holds everything that a user chose; a line of two names is one choice. Of a folder the files
called train, valid and test are its parts. Lines of three or four names may be either a user's items or `user item rating
time`: then a list is only read where lines differ in length.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from fukami.core.errors import DataError, UsageError
from fukami.core.language import N_, _, _n
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data.encodings import to_utf8
from fukami.data.files import content, is_junk, read_bytes, stem, suffix
from fukami.data.joined import joined
from fukami.data.parts import part_in
from fukami.data.readers import delimited

TOLD = N_("who chose what: atomic files, pairs, or a line for each user")
FOR = ("history", "items")
_SAMPLE = 1 << 16
_SHOWN = 5


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Certain of atomic files; of plain lines of names where histories are asked for."""
    asked = bool(set(FOR) & set(kinds))
    if source.is_dir():
        return 0.95 if asked and _files(source) else 0.0
    if not source.is_file():
        return 0.0
    if suffix(source) == ".inter":
        return 1.0
    return 0.95 if asked and _is_plain(source) else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """Columns `user` and `item`, or `user` and a list of `items`; of atomic files all columns, without the kinds of their
    headings."""
    if source.is_file():
        return _table(source, choices)
    files = _files(source)
    order = {"train": 0, "": 1, "valid": 2, "test": 3}
    tables = sorted(((part_in(stem(path)), _table(path, choices)) for path in files), key=lambda one: order[one[0]])
    return joined(tables, name=str(source), layout="choices") if len(tables) > 1 else tables[0][1]


def _files(folder: Path) -> list[Path]:
    """Atomic files, else plain ones that are called after parts."""
    found = [path for path in sorted(folder.iterdir()) if path.is_file() and not is_junk(path.name)]
    atomic = [path for path in found if suffix(path) == ".inter"]
    return atomic or [path for path in found if part_in(stem(path)) and _is_plain(path)]


def _is_plain(path: Path) -> bool:
    """Whether the first lines are names divided by blanks, two of them or different numbers of them."""
    if suffix(path) not in (".txt", "", ".dat", ".data") or content(path) != "text":
        return False
    try:
        read = read_bytes(path, only=_SAMPLE)
    except DataError:
        return False
    lines = read.decode("utf-8", "replace").splitlines()
    lines = (lines[:-1] if len(read) >= _SAMPLE else lines)[:500]  # the last one may be cut
    words = [line.split(" ") for line in lines if line.strip()]
    if len(words) < 2 or any("," in line or "\t" in line or ";" in line or '"' in line for line in lines):
        return False
    widths = {len(line) for line in words}
    return widths == {2} or (len(widths) > 1 and all(word.isdigit() for line in words[:50] for word in line if word))


def _table(path: Path, choices: DataChoices) -> Table:
    if suffix(path) == ".inter":
        table = delimited.read(path, replace(choices, delimiter="tab", header="yes"))
        columns = {name.split(":")[0]: replace(c, name=name.split(":")[0]) for name, c in table.columns.items()}
        return replace(table, columns=columns, layout="choices")
    return _lines(path, choices)


def _lines(path: Path, choices: DataChoices) -> Table:
    """Raises `DataError` where no line holds a user and an item."""
    where = str(path)
    data, problems = to_utf8(read_bytes(path), where=where, encoding=choices.encoding)
    words = [line.split() for line in data.decode().removeprefix("\ufeff").splitlines()]
    numbers = np.array([number for number, line in enumerate(words, 1) if len(line) > 1], np.int64)
    if not len(numbers):
        raise DataError(
            "F-TABLE-EMPTY",
            _("no line holds a user and an item"),
            where=where,
            expected=_("a user and an item on each line, or a user and everything that this user chose"),
        )
    problems = [*problems, *_alone(words, where)]
    lines = [words[number - 1] for number in numbers.tolist()]
    widths = Counter(map(len, lines))
    if len(widths) == 1 and next(iter(widths)) in (3, 4):
        raise UsageError(
            "F-LAYOUT-AMBIGUOUS",
            _("this can be read in more than one way"),
            where=where,
            got=_("lines of {n} names: a user with its items, or user, item, rating and time").format(n=next(iter(widths))),
            fix=_("--set layout=delimited for a table; one item more or less in any line for lists"),
        )
    place = {"base": path.parent, "file": where, "rows": numbers}
    user = Column("user", pa.array([line[0] for line in lines], pa.large_string()), **place)
    if set(widths) == {2}:
        second = Column("item", pa.array([line[1] for line in lines], pa.large_string()), **place)
    else:
        second = Column("items", pa.array([line[1:] for line in lines], pa.large_list(pa.large_string())), **place)
    columns = {"user": user, second.name: second}
    return Table(where, columns, problems=tuple(problems), layout="choices")


def _alone(words: Sequence[list[str]], where: str) -> list[Problem]:
    """Lines that name a user and nothing else."""
    bad = [number for number, line in enumerate(words, 1) if len(line) == 1]
    if not bad:
        return []
    what = _n("{n} line names a user without any item", "{n} lines name users without any item", len(bad))
    shown = ", ".join(f"{where}:{number}" for number in bad[:_SHOWN]) + (", …" if len(bad) > _SHOWN else "")
    return [Problem(code="F-CHOICES-ALONE", severity="note", what=what, where=shown, count=len(bad))]
