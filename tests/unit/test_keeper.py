"""A training that is cut and resumed ends with the same bits; one in which something breaks is mended, and says so."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from fukami.core.errors import RunError
from fukami.engine import checkpoint, keeper, loop
from fukami.engine.keeper import Keeper
from fukami.engine.learner import LossOf
from fukami.engine.mishaps import is_out_of_memory
from fukami.fields import batch as trees
from tests.small_learners import learner, same_bits, state, with_loss

FULL = "CUDA out of memory. Tried to allocate 2.00 GiB"
TRAININGS = [
    *[("image-classification", name, True) for name in ("adamw", "muon", "sgd")],
    *[("text-classification", name, False) for name in ("adamw", "muon")],
    *[("tabular-regression", name, False) for name in ("adamw", "muon", "sgd", "rmsprop", "adam")],
]


def run(made, *, every=3, until=None, **options):
    """Runs to the end, or until a step is done; the losses and what was told."""
    kept = Keeper(made, every, **options)
    losses, told = {}, []
    for progress in kept.steps():
        told += [event.as_dict() for event in made.events]
        made.events.clear()
        losses[progress.step] = float(progress.loss)
        if progress.step == until:
            break
    return kept, losses, told


def resumed(kept: Keeper, place: Path, fresh):
    """A new learner that goes on from what was saved of another's keeper."""
    checkpoint.save(place, kept.snapshot)
    again = Keeper(fresh, kept.every)
    again.restore(checkpoint.load(place))
    list(again.steps())
    return fresh


@pytest.mark.parametrize(("task", "optimizer", "last"), TRAININGS)
def test_a_training_that_is_cut_and_resumed_ends_with_the_same_bits(tmp_path, task, optimizer, last):
    def new():
        return learner(task, optimizer=optimizer, last=last)

    whole = new()
    run(whole)
    for cut in (2, 8):
        kept, _losses, _told = run(new(), until=cut)
        fresh = resumed(kept, tmp_path / "checkpoint.safetensors", new())
        assert same_bits(whole, fresh), cut
        for weight, told in fresh.optimizer.state.items():
            assert all(t.stride() == weight.stride() for t in told.values() if torch.is_tensor(t) and t.shape == weight.shape)


def breaking(made, step, *, above=0.0):
    """Makes the loss of a step no number while the share of the rate is above `above`."""
    plain = made.objective
    broken = lambda: made.step == step and made.rate_scale > above  # noqa: E731
    made.objective = with_loss(plain, lambda loss, batch: loss * (float("nan") if broken() else 1.0))
    return made


@pytest.mark.parametrize("cut", [6, 7, 9, 11])
def test_what_went_back_resumes_exactly_too(tmp_path, cut):
    def new():
        return breaking(learner("tabular-regression"), 7, above=0.1)

    whole = new()
    _kept, _losses, told = run(whole)
    assert [(event["event"], event["at"], event["back"], event["tries"]) for event in told] == [
        ("rolled-back", 8, 6, 1),
        ("rolled-back", 8, 6, 2),
    ]
    assert whole.rate_scale == 0.0625
    kept, _losses, _told = run(new(), until=cut)
    assert same_bits(whole, resumed(kept, tmp_path / "checkpoint.safetensors", new()))


def limited(made, most):
    """Lets memory run out with more than `most` examples at a time."""
    plain = made.objective

    def objective(net, batch, rng):
        loss = plain(net, batch, rng)
        if trees.size(batch) > most:
            raise torch.OutOfMemoryError(FULL)
        return loss

    made.objective = objective
    return made


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "cut"), [pytest.param("text-classification", 5, marks=pytest.mark.slow), ("tabular-regression", 1)]
)
def test_a_training_in_parts_has_the_losses_of_a_whole_one_and_resumes_exactly(tmp_path, task, cut):
    def new():
        return limited(learner(task, optimizer="sgd"), 4)

    for made in (whole := new(), free := learner(task, optimizer="sgd")):
        for module in made.network.modules():
            if isinstance(module, torch.nn.Dropout):  # its draws differ between a batch and its parts
                module.p = 0.0
    _kept, losses, told = run(whole)
    _kept, expected, _told = run(free)
    assert list(losses.values()) == pytest.approx(list(expected.values()), rel=1e-4)
    assert [(event["event"], event["micro_batch"], event["parts"]) for event in told] == [
        ("out-of-memory", 8, 2),
        ("out-of-memory", 4, 4),
    ]
    steady = new()
    run(steady)
    kept, _losses, _told = run(new(), until=cut)
    assert same_bits(steady, resumed(kept, tmp_path / "checkpoint.safetensors", new()))


