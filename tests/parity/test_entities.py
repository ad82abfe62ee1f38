"""Entity metrics against seqeval, where it is installed, on random tags in every scheme that it knows."""

import numpy as np
import pytest

from fukami.metrics.contract import Running
from tests.unit.test_entity_metrics import FIELD, NAMES, batch

seqeval = pytest.importorskip("seqeval.metrics")


@pytest.mark.parametrize("seed", range(5))
def test_precision_recall_and_f1_are_those_of_seqeval(seed):
    answers, truth, answered, known = batch(seed)
    truth["lost"] = np.zeros(40, np.int64)
    running = Running(NAMES, FIELD)
    running.update(answers, truth)
    found, right = ([[FIELD.state["tags"][tag] for tag in row] for row in rows] for rows in (answered, known))
    scored = (seqeval.f1_score, seqeval.precision_score, seqeval.recall_score, seqeval.accuracy_score)
    assert [running.compute()[name] for name in NAMES] == pytest.approx([score(right, found) for score in scored])
