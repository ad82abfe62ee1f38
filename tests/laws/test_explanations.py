"""Laws over every way to explain, on every task whose input it explains: both are there, so they are tested."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from fukami.core.cards import cards, load, methods_for
from fukami.core.errors import UsageError
from fukami.explain.case import Case
from fukami.explain.cohort import Cohort
from fukami.explain.faithfulness import faithfulness_of
from fukami.fields.batch import mapped
from fukami.fields.contract import InputField
from fukami.fields.registry import field_class
from fukami.fields.scored import Scored
from tests.small_predictors import row_of, small_predictor

METHODS = cards("explain/methods")
TASKS = {name: card for name, card in cards("tasks").items() if "explain" not in card.without}
KINDS = sorted({kind for t in TASKS.values() for kind in t.inputs})
PAIRS = [(m, t.name) for t in TASKS.values() for m in METHODS if all(m in methods_for(kind) for kind in t.inputs)]
PLAIN = ("image-classification", "text-classification", "tabular-classification", "tabular-anomaly-detection")
"""Tasks on which every way to explain is a quick test; on one task of each other input one is, and all on all are slow."""
FIRST = {task.inputs: name for name, task in reversed(TASKS.items())}
EACH = [pytest.param(t, marks=() if t in (*PLAIN, *FIRST.values()) else pytest.mark.slow) for t in TASKS]
SINGLE = [
    pytest.param(m, t, marks=() if t in PLAIN or (m == "occlusion" and t in FIRST.values()) else pytest.mark.slow)
    for m, t in PAIRS
    if METHODS[m].scope == "input"
]
SETS = [(m, t) for m, t in PAIRS if METHODS[m].scope == "set"]


def excused(method: str, task: str) -> None:
    """Skips what looks at the attention of one pass where the network is asked more than once."""
    if reason := TASKS[task].exempt.get(f"explained by {method}"):
        pytest.skip(reason)
    predictor, _columns = small_predictor(task)
    if METHODS[method].looks_at == "parts" and not hasattr(predictor.network.encoder, "parts"):
        pytest.skip("no model of it says by itself which parts count")
    if METHODS[method].looks_at == "attention" and not predictor.task.is_one_pass(predictor.network):
        pytest.skip("its answers are written step by step")


def case_of(task: str, row: int = 0, **options) -> Case:
    predictor, columns = small_predictor(task)
    return Case(predictor, row_of(columns, row), samples=64, **options)


@pytest.mark.parametrize(("method", "task"), SINGLE)
def test_every_unit_gets_a_finite_weight_and_the_same_one_again(method, task):
    excused(method, task)
    first, again = (load("explain/methods", method).weigh(case_of(task)) for _time in range(2))
    assert first.weights.shape == (len(case_of(task).units),)
    assert np.isfinite(first.weights).all() and np.abs(first.weights).max() > 0
    np.testing.assert_array_equal(first.weights, again.weights)


@pytest.mark.parametrize(("method", "task"), SINGLE)
def test_explaining_leaves_the_predictor_and_the_generators_as_they_were(method, task):
    excused(method, task)
    case = case_of(task, 1)
    before = {name: tensor.clone() for name, tensor in case.predictor.network.state_dict().items()}
    grads = [p.requires_grad for p in case.predictor.network.parameters()]
    states = torch.get_rng_state(), np.random.get_state()[1].copy()
    load("explain/methods", method).weigh(case)
    after = case.predictor.network.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert [p.requires_grad for p in case.predictor.network.parameters()] == grads
    assert torch.equal(states[0], torch.get_rng_state()) and np.array_equal(states[1], np.random.get_state()[1])


@pytest.mark.parametrize(("method", "task"), SETS)
def test_a_survey_weighs_every_unit(method, task):
    predictor, columns = small_predictor(task)
    cohort = Cohort(predictor, columns)
    found = load("explain/methods", method).survey(cohort)
    assert found.weights.shape == (len(cohort.units(0)),) and np.isfinite(found.weights).all()
    assert found.measure and len(found.told) == len(found.weights)
    names = cohort.units(0).names
    assert names[int(found.weights.argmax())] != "noise"


@pytest.mark.parametrize("task", EACH)
def test_with_nothing_gone_a_copy_is_the_example(task):
    case = case_of(task)
    copies = case.field.without(case.batch, case.units, np.zeros((2, len(case.units)), bool), case.filling, 0)
    for copied, own in zip(*(b if isinstance(b, tuple) else (b,) for b in (copies, case.batch)), strict=True):
        assert torch.equal(copied, torch.cat([own, own]))


@pytest.mark.parametrize("task", EACH)
def test_without_any_unit_examples_are_answered_nearly_alike(task):
    """What stands where all is taken away must not tell one example from another."""
    if reason := TASKS[task].exempt.get("nothing left"):
        pytest.skip(reason)
    if not issubclass(field_class(TASKS[task].targets[0]), Scored):
        pytest.skip("each example is asked about an answer of its own")
    label = case_of(task).question.of or ""
    cases = [case_of(task, row, of=label) for row in range(6)]
    nothing = [case.values(np.ones((1, len(case.units)), bool))[0] for case in cases]
    assert np.ptp(nothing) < 0.5 * np.ptp([case.value for case in cases])


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_input_can_do_what_it_offers_and_falls_back_on_answers(kind):
    told, made = cards("fields")[kind], field_class(kind)
    if reason := told.exempt.get("explained"):
        assert not told.offers and not told.explained_by
        pytest.skip(reason)
    usual = [METHODS[name] for name in told.explained_by]
    assert usual[-1].looks_at == "answers" and all(m.asks in told.offers and m.scope == "input" for m in usual)
    takes = {"units": ("units", "without", "portrait"), "exchange": ("exchanged", "usual")}
    for name in {name for offer in told.offers for name in takes.get(offer, ("way",))}:
        assert getattr(made, name) is not getattr(InputField, name), name


@pytest.mark.parametrize("task", EACH)
def test_an_explanation_is_json_and_draws_itself(task):
    from fukami.explain.verb import explanation

    case = case_of(task)
    weights = load("explain/methods", "occlusion").weigh(case)
    found = explanation(case, "x.jpg", "occlusion", weights, None)
    told = json.loads(json.dumps(found.as_dict()))
    assert told["units"] and set(told) >= {"input", "answer", "of", "method", "units", "faithfulness", "nearest"}
    assert found.portrait.png()[:4] == b"\x89PNG" and found.portrait.lines
    assert found.html().count("<div") == found.html().count("</div>")


@pytest.mark.parametrize(("method", "task"), SINGLE)
def test_on_the_whole_the_order_of_the_weights_is_better_than_random(method, task):
    if reason := TASKS[task].exempt.get(f"order of {method}"):
        pytest.skip(reason)
    excused(method, task)
    scores = []
    for row in range(8):
        case = case_of(task, row)
        found = load("explain/methods", method).weigh(case)
        scores.append(faithfulness_of(case, found.weights, signed=found.signed, random=1).score)
    assert np.mean(scores) > 0


@pytest.mark.parametrize(("method", "task"), SINGLE)
def test_a_network_that_hides_everything_is_explained_or_refused_with_what_fits(method, task):
    """Like a run that answers through ONNX: no gradients, no grid, no attention."""
    if reason := TASKS[task].without.get("export"):
        pytest.skip(reason)
    case = case_of(task)
    if not case.predictor.task.is_one_pass(case.predictor.network):
        pytest.skip("a network that is asked more than once never stands behind a file")
    hidden = Hidden(case.predictor.network)
    shut = Case(dataclasses.replace(case.predictor, network=hidden), case.columns, samples=64)
    target = field_class(TASKS[task].targets[0])
    if METHODS[method].looks_at == "answers" and not target.losses and not issubclass(target, Scored):  # the model knows them
        with pytest.raises(UsageError, match="F-LOSS-HIDDEN"):
            load("explain/methods", method).weigh(shut)
        return
    if METHODS[method].looks_at == "answers":
        assert np.isfinite(load("explain/methods", method).weigh(shut).weights).all()
        return
    with pytest.raises(UsageError, match="F-EXPLAIN-FIT") as told:
        load("explain/methods", method).weigh(shut)
    fit = told.value.expected.removeprefix("one of ").split(", ")
    assert fit == [name for name in methods_for(case.field.kind) if METHODS[name].looks_at == "answers"]
    assert told.value.fix == f"--method {fit[0]}"


class Hidden(torch.nn.Module):
    """A network that gives numbers and nothing else, and takes nothing that asks for more."""

    def __init__(self, network):
        super().__init__()
        self._inside = [network]

    def forward(self, inputs, *, features=False):
        for given in inputs.values():
            for tensor in given if isinstance(given, tuple) else (given,):
                tensor.numpy()  # as a runtime outside of torch reads it
        with torch.no_grad():
            outputs = mapped(self._inside[0](inputs), torch.Tensor.detach)
        return (outputs, None) if features else outputs
