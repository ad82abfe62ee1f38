"""The past of a series in, its future out: several channels at once, several steps ahead.

An example is a position in the series: `context` steps before it, `horizon` steps from there on. Parts are stretches of time;
the context of a later part may reach back over the border, as it would in use, targets never do.
"""

from dataclasses import dataclass, replace

import numpy as np

from fukami.core.cards import TaskCard
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.recipe import DataChoices, option, whole_names
from fukami.core.tables import ACROSS, Column, Spans, Table
from fukami.fields.series.cutting import require_length, windows
from fukami.fields.series.field import Series
from fukami.fields.series.reading import Known, Recording, recording
from fukami.objectives.supervised import supervised
from fukami.tasks.compose import no_head
from fukami.tasks.contract import Columns, Task

CARD = TaskCard(
    name="forecasting",
    summary="the past of a series in, what comes next out",
    inputs=("series",),
    targets=("series",),
    needs="series",
    headline="scaled_mse",
    also=("scaled_mae", "mase", "smape", "rmse", "mae"),
    baselines=("naive", "seasonal-naive", "average"),
    recipe="series/forecasting",
)

LONGEST_CONTEXT, LONGEST_HORIZON = 336, 96


@dataclass(frozen=True)
class Options:
    """What an example is, and which column names the series."""

    context: int = option(0, "Steps of the past that are looked at; 0 for a tenth of the series, at most 336.", low=0)
    horizon: int = option(0, "Steps that are foreseen; 0 for a fortieth of the series, at most 96.", low=0)
    stride: int = option(1, "Steps from one example to the next.", low=1)
    series: str = option("", "A column that names the series, where a table holds several.")


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return Task(
        card=CARD,
        inputs={"past": Series("past")},
        targets={"future": Series("future")},
        head=no_head,
        objective=supervised,
        same={"future": "past"},
        examples=examples,
        questions=questions,
        options=Options(),
    )


def examples(task: Task, table: Table, columns: Columns, choices: DataChoices) -> tuple[Table, Columns]:
    """A window of the past and one of the future for each position. Raises `DataError` where no series is long enough."""
    whole = heard(task, table, columns, choices)
    context, horizon = lengths(task, max(end - begin for begin, end in whole.stretches()))
    starts = positions(whole, context + horizon, task.options.stride, columns["past"][0])
    goals, ends = starts + context, starts + context + horizon
    like = columns["past"][0]
    cut = {
        "past": [windows("past", whole, starts, context, like=like, after=horizon)],
        "future": [windows("future", whole, goals, horizon, like=like, before=context)],
    }
    rows = whole.row[goals]
    spans = Spans(np.stack([whole.when[goals], whole.when[ends - 1]], 1), np.stack([goals, ends], 1), whole.when)
    parts = None if table.parts is None else parts_of(table.parts[whole.row], goals, ends)
    problems = (*table.problems, *whole.told)
    return replace(table.take(rows), parts=parts, spans=spans, problems=problems), cut


def questions(task: Task, table: Table, columns: Columns, choices: DataChoices) -> tuple[Table, Columns]:
    """One question for each series: what comes after its end."""
    whole, length = heard(task, table, columns, choices), task.input.state["length"]
    starts = [require_length(whole, begin, end, length, columns["past"][0]) for begin, end in whole.stretches()]
    rows = whole.row[np.array(starts) + length - 1]
    return table.take(rows), {"past": [windows("past", whole, np.array(starts), length, like=columns["past"][0])]}


def heard(task: Task, table: Table, columns: Columns, choices: DataChoices) -> Recording:
    """What the table records: by what the run has learned, or by what the user said and the cells show."""
    field = task.inputs["past"]
    assert isinstance(field, Series)
    known = field.heard if field.state else Known(choices.time, task.options.series or choices.group)
    bound = {column.name for column in columns["past"]}
    ignore = whole_names(choices.ignore, table.columns)
    beside = [c for name, c in table.columns.items() if name not in bound and name not in ignore]
    return recording(columns["past"], known, beside=beside)


def lengths(task: Task, longest: int) -> tuple[int, int]:
    """Steps of past and future: as learned, as chosen, or as the length of the longest series recommends.

    >>> lengths(contract(), 14_400), lengths(contract(), 960)
    ((336, 96), (96, 24))
    """
    past, future = task.input.state, task.target.state
    context = past.get("length") or task.options.context or max(1, min(LONGEST_CONTEXT, longest // 10))
    horizon = future.get("length") or task.options.horizon or max(1, min(LONGEST_HORIZON, longest // 40))
    return context, horizon


def positions(whole: Recording, length: int, stride: int, place: Column) -> np.ndarray:
    """Where examples of `length` steps begin, none over the end of its series."""
    found = [np.arange(begin, end - length + 1, stride) for begin, end in whole.stretches()]
    starts = np.concatenate(found) if found else np.empty(0, np.int64)
    if len(starts):
        return starts
    longest = max((end - begin for begin, end in whole.stretches()), default=0)
    raise DataError(
        "F-SERIES-SHORT",
        _("no series is long enough for one example"),
        where=place.file,
        expected=_("{n} steps or more").format(n=length),
        got=str(longest),
        fix=f"--set context={max(1, longest // 10)} --set horizon={max(1, longest // 40)}",
    )


def parts_of(parts_T: np.ndarray, goals: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The part of all steps from `goals` to `ends`; the label of none where they lie in two."""
    changed = np.concatenate([[0, 0], np.cumsum(parts_T[1:] != parts_T[:-1])])
    return np.where(changed[ends] == changed[goals + 1], parts_T[goals], ACROSS)
