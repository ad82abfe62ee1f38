"""Laws over every field there is: its card is there, so it is tested, on its own specimens."""

import dataclasses
import html.parser
import json
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
import torch

from fukami.core.cards import cards
from fukami.core.problems import SEVERITIES
from fukami.core.tables import Column, Windows
from fukami.fields import batch as trees
from fukami.fields.contract import Field, InputField, Ragged, Shared, TargetField
from fukami.fields.registry import field_class, restored_field
from fukami.fields.scored import Scored
from tests.synthetic import columns

KINDS = sorted(cards("fields"))
INPUTS = [kind for kind in KINDS if issubclass(field_class(kind), InputField)]
TARGETS = [kind for kind in KINDS if issubclass(field_class(kind), TargetField)]
NEAR = [kind for kind in INPUTS if field_class(kind).near_fingerprint is not InputField.near_fingerprint]
SCORED = [kind for kind in TARGETS if issubclass(field_class(kind), Scored)]
CALIBRATED = [kind for kind in SCORED if field_class(kind).calibrates]
VARIED = [kind for kind in KINDS if field_class(kind).varied]
TOTAL = 48


def raw(kind: str, total: int = TOTAL, seed: int = 0) -> list[Column]:
    return columns({"x": kind}, total, seed=seed)["x"]


@cache
def learned(kind: str) -> Field:
    return field_class(kind)(name="x").learn(raw(kind))  # type: ignore[call-arg]


def flat(batch) -> list[torch.Tensor]:
    return trees.leaves(batch)


def same(a, b) -> bool:
    if isinstance(a, Ragged):
        return np.array_equal(a.values, b.values) and np.array_equal(a.offsets, b.offsets)
    return np.array_equal(a.values, b.values) if isinstance(a, Shared) else np.array_equal(a, b)


@pytest.mark.parametrize("kind", KINDS)
def test_kind_is_the_card_and_options_are_declared(kind):
    field = field_class(kind)
    assert field.kind == kind and dataclasses.is_dataclass(field)
    for option in dataclasses.fields(field.Options):
        assert option.metadata["doc"].endswith("."), option.name
    assert field(name="x").state == {}  # type: ignore[call-arg]


def test_tasks_join_kinds_in_the_role_that_they_have():
    tasks = cards("tasks").values()
    assert {kind for task in tasks for kind in task.inputs} <= set(INPUTS)
    assert {kind for task in tasks for kind in task.targets} <= set(TARGETS)
    assert set(INPUTS) | set(TARGETS) == set(KINDS), "a kind is an input, a target, or both"


def test_a_kind_may_have_both_roles():
    """Nothing that one role adds hides what the other adds."""

    class Both(InputField, TargetField):
        """As a text that is answered with a text would be."""

    added = [{name for name in dir(role) if name[0] != "_"} - set(dir(Field)) for role in (InputField, TargetField)]
    assert added[0].isdisjoint(added[1]) and added[0] | added[1] <= set(dir(Both))


def excused(kind: str, law: str) -> None:
    """Skips a law from which the card of `kind` is exempt, with the reason that it tells."""
    reason = cards("fields")[kind].exempt.get(law)
    if reason:
        pytest.skip(f"{kind} is exempt from {law}: {reason}")


def bare(told):
    """An answer without the scores that stand in it."""
    if isinstance(told, list):
        return [bare(one) for one in told]
    return {name: bare(one) for name, one in told.items() if name != "score"} if isinstance(told, dict) else told


@pytest.mark.parametrize("kind", TARGETS)
def test_restore_of_batch_is_the_identity(kind):
    """What a model that is always right answers, encoded again, is what was stored."""
    excused(kind, "restore")
    field, cells = learned(kind), raw(kind)
    stored = field.encode(cells)
    answers = field.restore(field.ideal(field.truth(field.batch(stored, np.arange(TOTAL)))))
    key = next(iter(answers[0]))
    if isinstance(cells[0].values, Windows):  # answers are told by name: `given` is their way back
        assert json.loads(json.dumps(answers)) == answers
        return
    again = field.encode([Column("x", pa.array([answer[key] for answer in answers]))])
    for name in stored:
        if isinstance(stored[name], Ragged):
            assert same(again[name], stored[name]), name
        else:
            np.testing.assert_allclose(np.asarray(again[name], float), np.asarray(stored[name], float), rtol=1e-6, atol=1e-5)
    known = field.known(field.truth(field.batch(stored, np.arange(TOTAL))))
    assert [list(one) for one in known] == [[key]] * TOTAL
    assert all(
        one[key] == (pytest.approx(answer[key]) if isinstance(answer[key], float) else bare(answer[key]))
        for one, answer in zip(known, answers, strict=True)
    )
    assert json.loads(json.dumps(answers)) == answers


