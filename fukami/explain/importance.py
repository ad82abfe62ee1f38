"""How much each column matters to a run: permutation importance over some of the examples that it was judged on, in a moment.

`explain RUN DATA` takes more examples and more repeats; this is what every report shows.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fukami.core.cards import card
from fukami.core.tables import Column
from fukami.explain.cohort import Cohort
from fukami.explain.methods.permutation import survey
from fukami.fields import batch as trees
from fukami.fields.scored import Scored
from fukami.predictor import Predictor

EXAMPLES, FEWEST = 256, 20
SECONDS = 2.0
"""How long it may take; with more columns than that allows, fewer examples are asked, and none below the fewest."""


def importance(
    predictor: Predictor, columns: Mapping[str, Sequence[Column]], truth: Any, rows: np.ndarray
) -> dict[str, Any] | None:
    """`{"measure", "examples", "columns": [{"name", "value"}]}`, the most important column first, of judged examples: `rows` of
    `columns` with their `truth`. None where the input has no columns to exchange, or examples are too few.
    """
    task = predictor.task
    if len(task.inputs) > 1 or "exchange" not in card("fields", task.input.kind).offers or not isinstance(task.target, Scored):
        return None
    cohort = _cohort(predictor, columns, truth, rows[:EXAMPLES])
    if len(cohort) < FEWEST:
        return None
    started = time.perf_counter()
    cohort.answers(cohort.batch)
    units = cohort.units(0)
    share = SECONDS / max(1e-9, (time.perf_counter() - started) * len(units))
    if share < 1:
        if share * len(cohort) < FEWEST:
            return None
        cohort = _cohort(predictor, columns, truth, rows[: int(share * len(cohort))])
    found = survey(cohort, repeats=1)
    order = np.argsort(-found.weights, kind="stable")
    told = [{"name": units.names[u], "value": float(found.weights[u])} for u in order]
    return {"measure": found.measure, "examples": len(cohort), "columns": told}


def _cohort(predictor: Predictor, columns: Mapping[str, Sequence[Column]], truth: Any, rows: np.ndarray) -> Cohort:
    cells = [column.take(rows) for column in columns[predictor.task.input.name]]
    return Cohort(predictor, cells, trees.part(truth, 0, len(rows)), predictor.recipe.learning.seed)
