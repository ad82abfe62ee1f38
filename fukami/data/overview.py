"""Every column of a table: those that an input reads, the targets, and those that nothing reads."""

from typing import Any

from fukami.core.cards import card
from fukami.core.language import _
from fukami.core.tables import Column, Table
from fukami.fields.row.field import Row
from fukami.fields.row.overview import held, understood
from fukami.tasks.contract import Task


def overview(task: Task, table: Table, columns: dict[str, list[Column]]) -> list[dict[str, Any]]:
    """An object for each column, in the order of the table (see `fields/row/overview.py`); none where no input is a row."""
    rows = {name: field for name, field in task.inputs.items() if isinstance(field, Row) and name in columns}
    if not rows:
        return []
    found = {told["column"]: told for name, row in rows.items() for told in understood(row, columns[name])}
    for name, field in task.fields.items():
        for column in columns.get(name, ()) if name not in rows else ():
            became = _("the target") if name in task.targets else _("an input of its own")
            found[column.name] = _plain(column, field.kind, _(card("fields", field.kind).summary), became)
    unused = (name for name in table.columns if name not in found)
    found |= {name: _plain(table.columns[name], "unused", "–", _("not used")) for name in unused}
    return [found[name] for name in table.columns if name in found]


def _plain(column: Column, kind: str, read: str, became: str) -> dict[str, Any]:
    return {"column": column.name, "kind": kind, "read": read, **held(column), "became": became, "option": ""}
