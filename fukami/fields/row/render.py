"""A row for people: a small table of names and cells, without personal data."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pyarrow as pa

from fukami.core.tables import Column
from fukami.fields import personal


def rendered(columns: Sequence[Column], row: int, state: Mapping[str, Any]) -> str:
    """An HTML table. `state` is what the field learned: it knows which columns are personal; else they are looked at."""
    known = {told["name"].strip().lower(): "personal" in told["how"] for told in state.get("columns", ())}
    lines = []
    for column in columns:
        hidden = known.get(column.name.strip().lower())
        hidden = bool(personal.kind_of(column)) if hidden is None else hidden
        value = column.values[row]
        value = value.as_py() if isinstance(value, pa.Scalar) else value
        text = "–" if value is None or (isinstance(value, float) and value != value) else str(value)
        shown = personal.HIDDEN if hidden else personal.masked(text[:200])
        lines.append(f"<tr><th>{escape(column.name)}</th><td>{escape(shown)}</td></tr>")
    return f'<table class="row">{"".join(lines)}</table>'
