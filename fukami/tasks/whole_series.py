"""What tasks share whose examples are series: each a whole one, or windows that are cut from them."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fukami.core.errors import DataError
from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices, option, whole_names
from fukami.core.tables import Column, Spans, Table
from fukami.fields import cells
from fukami.fields.series.cutting import windows
from fukami.fields.series.field import Series
from fukami.fields.series.reading import Known, Recording, recording
from fukami.fields.series.stretches import ROWS, form_of, stretches
from fukami.tasks.contract import Columns, Task
from fukami.tasks.forecasting import parts_of

_SEVERAL = 10
"""From so many series on, those of one stay in one part; of fewer, parts are stretches of time."""


@dataclass(frozen=True)
class Options:
    """What an example is, and which column names the series."""

    context: int = option(0, "Steps of a window that is one example; 0 for each series as a whole.", low=0)
    stride: int = option(0, "Steps from one window to the next; 0 for half a window.", low=0)
    series: str = option("", "A column that names the series, where each row is a step.")


def examples(task: Task, table: Table, columns: Columns, choices: DataChoices) -> tuple[Table, Columns]:
    """A series, or a window of one, with its target. Raises `DataError` where labels change within what is one example."""
    field = series_of(task)
    if cut_into(field, task):
        return _windows(field, task, table, columns, choices)
    known, beside = _known(field, task, table, columns, choices)
    read, channels = field.state.get("columns", ()), field.state.get("channels", [])
    steps = [told["name"] for told in read] if field.state.get("form") == "row" else []
    known = known._replace(channels=tuple(channels) if not steps else ())
    found = stretches(columns["series"], known, length=field.state.get("length", 0), steps=steps, beside=beside)
    if found.steps is not None:
        _require_one_part(table, columns, found.steps)
        _require_one_label(task, columns, found.steps)
    targets = {name: [column.take(found.rows) for column in columns[name]] for name in task.targets if name in columns}
    cut = {"series": [windows("series", found.whole, found.starts, found.length, like=columns["series"][0])]}
    return replace(table.take(found.rows), problems=(*table.problems, *found.whole.told)), cut | targets


def series_of(task: Task) -> Series:
    """The task's input."""
    field = task.inputs["series"]
    assert isinstance(field, Series)
    return field


def cut_into(field: Series, task: Task) -> int:
    """Steps of the windows that examples are; 0 where each series is one as a whole."""
    if field.state:
        return 0 if field.state.get("form") else field.state["length"]
    return task.options.context


def _known(field: Series, task: Task, table: Table, columns: Columns, choices: DataChoices) -> tuple[Known, list[Column]]:
    """What is known of the columns, and those beside the bound ones."""
    bound = {column.name for own in columns.values() for column in own}
    ignore = whole_names(choices.ignore, table.columns)
    beside = [column for name, column in table.columns.items() if name not in bound and name not in ignore]
    if field.state:
        return field.heard, beside
    series = task.options.series
    own = [column for column in beside if column.name not in (choices.time, choices.group)]
    if cut_into(field, task) or form_of(columns["series"], Known(series=series), own) == ROWS:
        return Known(choices.time, series or choices.group), beside
    return Known(), own  # each row is a series: what divides the rows names no series, and no steps


def _require_one_part(table: Table, columns: Columns, steps: Recording) -> None:
    """Raises `DataError` where rows of one name stand in two parts: they would become one series."""
    if table.parts is None:
        return
    parts = table.parts[steps.row]
    changed = np.flatnonzero((parts[1:] != parts[:-1]) & (steps.series[1:] == steps.series[:-1]))
    if len(changed):
        raise DataError(
            "F-STRETCHES-PARTS",
            _("a series lies in two parts"),
            where=cells.places(columns["series"][0], steps.row[changed[:3] + 1]),
            expected=_("names that no other part has"),
            fix=_("rename the series of one part, or cut windows: {option}").format(option="--set context=50"),
        )