class Full(torch.autograd.Function):
    """Passes through; memory runs out on the way back."""

    @staticmethod
    def forward(ctx, x, fails):
        ctx.fails = fails
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        if ctx.fails():
            raise torch.OutOfMemoryError(FULL)
        return grad, None


def once(made, at):
    """A function that is true the first time it is called in step `at`."""
    left = [True]

    def fails():
        if made.step == at and left[0]:
            left[0] = False
            return True
        return False

    return fails


def fail_backward(made, fails):
    plain = made.objective
    made.objective = with_loss(plain, lambda loss, batch: Full.apply(loss, fails))


def fail_update(made, fails):
    plain = made.optimizer.step

    def step(*args):
        if fails():
            with torch.no_grad():  # torn: one tensor is new, the others old
                next(made.network.parameters()).add_(1.0)
            raise torch.OutOfMemoryError(FULL)
        return plain(*args)

    made.optimizer.step = step


def fail_average(made, fails):
    plain = made.ema.update
    made.ema.update = lambda: _raise() if fails() else plain()


def fail_preparing(made, fails):
    made.vary = lambda batch, _rng: _raise() if fails() else batch


def _raise():
    raise MemoryError("Unable to allocate 3.1 GiB")


@pytest.mark.parametrize(
    ("place", "event"),
    [
        (fail_backward, "out-of-memory"),
        (fail_update, "torn-update"),
        (fail_average, "torn-update"),
        (fail_preparing, "not-prepared"),
    ],
)
def test_memory_may_run_out_anywhere_in_a_step(place, event):
    made, free = learner(last=True), learner(last=True)
    place(made, once(made, 4))
    _kept, _losses, told = run(made)
    run(free)
    assert [(one["event"], one["at"]) for one in told] == [(event, 5)]
    if event == "not-prepared":
        assert same_bits(made, free)
    assert made.step == 12
    weights, expected = made.network.state_dict(), free.network.state_dict()
    counted = [name for name in weights if name.endswith("num_batches_tracked")]
    assert counted and all(weights[name] >= expected[name] for name in counted)
    assert all(bool(torch.isfinite(t.float()).all()) for t in state(made))


class Captured(torch.nn.Module):
    """Stands for a network whose steps are replayed as graphs: it takes batches of one shape alone."""

    def __init__(self, network, size=16):
        super().__init__()
        self.network, self.size, self.calls = [network], size, 0

    def forward(self, objective, batch, rng):
        self.calls += 1
        assert trees.size(batch) == self.size, "a graph was replayed for another shape"
        return self.network[0](objective, batch, rng)


@pytest.fixture
def resets(monkeypatch):
    """How often what was compiled was let go of."""
    done = []
    monkeypatch.setattr(torch.compiler, "reset", lambda: done.append(True))
    return done


def captured(made):
    """As on a GPU, where a compiled step is a graph."""
    made.plan = replace(made.plan, compiled=True, device="cuda")
    made.called = Captured(made.called)
    return made


def test_graphs_of_whole_steps_are_not_replayed_for_parts_of_them(resets):
    made, free = captured(learner()), learner()
    graphs, left, plain = made.called, [2], made.objective

    def objective(net, batch, rng):
        loss = plain(net, batch, rng)
        left[0] -= made.step == 3
        if left[0] == 1:
            left[0] = 0
            raise torch.OutOfMemoryError(FULL)
        return loss

    made.objective = objective
    _kept, _losses, told = run(made)
    assert [(one["event"], one["at"]) for one in told] == [("out-of-memory", 4), ("left-graphs", 4)]
    assert graphs.calls == 4 and isinstance(made.called, LossOf) and not made.plan.compiled and resets == [True]
    run(free, until=3)
    free.micro_batch = 8
    list(Keeper(free).steps())
    assert same_bits(made, free)


def test_a_training_that_had_come_down_to_parts_resumes_without_graphs(tmp_path, resets):
    def new():
        return captured(learner("tabular-regression"))

    whole = new()
    fail_backward(whole, once(whole, 2))
    kept, _losses, _told = run(whole, until=6)
    fresh = new()
    graphs = fresh.called
    resumed(kept, tmp_path / "checkpoint.safetensors", fresh)
    list(kept.steps())
    assert graphs.calls == 0 and same_bits(whole, fresh) and [event.kind for event in fresh.events] == ["left-graphs"]