@pytest.mark.parametrize("kind", SCORED)
def test_scores_of_raw_outputs_have_the_shape_of_ideal_scores(kind):
    field = learned(kind)
    whole = {card.needs for card in cards("tasks").values()}
    assert field.losses or kind in whole, "a target names the losses that it admits, unless its models have their own"
    batch = field.batch(field.encode(raw(kind)), np.arange(5))
    outputs_BMK = torch.randn(5, 3, field.num_outputs, generator=torch.Generator().manual_seed(0))
    scores = field.answers(outputs_BMK)
    assert scores.shape == field.ideal(field.truth(batch)).shape
    torch.testing.assert_close(field.settle(scores), scores)
    assert torch.isfinite(field.tempered(3.0).settle(scores)).all()


@pytest.mark.parametrize("kind", CALIBRATED)
def test_a_temperature_divides_the_outputs(kind):
    field = learned(kind)
    outputs = torch.randn(7, 1, field.num_outputs, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(field.tempered(2.5).settle(field.answers(outputs)), field.answers(outputs / 2.5))


@pytest.mark.parametrize("kind", TARGETS)
def test_what_validation_answers_teach_is_in_the_state_and_can_be_forgotten(kind):
    """It changes nothing that is stored, and learning anew begins from the start."""
    field = learned(kind)
    truth = field.truth(field.batch(field.encode(raw(kind)), np.arange(TOTAL)))
    answers = field.ideal(truth)
    settled = field.settled(answers, truth)
    assert json.loads(json.dumps(settled.state)) == settled.state
    assert (settled.state != field.state) is field.settles
    assert settled.unsettled().state == field.state and settled.stored_as() == field.stored_as()
    assert settled.settled(answers, truth).state == settled.state


@pytest.mark.parametrize("kind", TARGETS)
def test_an_answer_can_be_given_as_a_target(kind):
    excused(kind, "given")
    field = learned(kind)
    batch = field.batch(field.encode(raw(kind)), np.arange(TOTAL))
    answers = field.ideal(field.truth(batch))
    again = field.given(answers)
    torch.testing.assert_close(again, batch)
    assert field.apart(answers, field.ideal(field.truth(again))).tolist() == pytest.approx([0.0] * TOTAL, abs=1e-6)


@pytest.mark.parametrize("kind", INPUTS)
def test_batches_match_the_spec(kind):
    """A batch of data is built as the one that the field makes up for the sizes that it tells; lengths may differ."""
    excused(kind, "batches")
    field = learned(kind)
    batch, spec = field.batch(field.encode(raw(kind)), np.array([5, 0, 7])), field.spec()
    assert type(spec) is field.Spec and spec.kind == kind
    for noise in (None, torch.Generator().manual_seed(0)):
        made = field.blank(spec, 3, rng=noise)
        assert type(made) is type(batch)
        for own, other in zip(flat(batch), flat(made), strict=True):
            assert own.dtype == other.dtype and len(own) == len(other) == 3 and torch.isfinite(own).all()
            padded = hasattr(batch, "lengths") and own.ndim > 1
            assert own.shape == other.shape or (padded and own.shape[2:] == other.shape[2:])
    assert not hasattr(batch, "lengths") or flat(batch)[0].shape[1] == int(batch.lengths.max())


@pytest.mark.parametrize("kind", INPUTS)
def test_sizes_of_a_kind_are_plain_values_with_a_reference(kind):
    """They are written into a model's folder; the parameters that lists show are counted for the reference."""
    made = field_class(kind).Spec
    assert cards("fields")[kind].reference
    for spec in (made.reference(), made.small(), made.small().at_least(40)):
        assert spec.kind == kind and json.loads(json.dumps(dataclasses.asdict(spec)))
        first, second = (flat(field_class(kind).blank(spec, 2, rng=torch.Generator().manual_seed(0))) for _ in range(2))
        assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
        assert field_class(kind).call(spec).startswith("forward(")


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_is_its_examples_one_by_one(kind):
    field = learned(kind)
    stored = field.encode(raw(kind))
    together = field.batch(stored, np.array([9, 2]))
    for at, row in enumerate((9, 2)):
        own = flat(trees.part(together, at, at + 1))
        for whole, alone in zip(own, flat(field.batch(stored, np.array([row]))), strict=True):
            torch.testing.assert_close(whole[tuple(slice(size) for size in alone.shape)], alone)


@pytest.mark.parametrize("kind", KINDS)
def test_encoding_in_chunks_is_encoding_at_once(kind):
    field, cells = learned(kind), raw(kind)
    whole = field.encode(cells)
    part = field.encode([c.take(np.arange(10, 20)) for c in cells])
    lengths = field.lengths(whole)
    for name, array in whole.items():
        if isinstance(array, Ragged):
            start, stop = array.offsets[10], array.offsets[20]
            assert same(part[name], Ragged(array.values[start:stop], array.offsets[10:21] - start))
            assert lengths is not None and same(lengths, np.diff(array.offsets))
        else:
            assert same(part[name], array if isinstance(array, Shared) else array[10:20])


@pytest.mark.parametrize("kind", KINDS)
def test_state_survives_json(kind):
    field = learned(kind)
    state = json.loads(json.dumps(field.state, allow_nan=False))
    again = restored_field(type(field), "x", field.options, state)
    whole, other = field.encode(raw(kind)), again.encode(raw(kind))
    assert all(same(whole[name], other[name]) for name in whole)


@pytest.mark.parametrize("kind", KINDS)
def test_learning_is_deterministic(kind):
    assert (
        field_class(kind)(name="x").learn(raw(kind), seed=3).state == field_class(kind)(name="x").learn(raw(kind), seed=3).state
    )  # type: ignore[call-arg]


@pytest.mark.parametrize("kind", KINDS)
def test_fingerprints_are_equal_where_the_content_is(kind):
    field, cells = field_class(kind)(name="x"), raw(kind)  # type: ignore[call-arg]
    twice = [c.take(np.concatenate([np.arange(TOTAL), np.arange(TOTAL)])) for c in cells]
    prints = field.fingerprint(twice)
    assert prints.dtype == np.uint64 and prints.shape == (2 * TOTAL,)
    np.testing.assert_array_equal(prints[:TOTAL], prints[TOTAL:])
    stored = learned(kind).encode(cells)
    for i in range(6):
        for j in range(i):
            alike = all(same(_row(stored[name], i), _row(stored[name], j)) for name in stored)
            assert (prints[i] == prints[j]) == alike, (i, j)


def _row(array, row: int) -> np.ndarray:
    if isinstance(array, Shared):
        return array.values
    return array.values[array.offsets[row] : array.offsets[row + 1]] if isinstance(array, Ragged) else array[row]


@pytest.mark.parametrize("kind", NEAR)
def test_near_fingerprints_of_equal_content_are_equal(kind):
    cells = [c.take(np.array([0, 1, 0])) for c in raw(kind)]
    marks = field_class(kind)(name="x").near_fingerprint(cells)  # type: ignore[call-arg]
    assert marks is not None and marks.dtype == np.uint64 and marks[0] == marks[2] != marks[1]


@pytest.mark.parametrize("kind", KINDS)
def test_augment_is_the_identity_where_nothing_is_asked(kind):
    field = learned(kind)
    batch = field.batch(field.encode(raw(kind)), np.arange(8))
    varied = field.augment(batch, torch.Generator().manual_seed(0))
    for a, b in zip(flat(batch), flat(varied), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("kind", VARIED)
@pytest.mark.parametrize("only", ["all", "each"])
def test_augment_follows_its_generator(kind, only):
    field = learned(kind)
    settings = [field.varied] if only == "all" else [{name: value} for name, value in field.varied.items()]
    batch = field.batch(field.encode(raw(kind)), np.arange(16))
    for setting in settings:
        varied = dataclasses.replace(field, options=dataclasses.replace(field.options, **setting))  # type: ignore[type-var]
        once, again, other = (flat(varied.augment(batch, torch.Generator().manual_seed(seed))) for seed in (1, 1, 2))
        assert all(torch.equal(a, b) for a, b in zip(once, again, strict=True)), setting
        assert not all(torch.equal(a, b) for a, b in zip(once, other, strict=True)), setting
        for before, after in zip(flat(batch), once, strict=True):
            free = {1} if hasattr(batch, "lengths") else set()  # what is as long as it is may become longer or shorter
            sizes = [(a, b) for axis, (a, b) in enumerate(zip(before.shape, after.shape, strict=True)) if axis not in free]
            assert all(a == b for a, b in sizes) and before.dtype == after.dtype and torch.isfinite(after).all(), setting


@pytest.mark.parametrize("kind", INPUTS)
def test_plain_features_do_not_depend_on_the_company(kind):
    field, cells = learned(kind), raw(kind)
    whole, part = (_dense(field.plain_features(c)) for c in (cells, [c.take(np.array([3, 11])) for c in cells]))
    assert whole.shape[0] == TOTAL and np.isfinite(whole).all()
    np.testing.assert_allclose(whole[[3, 11]], part, rtol=1e-6)


def _dense(x) -> np.ndarray:
    return x.toarray() if hasattr(x, "toarray") else np.asarray(x)


class _Tags(html.parser.HTMLParser):
    """Collects tags, and fails on one that could run something."""

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "iframe", "object") and not any(name.startswith("on") for name, _value in attrs)


HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>&amp;\'"'


@pytest.mark.parametrize("kind", KINDS)
def test_render_is_escaped(kind):
    field, cells = learned(kind), raw(kind)
    _Tags().feed(field.render(cells, 0))
    if isinstance(cells[0].values, Windows):
        whole = cells[0].values.whole
        names = dataclasses.replace(whole, channels=(HOSTILE, *whole.channels[1:]))
        windows = dataclasses.replace(cells[0].values, whole=names)
        shown = field.render([dataclasses.replace(cells[0], values=windows)], 0)
    elif cards("fields")[kind].columns == "many":
        hostile = [Column(HOSTILE, pa.array([HOSTILE, "a"])), *(c.take(np.arange(2)) for c in cells[1:])]
        shown = field_class(kind)(name="x").render(hostile, 0)  # type: ignore[call-arg]
    else:
        shown = field_class(kind)(name="x").render([Column("x", pa.array([HOSTILE, "a"]))], 0)  # type: ignore[call-arg]
    _Tags().feed(shown)
    assert "<script" not in shown and "<img src=x" not in shown


@pytest.mark.parametrize("kind", KINDS)
def test_schema_and_sketch_are_json_and_hold_no_raw_data(kind):
    field = learned(kind)
    told = field.schema()
    assert json.loads(json.dumps(told)) == told and "type" in told
    sketch = field.sketch(raw(kind))
    assert json.loads(json.dumps(sketch, allow_nan=False)) == sketch
    assert len(json.dumps(sketch)) < 20_000


@pytest.mark.parametrize("kind", KINDS)
def test_check_gives_complete_problems(kind):
    for total in (TOTAL, 2):
        for problem in field_class(kind)(name="x").check(raw(kind, total)):  # type: ignore[call-arg]
            assert problem.severity in SEVERITIES and problem.code.startswith("F-") and problem.what and problem.where
            assert problem.count >= 1


@pytest.mark.parametrize("kind", KINDS)
def test_own_data_is_recognised_best(kind):
    """No other field of one column and of the same role finds a column more its own than the field that it was made for."""
    excused(kind, "recognised")
    (column, *_others) = raw(kind)
    own = field_class(kind).recognise(column)
    assert 0.5 <= own <= 1 or cards("fields")[kind].columns == "many"
    same_role = {other for role in (INPUTS, TARGETS) if kind in role for other in role}
    single = [other for other in same_role if cards("fields")[other].columns == "one"]
    if kind in single:
        assert own == max(field_class(other).recognise(column) for other in single)


@pytest.mark.parametrize("kind", KINDS)
def test_every_usable_row_encodes(kind):
    field, cells = learned(kind), raw(kind)
    assert field.usable(cells).all()
    assert json.loads(json.dumps(field.facts())) == field.facts()