def _require_one_label(task: Task, columns: Columns, steps: Recording) -> None:
    """Raises `DataError` where the rows of one series have different labels."""
    for name in task.targets:
        for column in columns.get(name, ()):
            codes = cells.numbered(column)[0][steps.row]
            changed = np.flatnonzero((codes[1:] != codes[:-1]) & (steps.series[1:] == steps.series[:-1]))
            if len(changed):
                raise DataError(
                    "F-STRETCHES-LABELS",
                    _("labels change within a series"),
                    where=cells.places(column, steps.row[changed[:3] + 1]),
                    expected=_("one label for all steps of a series"),
                    fix=_("cut windows, each of which has a label: {option}").format(option="--set context=50"),
                )


def _windows(field: Series, task: Task, table: Table, columns: Columns, choices: DataChoices) -> tuple[Table, Columns]:
    """Windows of every series, each with the label that all its steps have, or the number at its last step."""
    known, beside = _known(field, task, table, columns, choices)
    whole = recording(columns["series"], known, beside=beside)
    length = cut_into(field, task)
    stride = task.options.stride or max(1, length // 2)
    places = [np.arange(begin, end - length + 1, stride) for begin, end in whole.stretches() if end - begin >= length]
    if not places:
        longest = max((end - begin for begin, end in whole.stretches()), default=0)
        raise DataError(
            "F-SERIES-SHORT",
            _("no series is long enough for one example"),
            where=columns["series"][0].file,
            expected=_("{n} steps or more").format(n=length),
            got=str(longest),
            fix=f"--set context={longest}" if longest else "",
        )
    starts = np.concatenate(places)
    told = [*_short(whole, length, columns["series"][0])]
    starts, more = _of_one_label(task, columns, whole, starts, length)
    ends, rows = starts + length, whole.row[starts + length - 1]
    targets = {name: [column.take(rows) for column in columns[name]] for name in task.targets if name in columns}
    cut = {"series": [windows("series", whole, starts, length, like=columns["series"][0])]}
    parts = None if table.parts is None else parts_of(table.parts[whole.row], starts, ends)
    found: dict[str, Any] = {"parts": parts, "problems": (*table.problems, *whole.told, *told, *more)}
    if len(whole.labels) >= _SEVERAL:
        found["origin"] = whole.series[starts]
    else:
        spans = np.stack([whole.when[starts], whole.when[ends - 1]], 1), np.stack([starts, ends], 1)
        found["spans"] = Spans(*spans, whole.when)
    return replace(table.take(rows), **found), cut | targets


def _short(whole: Recording, length: int, place: Column) -> list[Problem]:
    """A warning where series are shorter than one window."""
    count = sum(end - begin < length for begin, end in whole.stretches())
    if not count:
        return []
    what = _n(
        "{n} series is shorter than a window and was left out", "{n} series are shorter than a window and were left out", count
    )
    return [Problem(code="F-STRETCHES-SHORT", severity="warning", what=what, where=place.file, count=count)]


def _of_one_label(
    task: Task, columns: Columns, whole: Recording, starts: np.ndarray, length: int
) -> tuple[np.ndarray, list[Problem]]:
    """The windows of which every step has the same label, where labels are discrete; how many others there are is told."""
    kept = np.ones(len(starts), bool)
    for name, target in task.targets.items():
        for column in columns.get(name, ()) if target.discrete else ():
            codes = cells.numbered(column)[0][whole.row]
            changes = np.concatenate([[0, 0], np.cumsum(codes[1:] != codes[:-1])])
            kept &= changes[starts + length] == changes[starts + 1]
    lost = int((~kept).sum())
    if not lost:
        return starts, []
    what = _n(
        "{n} window holds steps of several labels and was left out",
        "{n} windows hold steps of several labels and were left out",
        lost,
    )
    told = Problem(code="F-STRETCHES-MIXED", severity="note", what=what, where=columns["series"][0].file, count=lost)
    return starts[kept], [told]
