"""A table as it was understood: what each column was read as, what it holds, what became of it, and what says otherwise."""

import re
import shlex
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.core.language import N_, _, joined
from fukami.core.tables import Column
from fukami.fields import parsing
from fukami.fields.personal import HIDDEN, masked
from fukami.fields.reading.dates import ORDERS
from fukami.fields.row.field import Row

READ = {
    "number": N_("number"),
    "clock": N_("time of day"),
    "span": N_("span of time"),
    "date": N_("date"),
    "category": N_("category"),
    "text": N_("text"),
    "vector": N_("several numbers"),
    "personal": N_("personal data"),
    "ignored": "–",
}
BECAME = {
    "number": N_("used as a number"),
    "clock": N_("used as seconds since midnight"),
    "span": N_("used as seconds"),
    "date": N_("used as days and as parts of the calendar"),
    "category": N_("used as a category"),
    "text": N_("only its length is used"),
    "vector": N_("each number is used"),
    "constant": N_("left out: the same in every row"),
    "identifier": N_("left out: looks like an identifier"),
    "empty": N_("left out: empty"),
    "nested": N_("left out: holds lists or records"),
    "unreadable": N_("left out: no cell can be read so"),
    "personal": N_("left out: personal data"),
}
_OTHERWISE = {"number": "category", "date": "category", "category": "number", "text": "category", "ignored": "category"}
"""What a user would rather say that a column is, where it is not what it was read as."""


def understood(row: Row, columns: Sequence[Column]) -> list[dict[str, Any]]:
    """An object for each column: `column`, `kind`, `read`, `example`, `missing`, `distinct`, `became` and `option`.

    A row that has learned tells how it reads them, another one how it would.
    """
    known = {told["name"]: (told["kind"], told["how"]) for told in row.state.get("columns", ())}
    return [_told(column, *(known.get(column.name) or row.recognised(column)[:2])) for column in columns]


def _told(column: Column, kind: str, how: dict[str, Any]) -> dict[str, Any]:
    form = str(how.get("form", ""))
    seconds = "clock" if form.startswith("clock") else "span" if form in ("steps", "iso") else ""
    name = seconds or kind
    details = [how.get("unit", ""), _("decimal comma") if how.get("decimal") == "," else ""]
    details += [form[:3] if kind == "date" and form[:3] in ORDERS else ""]
    details = [detail for detail in details if detail]
    personal = "personal" in how
    other = "keep" if personal else _OTHERWISE.get(kind)
    became = _("used as a category, kept as hashes") if kind == "personal" else _(BECAME[how.get("why", name)])
    return {
        "column": column.name,
        "kind": kind,
        "read": joined(", ", [_(READ[name]), *details]) if details else _(READ[name]),
        **held(column, example=HIDDEN if personal else how.get("example", "")),
        "became": became,
        "option": f"--set {_typed(f'{other}={column.name}')}" if other else "",
    }


def _typed(text: str) -> str:
    """As a shell takes it."""
    return text if re.fullmatch(r"[\w=.:+/-]+", text) else shlex.quote(text)


def held(column: Column, *, example: str = "") -> dict[str, Any]:
    """An `example` cell (the commonest), the share of `missing` cells, and how many `distinct` values there are."""
    if not isinstance(column.values, np.ndarray | pa.Array) or (column.is_array and column.values.ndim > 1):
        return {"example": "", "missing": 0.0, "distinct": None}
    array = parsing.plain(column.values)
    if not parsing.is_scalar(array):
        return {"example": "", "missing": array.null_count / max(1, len(array)), "distinct": None}
    words = parsing.strings(array)
    counted = words.drop_null().value_counts()
    if len(counted) and not example:
        example = counted.field("values")[int(np.argmax(np.asarray(counted.field("counts"))))].as_py()
    return {"example": masked(example)[:40], "missing": words.null_count / max(1, len(words)), "distinct": len(counted)}


def in_short(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a run keeps of it: no cells of columns that are not used, or of which only the length is."""
    return [{**row, "example": ""} if row["kind"] in ("text", "ignored", "unused") else dict(row) for row in rows]
