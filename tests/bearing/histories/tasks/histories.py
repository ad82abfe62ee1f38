"""What somebody chose so far in, what comes next out: examples are positions in a history, the target is made of the input."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from fukami.core.cards import TaskCard
from fukami.fields import cells
from fukami.fields.category.field import Category
from fukami.fields.text.field import Text
from fukami.tasks.compose import predict_one_target

CARD = TaskCard(
    name="histories",
    summary="a history in, what comes next out",
    inputs=("text",),
    targets=("category",),
    needs="vector",
    headline="top5_accuracy",
    also=("accuracy",),
    baselines=("majority",),
    recipe="histories/usual",
)


def contract():
    task = predict_one_target(CARD, (Text(name="history"),), Category(name="next"))
    return replace(task, same={"next": "history"}, examples=positions)


def positions(task, table, columns, choices):
    """Every beginning of a history, with what came after it."""
    found = [(row, line.split()) for row, line in enumerate(cells.strings(columns["history"][0]))]
    cuts = [(row, " ".join(words[:at]), words[at]) for row, words in found for at in range(1, len(words))]
    rows = np.array([row for row, _before, _after in cuts], np.int64)
    (column,) = (one.take(rows) for one in columns["history"])
    before, after = (pa.array([cut[side] for cut in cuts]) for side in (1, 2))
    return table.take(rows), {"history": [replace(column, values=before)], "next": [replace(column, values=after)]}
