"""A question and a text in, the passage of the text that answers it out, or that there is none.

Use it to find what documents say: figures, names, dates, reasons. Answers are quoted, never written.
"""

from dataclasses import replace

import numpy as np

from fukami.core.cards import TaskCard
from fukami.core.recipe import DataChoices
from fukami.core.tables import Table
from fukami.fields.extract.check import against_texts
from fukami.fields.extract.field import Extract
from fukami.fields.question.field import AskedField
from fukami.tasks.compose import by_whole_models
from fukami.tasks.contract import Columns, Task

CARD = TaskCard(
    name="question-answering",
    summary="a question and a text in, the passage that answers it out",
    inputs=("question",),
    targets=("extract",),
    needs="extract",
    headline="answer_f1",
    also=("exact_match",),
    baselines=("shared_words",),
    recipe="answers/extractive",
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return by_whole_models(CARD, (AskedField(),), Extract(name="answer"), examples=examples)


def examples(task: Task, table: Table, columns: Columns, choices: DataChoices) -> tuple[Table, Columns]:
    """Those whose answers stand in their texts; the others are told. Questions about one text stay in one part."""
    asked = task.inputs["asked"]
    assert isinstance(asked, AskedField)
    if table.origin is None:
        texts = asked.text_column(columns["asked"]).strings()
        table = replace(table, origin=np.unique(texts, return_inverse=True)[1])
    if "answer" not in columns:
        return table, columns
    found = against_texts(columns["answer"][0], asked.frame(columns["asked"]))
    kept = np.flatnonzero(found.fits)
    if len(kept) < len(found.fits):
        table, columns = table.take(kept), {name: [c.take(kept) for c in cells] for name, cells in columns.items()}
    return replace(table, problems=(*table.problems, *found.problems)), columns
