"""Documents: a text file, or a folder of them, from which examples are cut. Blank lines, spaces and line ends stay as they are.

In a folder, files below `train`, `valid`, `test`, or with such a word in their names (`ptb.train.txt`), are those parts.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa

from fukami.core.cards import FieldCard, cards
from fukami.core.errors import DataError
from fukami.core.language import N_, _
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data.encodings import to_utf8
from fukami.data.files import content, is_junk, read_bytes, stem, suffix
from fukami.data.parts import part_in

TOLD = N_("documents: text files from which examples are cut")


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Certain where a task cuts its examples from texts, and there are text files."""
    told = _of(kinds)
    if told is None:
        return 0.0
    if source.is_dir():
        return 1.0 if _files(source, told) else 0.0
    return 1.0 if suffix(source) in told.extensions or (not suffix(source) and content(source) == "text") else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """A column `text`, one cell for each file."""
    told = _of(kinds) or cards("fields")["passage"]
    paths = _files(source, told) if source.is_dir() else [source]
    texts, problems = [], []
    for path in paths:
        text, noticed = document(path, choices)
        texts.append(text)
        problems += noticed
    if not any(text.strip() for text in texts):
        raise DataError("F-TEXT-MISSING", _("no example has a text"), where=str(source), got=_("nothing"))
    root = source if source.is_dir() else source.parent
    found = np.array([_part(path.relative_to(root)) for path in paths])
    return table(str(source), paths, texts, found if len(paths) > 1 and found.any() else None, problems)


def document(path: Path, choices: DataChoices) -> tuple[str, list[Problem]]:
    """The text of a file, with line ends of one kind. Raises `DataError` where it is none."""
    if (held := content(path)) not in ("text", "empty"):
        raise DataError(
            "F-FILE-KIND", _("this kind of file cannot be read as data"), where=str(path), expected=".txt", got=held
        )
    data, problems = to_utf8(read_bytes(path), where=str(path), encoding=choices.encoding)
    return data.decode().replace("\r\n", "\n").replace("\r", "\n"), problems


def table(name: str, paths: list[Path], texts: list[str], parts: np.ndarray | None, problems: list[Problem]) -> Table:
    """The table of documents."""
    column = Column("text", pa.array(texts, pa.large_string()), files=np.array([str(path) for path in paths], dtype=object))
    hints = {"input": column.name}
    return Table(name, {column.name: column}, parts=parts, problems=tuple(problems), hints=hints, layout="document")


def _of(kinds: tuple[str, ...]) -> FieldCard | None:
    known = cards("fields")
    return next((known[kind] for kind in kinds if kind in known and known[kind].files_are == "document"), None)


def _files(folder: Path, told: FieldCard) -> list[Path]:
    below = (path for path in sorted(folder.rglob("*")) if not any(map(is_junk, path.relative_to(folder).parts)))
    return [path for path in below if suffix(path) in told.extensions and path.is_file()]


def _part(path: Path) -> str:
    """The part that the names of a file and its folders mention."""
    return next(filter(None, (part_in(name) for name in (*path.parts[:-1], stem(path)))), "")