def test_a_pass_that_failed_leaves_no_trace_in_batch_statistics():
    made, free = learner(), learner()
    for one in (made, free):
        one.micro_batch = 8
    left, plain = [2], made.objective

    def objective(net, batch, rng):
        loss = plain(net, batch, rng)
        left[0] -= 1
        if not left[0]:  # the second part of the first step: the first has moved the statistics
            made.micro_batch = 16  # halving gives the 8 that it had
            raise torch.OutOfMemoryError(FULL)
        return loss

    made.objective = objective
    run(made)
    run(free)
    assert same_bits(made, free)


def test_batches_ahead_are_given_up_where_they_do_not_fit():
    made, free = learner(), learner()
    made.plan = replace(made.plan, batches_ahead=3)
    fail_preparing(made, once(made, 4))
    run(made)
    run(free)
    assert made.plan.batches_ahead == 0 and same_bits(made, free)


@pytest.mark.slow
def test_one_example_that_is_too_large_is_said():
    made = limited(learner("tabular-regression"), 0)
    with pytest.raises(RunError) as told:
        run(made)
    assert told.value.code == "F-MEMORY" and "single example" in told.value.what
    made = learner("tabular-regression")
    fail_preparing(made, lambda: made.step == 2)
    with pytest.raises(RunError) as told:
        run(made)
    assert told.value.code == "F-MEMORY" and told.value.fix == "--set batch_size=8" and "16" in told.value.got
    made = learner("tabular-regression")
    fail_update(made, lambda: True)
    with pytest.raises(RunError, match="F-MEMORY"):
        run(made)


def test_a_snapshot_that_does_not_fit_leaves_the_older_one_whole(monkeypatch):
    made = learner(steps=9)
    kept = Keeper(made, 3)
    for progress in kept.steps():
        if progress.step == 4:
            break
    before = keeper.copied(kept.snapshot)
    made.network.head.weight.data.add_(1.0)
    made.optimizer.state.popitem()  # another shape of state, so that something is to be allocated
    made.optimizer.state[made.network.head.bias] = {"more": torch.zeros(100)}
    monkeypatch.setattr(torch, "empty_like", lambda *_args, **_kw: _raise())
    kept.take()
    assert [event.kind for event in made.events] == ["no-snapshot"]
    ours, theirs = kept.snapshot["learner"]["network"], before["learner"]["network"]
    assert kept.snapshot["learner"]["step"] == 3
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_snapshot_reuses_its_memory_and_is_not_what_it_was_taken_from():
    made = learner(steps=9)
    kept = Keeper(made, 3)
    places = []
    for progress in kept.steps():
        if progress.step in (5, 8):
            places.append(kept.snapshot["learner"]["network"]["head.weight"].data_ptr())
    assert places[0] == places[1] != made.network.head.weight.data_ptr()


# -- losses that are no numbers ------------------------------------------------------------------------------------------
def judged(made, *, usable):
    """Runs with a caller who refuses the state after every fifth step that is not `usable(learner)`."""
    kept, told = Keeper(made, every=3), []
    for progress in kept.steps():
        told += [event.as_dict() for event in made.events]
        made.events.clear()
        if progress.step % 5 == 0 and not usable(made):
            kept.refuse(RunError("F-EVAL-FINITE", "the answers are not finite"))
    return kept, told


def test_a_state_whose_answers_are_not_finite_is_not_kept():
    made = learner()
    kept, told = judged(made, usable=lambda one: one.rate_scale < 1)
    assert [event["event"] for event in told] == ["rolled-back"]
    assert (told[0]["at"], told[0]["back"], kept.tries) == (5, 3, 1)
    assert made.step == made.num_steps


def test_answers_that_stay_broken_are_told_as_they_were_found():
    with pytest.raises(RunError, match="F-EVAL-FINITE"):
        judged(learner(), usable=lambda _one: False)


