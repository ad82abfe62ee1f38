"""A window of a series in, how odd it is out: learned from normal windows alone.

An example is a window of `context` steps, of one channel or several; where steps are labelled, it is an anomaly if it holds a
step that is one. Windows that hold none are learned from, whatever came before or after.
"""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from fukami.core.cards import TaskCard
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.recipe import DataChoices, option, whole_names
from fukami.core.tables import Column, Spans, Table
from fukami.fields.anomaly.field import Anomaly
from fukami.fields.cells import strings
from fukami.fields.series.cutting import windows
from fukami.fields.series.field import Series
from fukami.fields.series.reading import Known, Recording, recording
from fukami.tasks.contract import Columns, Task
from fukami.tasks.forecasting import parts_of
from fukami.tasks.normal_examples import anomalies

CARD = TaskCard(
    name="series-anomaly-detection",
    summary="a window of a series in, how odd it is and whether it is an anomaly out",
    inputs=("series",),
    targets=("anomaly",),
    optional=("anomaly",),
    needs="anomaly",
    headline="roc_auc",
    also=("pr_auc", "f1", "precision", "recall", "false_alarm_rate"),
    baselines=("moving-z-score", "distance-to-mean", "isolation-forest"),
    recipe="normal/series",
    validates="loss",
    exempt={
        "nothing left": "a window that is level is odd itself where no normal one is",
        "order of own-parts": "a window without its odd steps is odd as well",
    },
)

LONGEST_CONTEXT = 64


@dataclass(frozen=True)
class Options:
    """What an example is, and which column names the series."""

    context: int = option(0, "Steps of a window; 0 for a fiftieth of the series, at most 64.", low=0)
    stride: int = option(0, "Steps from one window to the next; 0 for an eighth of a window.", low=0)
    series: str = option("", "A column that names the series, where a table holds several.")


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return anomalies(CARD, Series("series"), examples=examples, questions=questions, options=Options())


def examples(task: Task, table: Table, columns: Columns, choices: DataChoices) -> tuple[Table, Columns]:
    """Windows of every series, with what is known of their steps. Raises `DataError` where no series is long enough."""
    whole, starts, context = cut(task, table, columns, choices)
    ends, like = starts + context, columns["series"][0]
    found = {"series": [windows("series", whole, starts, context, like=like)]}
    if "anomaly" in columns:
        found["anomaly"] = [of_windows(task.target, columns["anomaly"][0], whole, starts, context)]
    spans = Spans(np.stack([whole.when[starts], whole.when[ends - 1]], 1), np.stack([starts, ends], 1), whole.when)
    parts = None if table.parts is None else parts_of(table.parts[whole.row], starts, ends)
    problems = (*table.problems, *whole.told)
    return replace(table.take(whole.row[ends - 1]), parts=parts, spans=spans, problems=problems), found


def questions(task: Task, table: Table, columns: Columns, choices: DataChoices) -> tuple[Table, Columns]:
    """Every window of the table, each told by the row that it ends with."""
    whole, starts, context = cut(task, table, columns, choices)
    like = columns["series"][0]
    return table.take(whole.row[starts + context - 1]), {"series": [windows("series", whole, starts, context, like=like)]}


def cut(task: Task, table: Table, columns: Columns, choices: DataChoices) -> tuple[Recording, np.ndarray, int]:
    """What the table records, where windows begin, and how long they are."""
    field, given = task.inputs["series"], columns["series"]
    assert isinstance(field, Series)
    known = field.heard if field.state else Known(choices.time, task.options.series or choices.group)
    bound = {column.name for own in columns.values() for column in own}
    ignore = whole_names(choices.ignore, table.columns)
    whole = recording(given, known, beside=[c for name, c in table.columns.items() if name not in bound and name not in ignore])
    stretches = whole.stretches()
    longest = max((end - begin for begin, end in stretches), default=0)
    context = field.state.get("length") or task.options.context or max(2, min(LONGEST_CONTEXT, longest // 50))
    stride = task.options.stride or max(1, context // 8)
    starts = [np.arange(begin, end - context + 1, stride) for begin, end in stretches if end - begin >= context]
    if not starts:
        raise DataError(
            "F-SERIES-SHORT",
            _("no series is long enough for one example"),
            where=given[0].file,
            expected=_("{n} steps or more").format(n=context),
            got=str(longest),
            fix=f"--set context={max(2, longest // 50)}" if longest else "",
        )
    return whole, np.concatenate(starts), context


def of_windows(target: object, column: Column, whole: Recording, starts: np.ndarray, context: int) -> Column:
    """A label for each window: that of its first step that is an anomaly, else that of its last step; none where a step is of
    unknown kind and no anomaly is seen."""
    assert isinstance(target, Anomaly)
    values_T = target.values([column])[whole.row]
    odd_T, unknown_T = values_T == 1, np.isnan(values_T)
    following = np.where(odd_T, np.arange(len(odd_T)), len(odd_T))
    next_T = np.minimum.accumulate(following[::-1])[::-1]
    first, ends = next_T[starts], starts + context
    holds = first < ends
    seen = np.concatenate([[0], np.cumsum(unknown_T)])
    clear = seen[ends] == seen[starts]
    labels = np.array(strings(column), object)[whole.row]
    told = np.where(holds, labels[np.minimum(first, len(labels) - 1)], labels[ends - 1])
    cells = [label if known else None for label, known in zip(told.tolist(), (holds | clear).tolist(), strict=True)]
    rows = whole.row[ends - 1]
    numbers = rows + 1 if column.rows is None else column.rows[rows]
    return Column(column.name, pa.array(cells, pa.string()), file=column.file, rows=numbers)
