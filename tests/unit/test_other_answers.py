"""Answers that are no scores of classes, but parts of varying number: they are answered, kept, judged, or refused."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pytest
import torch

from fukami import predictor as predictors
from fukami.core import cards
from fukami.core.errors import RunError, UsageError
from fukami.core.tables import Column
from fukami.data.store import prepare
from fukami.engine.wire import packed, unpacked
from fukami.evaluate import whole
from fukami.evaluate.details import of_kind
from fukami.evaluate.judge import judge
from fukami.evaluate.spool import Spool
from fukami.explain.question import question_of
from fukami.fields import batch as trees
from fukami.fields.batch import Rows
from fukami.fields.category.field import Category
from fukami.fields.contract import TargetField, Tokens
from fukami.objectives.supervised import fitting
from fukami.tasks.compose import linear_head
from fukami.training.watching import loss_metric
from tests.small_predictors import small_predictor
from tests.synthetic import columns


@dataclass(frozen=True)
class Parts(TargetField):
    """As many parts as its class has, each with a number; what is learned from validation answers is an offset."""

    kind: ClassVar[str] = "parts"
    losses: ClassVar[tuple[str, ...]] = ()
    settles: ClassVar[bool] = True  # type: ignore[assignment]
    name: str = "label"
    options: Any = Category.Options()
    state: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def specimens(cls, hidden, rng):
        return [Column("label", pa.array([str(one) for one in hidden]))]

    def truth(self, batch):
        return {"parts": Rows({"number": torch.arange(int(batch.sum())).float()}, batch), "sure": torch.ones(len(batch))}

    def answers(self, outputs, /):
        best, sure = outputs.mean(1).argmax(-1), outputs.mean(1).amax(-1)
        return {"parts": Rows({"number": torch.arange(int(best.sum())).float()}, best), "sure": sure}

    def settled(self, answers, truth):
        return replace(self, state={"offset": float(truth["sure"].mean() - answers["sure"].mean())})

    def unsettled(self):
        return replace(self, state={})

    def settle(self, answers):
        return {**answers, "sure": answers["sure"] + self.state.get("offset", 0.0)}

    def apart(self, left, right):
        return (left["sure"] - right["sure"]).abs().double()

    def restore(self, answers):
        return [{"parts": row["number"].tolist()} for row in answers["parts"].each()]

    known = restore
    batch = Category.batch
    recognise = check = fingerprint = learn = encode = render = schema = sketch = None


@pytest.fixture
def several(monkeypatch):
    """A predictor that answers with parts, and its store."""
    plain, _columns = small_predictor("tabular-classification")
    task = plain.task.with_fields({"label": Parts()})
    raw = columns({name: one.kind for name, one in plain.task.fields.items()})
    store = prepare(plain.task.fields, raw, {})
    return replace(plain, task=task), store, np.arange(40)


def test_a_tree_travels_and_is_kept_as_it_was(several):
    predictor, store, rows = several
    batches = list(predictor.stream(store, rows))
    for (answers, truth, part), (again, _truth, kept) in zip(batches, Spool(batches), strict=True):
        sent = unpacked(packed((answers, truth, part)))
        for copy in (again, sent[0]):
            assert isinstance(copy["parts"], Rows)
            for own, other in zip(trees.leaves(answers), trees.leaves(copy), strict=True):
                np.testing.assert_array_equal(own, other)
        assert kept.tolist() == part.tolist() == sent[2].tolist()
    sent[0]["sure"][:] = 0.0  # what was sent can be written to


@pytest.mark.parametrize("odd", [Tokens(torch.ones(1), torch.ones(1)), np.array([{}]), {1, 2}])
def test_what_no_other_process_could_build_is_refused(odd):
    with pytest.raises(TypeError):
        packed({"answer": odd})


def test_batches_are_bounded_by_what_their_answers_take(several, monkeypatch):
    predictor, store, rows = several
    monkeypatch.setattr(predictors, "BATCH", 16)
    usual = [len(part) for _answers, _truth, part in predictor.stream(store, rows)]
    monkeypatch.setattr(predictors, "MOST_BYTES", trees.num_bytes(store.batch(rows[:5])))
    small = list(predictor.stream(store, rows))
    assert usual == [16, 16, 8] and len(small[0][2]) == 5  # by the inputs, as answers are not known yet
    monkeypatch.setattr(predictors, "MOST_BYTES", trees.num_bytes(small[0][:2]) * 2 // 5)
    assert max(len(part) for _answers, _truth, part in list(predictor.stream(store, rows))[1:]) <= 2
    assert np.concatenate([part for _answers, _truth, part in small]).tolist() == rows.tolist()


def test_what_validation_answers_teach_is_applied_to_answers_that_were_kept(several):
    predictor, store, rows = several
    settled = whole.settled(predictor, store, rows)
    ((answers, truth, _part),) = settled.stream(store, rows)
    assert answers["sure"].mean() == pytest.approx(truth["sure"].mean(), abs=1e-5)
    ((raw, _truth, _part),) = settled.stream(store, rows, settled=False)
    assert raw["sure"].tolist() == pytest.approx([x - settled.task.target.state["offset"] for x in answers["sure"]], abs=1e-5)
    assert settled.unsettled().task.target.state == {} and settled.task.target.stored_as() == predictor.task.target.stored_as()


def test_answers_are_judged_whole_and_what_is_no_number_is_refused(several):
    predictor, store, rows = several
    assert judge(predictor.task.target, (), predictor.stream(store, rows)).examples == len(rows)
    ((answers, truth, part),) = predictor.stream(store, rows)
    answers["sure"][7] = np.nan
    with pytest.raises(RunError) as refused:
        judge(predictor.task.target, (), [(answers, truth, part)])
    assert refused.value.code == "F-EVAL-FINITE" and refused.value.where == "row 8"


def test_what_needs_scores_says_so(several):
    predictor, _store, _rows = several
    with pytest.raises(UsageError, match="F-TARGET-SCORED"):
        linear_head(predictor.task, 8, 1)
    with pytest.raises(UsageError, match="F-EXPLAIN-LABEL"):
        question_of(predictor, "row", None, of="class1")


def test_a_kind_is_judged_like_those_that_it_is_like(monkeypatch):
    """Metrics, losses and details are those of the other kind, unless it has its own."""
    monkeypatch.setattr(cards, "alike", lambda kind: (kind, "number"))
    monkeypatch.setattr("fukami.evaluate.details.alike", cards.alike)
    assert cards.suits(cards.card("metrics", "rmse"), "grade") and not cards.suits(cards.card("metrics", "accuracy"), "grade")
    assert cards.suits(cards.card("evaluate/baselines", "mean"), "grade") and loss_metric("grade") == "mse"
    assert of_kind("grade") is of_kind("number")
    assert set(fitting(Parts())) == {"mse", "mae", "huber"}
