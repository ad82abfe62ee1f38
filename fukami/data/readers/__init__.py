"""One file per layout. A reader says how surely a source is its own (`claims`) and reads it (`read`).

    TOLD = N_("…")                       what it reads, in a few words
    claims(source, kinds) -> float       0: not mine; 1: certainly mine. Looks at names and first bytes only.
    read(source, choices, *, kinds) -> Table
    FOR = ("mask",)                      kinds that it is made for: it goes first where such are asked for

`source` is a `Path` that exists and may be read, or an object from Python. Adding a layout means adding a file here.
"""

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa

from fukami.core import rooms
from fukami.core.errors import DataError, UsageError, unknown
from fukami.core.language import _
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data.dialects import decimal_mark
from fukami.data.given_parts import GivenParts
from fukami.data.part_column import with_named_parts

_SURE = 0.5
_FIRST = 200
"""Cells of each column that tell what stands before decimals."""
_CLOSE = 0.15
"""Two readers that both are sure, and nearly as sure as each other, leave the choice to the user."""


def layouts() -> dict[str, rooms.File]:
    """Layout name → file, for every reader."""
    return {name.replace("_", "-"): file for name, file in rooms.files("data/readers").items()}


def reader(layout: str) -> ModuleType:
    """The reader of one layout by name."""
    known = layouts()
    if layout not in known:
        raise unknown(_("layout"), layout, known, code="F-LAYOUT-NAME")
    return rooms.loaded(known[layout])


def read_any(source: Any, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """`fukami.data.read`."""
    if isinstance(source, GivenParts):
        return source.table(lambda one: read_any(one, choices, kinds=kinds))
    if not isinstance(source, (str, Path)):
        return with_named_parts(_marked(reader("memory").read(source, choices, kinds=kinds)))
    from fukami.data import catalogue

    found = catalogue.find(source, layout=choices.layout)
    if isinstance(found, Table):
        return found
    layout = choices.layout if choices.layout not in ("auto", catalogue.LAYOUT) else _recognised(found, kinds)
    return with_named_parts(_marked(reader(layout).read(found, choices, kinds=kinds)))


def _marked(table: Table) -> Table:
    """The same table, whose columns of text know what stands before decimals in it."""
    texts = {name: column for name, column in table.columns.items() if _is_text(column)}
    if not texts:
        return table
    delimiter = next((column.told["delimiter"] for column in texts.values() if "delimiter" in column.told), "")
    mark = decimal_mark((column.values[:_FIRST].to_pylist() for column in texts.values()), delimiter)
    told = {name: replace(column, told={**column.told, "decimal": mark}) for name, column in texts.items()} if mark else {}
    return replace(table, columns=table.columns | told)


def _is_text(column: Column) -> bool:
    return isinstance(column.values, pa.Array) and column.values.type in (pa.string(), pa.large_string())


def _recognised(path: Path, kinds: tuple[str, ...]) -> str:
    scores = {name: _score(reader(name), path, kinds) for name in layouts()}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] <= 0:
        raise _nobody(path)
    rivals = [n for n, s in scores.items() if n != best and s >= _SURE and scores[best] - s < _CLOSE]
    if rivals:
        names = [best, *rivals]
        raise UsageError(
            "F-LAYOUT-AMBIGUOUS",
            _("this can be read in more than one way"),
            where=str(path),
            expected=_("one layout"),
            got=_(" or ").join(f"{name} ({_told(name)})" for name in names),
            fix=_(" or ").join(f"--set layout={name}" for name in names),
        )
    return best


def _score(found: ModuleType, path: Path, kinds: tuple[str, ...]) -> float:
    """How surely the source is a reader's; made for the kind of target that is asked for, it goes before all others."""
    claimed = found.claims(path, kinds)
    return claimed + 1 if claimed >= _SURE and set(getattr(found, "FOR", ())) & set(kinds) else claimed


def _told(layout: str) -> str:
    """What a reader says it reads, in the user's language."""
    return _(reader(layout).TOLD)


def _nobody(path: Path) -> DataError:
    if path.is_dir():
        empty = not any(path.iterdir())
        return DataError(
            "F-FOLDER-EMPTY" if empty else "F-FOLDER-NOTHING",
            _("the folder is empty") if empty else _("the folder holds no examples in a form that is known"),
            where=str(path),
            expected=_("a sub-folder per class, or a table (.csv, .tsv, .xlsx, .jsonl, .parquet), or IDX files"),
            fix=_("name the folder that holds the examples"),
        )
    from fukami.data.files import content

    return DataError(
        "F-FILE-KIND",
        _("this kind of file cannot be read as data"),
        where=str(path),
        expected=".csv, .tsv, .jsonl, .json, .parquet, .xlsx, .ods, .npz, IDX, .zip, .tar",
        got=content(path),
        fix=_("save it in one of these forms"),
    )