def test_a_loss_that_stays_broken_is_given_up_with_the_examples_of_its_step():
    made = breaking(learner("tabular-regression"), 7)
    kept = Keeper(made, 3, name=lambda row: f"houses.csv:{row + 2}")
    told = []
    with pytest.raises(RunError) as error:
        for _progress in kept.steps():
            told += [event.kind for event in made.events]
            made.events.clear()
    assert kept.tries == keeper.TRIES and kept.snapshot["learner"]["rate_scale"] == pytest.approx(0.25**5)
    assert error.value.code == "F-LOSS-NONFINITE"
    names = [f"houses.csv:{row + 2}" for row in made.order.at(7)]
    assert error.value.where == f"step 8: {', '.join(names[:5])} and 11 more"
    assert "--set learning_rate=" in error.value.fix


def test_numbers_in_the_data_that_are_not_finite_are_named_at_once():
    made = learner("tabular-regression")
    bad = made.order.at(4)[[3, 9]]
    plain = made.store.batch

    class Broken:
        fields = made.store.fields

        @staticmethod
        def batch(rows, device="cpu"):
            batch = plain(rows, device)
            batch["row"].numbers[torch.isin(torch.as_tensor(rows), torch.as_tensor(bad))] = float("inf")
            return batch

    made.store = Broken()
    kept = Keeper(made, 3, name=lambda row: f"houses.csv:{row + 2}")
    with pytest.raises(RunError) as error:
        list(kept.steps())
    first = next(step for step in range(12) if set(made.order.at(step)) & set(bad))
    inside = [row for row in made.order.at(first) if row in bad]
    assert kept.tries == 0
    assert error.value.where == f"step {first + 1}: " + ", ".join(f"houses.csv:{row + 2}" for row in inside)
    assert "row" in error.value.got


def test_examples_whose_own_loss_breaks_are_told_apart():
    made = learner("tabular-regression")
    bad = int(made.order.at(4)[3])
    mark = float(made.store.batch(made.order.at(4)[3:4])["row"].numbers[0, 0])
    plain = made.objective

    hit = lambda batch: bool((batch["row"].numbers[:, 0] == mark).any())  # noqa: E731
    made.objective = with_loss(plain, lambda loss, batch: loss * (float("inf") if hit(batch) else 1.0))
    with pytest.raises(RunError) as error:
        list(Keeper(made, 3, name=str).steps())
    assert error.value.where.endswith(f": {bad}")
    assert "1 of 16 examples" in error.value.got


def test_weights_that_ran_away_are_found():
    made = learner("tabular-regression", optimizer="sgd", learning_rate=1e30, clip_norm=0.0)
    kept = Keeper(made, 3)
    with pytest.raises(RunError) as error:
        list(kept.steps())
    assert "weights" in error.value.got or "gradient" in error.value.got


def test_a_gradient_that_breaks_alone_is_named():
    made = learner("tabular-regression")
    weight = dict(made.network.named_parameters())["head.weight"]
    plain = made.objective
    made.objective = with_loss(plain, lambda loss, batch: loss + (weight * 0).pow(0.5).sum())
    with pytest.raises(RunError) as error:
        list(Keeper(made, 3).steps())
    assert "head.weight" in error.value.got


def test_the_words_by_which_memory_is_known():
    assert is_out_of_memory(RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"))
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(RuntimeError("shapes do not match"))


@pytest.mark.parametrize("repeats", [True, False])
@pytest.mark.parametrize("broken", [13, 15])
def test_where_the_loss_is_looked_at_seldom_the_first_step_that_broke_is_found(monkeypatch, broken, repeats):
    """A device that has to be waited for, so that the loss is looked at after steps 15 (of an epoch) and 16."""
    made, given_up, prepare = learner("tabular-regression", steps=20), [], loop.load
    cpu, plain, pinpointed, searching = made.device, made.objective, Keeper._pinpointed, []

    breaks = lambda: made.step == broken and (repeats or not searching)  # noqa: E731
    objective = with_loss(plain, lambda loss, batch: loss * (float("nan") if breaks() else 1.0))

    def told(stands, error, _name):
        given_up.append((stands.step, error.step, len(error.rows)))
        return RunError("F-LOSS-NONFINITE", "given up")

    made.objective, made.device = objective, SimpleNamespace(type="other")
    monkeypatch.setattr(loop, "load", lambda asked, step: prepare(replace(asked, device=cpu), step))
    monkeypatch.setattr(keeper, "broken", told)
    monkeypatch.setattr(Keeper, "_pinpointed", lambda own, error: searching.append(1) or pinpointed(own, error))
    with pytest.raises(RunError):
        list(Keeper(made, every=4).steps())
    found = broken if repeats else {13: 14, 15: 15}[broken]
    assert given_up == [(found, found, 16)]
