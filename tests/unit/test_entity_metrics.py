"""Entities counted against a count by hand, one example at a time."""

import numpy as np
import pytest

from fukami.fields import batch as trees
from fukami.fields.tags.field import Tags
from fukami.fields.tags.marks import spans_of
from fukami.metrics.contract import Running
from fukami.metrics.states.entities import Entities, counts

TYPES = ["LOC", "ORG", "PER"]
FIELD = Tags(
    state={"scheme": "IOB2", "types": TYPES, "tags": ["O", *(f"{p}-{t}" for t in TYPES for p in "BIES")], "counts": [1, 1, 1]}
)
NAMES = ["entity_f1", "entity_precision", "entity_recall", "token_accuracy"]


def drawn(rng: np.random.Generator, length: int) -> np.ndarray:
    """Tags of a sequence in which entities are whole."""
    row, at = np.zeros(length, np.int64), 0
    while at < length:
        size = min(int(rng.integers(1, 4)), length - at)
        if rng.random() < 0.5:
            kind = int(rng.integers(3))
            row[at : at + size] = 2 + 4 * kind
            row[at], row[at + size - 1] = 1 + 4 * kind, 3 + 4 * kind
            row[at] = 4 + 4 * kind if size == 1 else row[at]
        at += size
    return row


def batch(seed: int, examples: int = 40):
    rng = np.random.default_rng(seed)
    truth = [drawn(rng, int(rng.integers(1, 12))) for _ in range(examples)]
    # answers that agree here and there
    answers = [row if rng.random() < 0.4 else drawn(rng, len(row)) for row in truth]
    counts_B = np.array([len(row) for row in truth])
    lost_B = (rng.random(examples) < 0.1).astype(np.int64)
    given = {"tags": trees.Rows({"tag": np.concatenate(truth)}, counts_B), "lost": lost_B}
    return trees.Rows({"tag": np.concatenate(answers)}, counts_B), given, answers, truth


def by_hand(answers, truth, lost: int) -> list[float]:
    named = [[[FIELD.state["tags"][tag] for tag in row] for row in rows] for rows in (answers, truth)]
    found, known = ({(at, *span) for at, row in enumerate(rows) for span in spans_of(row)} for rows in named)
    right, total = len(found & known), len(known) + lost
    same = sum(int((a == t).sum()) for a, t in zip(answers, truth, strict=True)) / sum(map(len, truth))
    return [2 * right / (len(found) + total), right / len(found), right / total, same]


@pytest.mark.parametrize("seed", range(5))
def test_metrics_are_those_counted_by_hand(seed):
    answers, truth, *rows = batch(seed)
    running = Running(NAMES, FIELD)
    for start in range(0, 40, 7):
        running.update(trees.part(answers, start, min(40, start + 7)), trees.part(truth, start, min(40, start + 7)))
    assert [running.compute()[name] for name in NAMES] == pytest.approx(by_hand(*rows, int(truth["lost"].sum())))


def test_replicates_weigh_whole_examples():
    answers, truth, answered, known = batch(9)
    weights = np.random.default_rng(0).integers(0, 3, 40)
    state = Entities(FIELD, 1)
    state.update(answers, truth, np.stack([np.ones(40), weights]))
    repeated = [at for at, weight in enumerate(weights) for _ in range(weight)]
    lost = int(sum(truth["lost"][at] for at in repeated))
    expected = by_hand([answered[at] for at in repeated], [known[at] for at in repeated], lost)
    assert float(state.f1()[1]) == pytest.approx(expected[0])


def test_without_entities_nothing_is_said_but_of_words():
    nothing = trees.Rows({"tag": np.zeros(3, np.int64)}, np.array([3]))
    state = Entities(FIELD)
    state.update(nothing, {"tags": nothing, "lost": np.zeros(1, np.int64)}, np.ones((1, 1)))
    assert np.isnan([state.f1()[0], state.precision()[0], state.recall()[0]]).all() and state.accuracy()[0] == 1


def test_entities_of_one_example_never_reach_into_the_next():
    """Two examples whose tags would be one entity, were they one."""
    tags = trees.Rows({"tag": np.array([4, 4])}, np.array([1, 1]))
    found = counts(tags, {"tags": tags, "lost": np.zeros(2, np.int64)}, FIELD.outline())
    assert found["right"].sum(1).tolist() == [1, 1]
