"""The step plan: the search by invented clocks, the double that nothing leaks from, the memory of what was measured."""

import copy
import json
import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import fukami
from fukami.core import kept
from fukami.core.cache import cache_folder
from fukami.core.recipe import LearningChoices, PlanChoices
from fukami.data.batches import Order
from fukami.data.store import Store, prepare
from fukami.engine import candidates, optimisers, plan_cache, planner
from fukami.engine.candidates import Facts
from fukami.engine.learner import Learner
from fukami.engine.loop import load, train
from fukami.engine.memory import saved_bytes
from fukami.engine.mishaps import NotFinite
from fukami.engine.plan import Figure, Plan, best_of, threads_kept
from fukami.engine.planner import Length, Search, measure
from fukami.engine.trial import Agreement, NotCopied, Trial, apart, noiseless, room
from fukami.models.contract import Network
from fukami.objectives.contract import Outcome
from fukami.tasks.registry import contract
from tests.synthetic import columns

FACTS = Facts(pictures=True, bfloat16=True, threads=2, cores=2, whole=False, batch_size=64)
LONG = Length(steps=100_000)
SOON = Length(steps=5000)
"""Long enough to look at everything, too short to compile."""
SAME = Agreement(1.0, 1.0, 0.0)
OPEN = PlanChoices()


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FUKAMI_CACHE", str(tmp_path / "cache"))


# -- the search, with a machine whose speed is a formula -----------------------------------------------------------------
class Machine:
    """Stands in for a trial: a step of a plan takes what `speed` says, on a clock of its own."""

    def __init__(self, speed, *, agreement=SAME, compile_s=0.0, loading_s=0.0, update_s=0.0):
        self.speed, self.found, self.compile_s = speed, agreement, compile_s
        self.loading_s, self.update_s = loading_s, update_s
        self.now, self.told, self.compared, self.share = 0.0, [], [], 1.0
        self.learner = type("Double", (), {"device": torch.device("meta")})()

    def clock(self):
        return self.now

    def take(self, examples):
        self.share = examples / FACTS.batch_size if examples else 1.0

    def seconds(self, plan, step, count=1):
        if plan.compiled and plan not in self.told:
            self.now += self.compile_s
        self.told.append(plan)
        seconds = self.speed(plan) * self.share + self.update_s
        self.now += seconds * count
        return seconds

    def updating(self, plan):
        return self.update_s

    def loading(self, plan, step):
        return self.loading_s

    def fitted(self):
        return 0

    def agreement(self, plan, usual, step):
        self.compared.append(plan)
        return self.found(plan) if callable(self.found) else self.found


def searched(machine, *, choices=OPEN, facts=FACTS, length=LONG, **more):
    return Search(machine, choices, facts, length, **more).run(Plan(threads=2), 0, [])


def conv_with_amx(plan):
    """Seconds of a step on a machine that is like one with AMX."""
    return 0.16 * (0.5 if plan.memory_format == "channels-last" else 1) * (0.4 if plan.precision == "bfloat16" else 1)


def test_the_fastest_of_each_coordinate_is_found_and_the_usual_is_kept_beside():
    found = searched(Machine(conv_with_amx))
    assert (found.plan.precision, found.plan.memory_format, found.plan.threads) == ("bfloat16", "channels-last", 2)
    assert found.figures[0].plan == Plan(threads=2) and found.complete
    assert found.seconds == pytest.approx(0.16 * 0.5 * 0.4) and found.line().startswith("plan: bfloat16, channels-last")
    assert "5.0 × the usual speed (160 ms)" in found.line()


def test_an_order_that_pays_in_bfloat16_alone_is_found():
    def speed(plan):
        last = 1.3 if plan.precision == "float32" else 0.5
        return 0.01 * (last if plan.memory_format == "channels-last" else 1) * (0.5 if plan.precision == "bfloat16" else 1)

    assert searched(Machine(speed)).plan == Plan("bfloat16", "channels-last", threads=2)


@pytest.mark.parametrize(("gain", "wins"), [(1.04, False), (1.06, True)])
def test_less_than_the_gain_changes_nothing(gain, wins):
    machine = Machine(lambda plan: 0.01 / (gain if plan.memory_format == "channels-last" else 1))
    assert (searched(machine).plan.memory_format == "channels-last") is wins


def test_a_machine_that_grows_slower_favours_neither():
    machine = Machine(lambda plan: 0.01 * (1 + machine.now))
    assert searched(machine).plan == Plan(threads=2)


def test_one_slow_step_decides_nothing():
    steps = iter(range(10_000))
    machine = Machine(lambda plan: 0.001 * (8 if next(steps) % 11 == 5 else 1))
    assert searched(machine, facts=replace(FACTS, bfloat16=False)).plan == Plan(threads=2)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (Agreement(0.9, 1.0, 0.4), "gradient"),
        (Agreement(1.0, 1.2, 0.2), "gradient"),
        (Agreement(0, 0, float("inf")), "gradient"),
    ],
)
def test_a_candidate_whose_gradient_disagrees_is_refused(bad, why):
    machine = Machine(conv_with_amx, agreement=lambda plan: bad if plan.precision == "bfloat16" else Agreement(1.0, 1.0, 0.0))
    found = searched(machine)
    assert found.plan == Plan(memory_format="channels-last", threads=2)
    refused = [f for f in found.figures if not f.admitted]
    assert refused and all(f.plan.precision == "bfloat16" and f.reason == why and f.seconds == 0 for f in refused)


def test_parts_must_add_up_and_threads_need_no_comparison():
    machine = Machine(lambda plan: 0.1 / (2 if plan.micro_batch == 32 else 1), agreement=Agreement(0.9999, 1.0, 0.01))
    facts = replace(FACTS, pictures=False, bfloat16=False)
    assert searched(machine, facts=facts).plan.micro_batch == 0
    machine.found = Agreement(1.0, 1.0, 1e-5)
    assert searched(machine, facts=facts).plan.micro_batch == 32
    assert {plan.micro_batch for plan in machine.compared} == {32}


def test_a_candidate_that_fails_is_refused_with_its_reason():
    def speed(plan):
        if plan.memory_format == "channels-last":
            raise RuntimeError("view size is not compatible\nmore")
        if plan.precision == "bfloat16":
            raise NotFinite(step=0, rows=np.arange(3), loss=float("nan"), norm=1.0)
        return 0.01

    found = searched(Machine(speed))
    assert found.plan == Plan(threads=2)
    assert [f.reason for f in found.figures if not f.admitted] == ["error:view size is not compatible", "not-finite"]


def test_measuring_keeps_to_its_share_of_the_training():
    for steps in (10, 60, 100, 400, 2000, 100_000):
        machine = Machine(conv_with_amx)
        searched(machine, length=Length(steps=steps))
        allowed = min(planner.MOST_S, planner.SHARE * steps * 0.16)
        # the first step is the training's own to set up, and a candidate that was begun is judged
        assert machine.now - 0.16 / 4 <= allowed + 8 * 0.16 / 4
    machine = Machine(conv_with_amx)
    found = searched(machine, length=Length(steps=10))
    assert len(machine.told) <= 2 and found.plan == Plan(threads=2) and not found.complete


def test_a_short_training_is_measured_with_a_part_of_its_examples():
    machine = Machine(conv_with_amx)
    found = searched(machine, length=Length(steps=40))
    assert found.plan.memory_format == "channels-last" and machine.share == 1.0
    assert found.figures[0].seconds == pytest.approx(0.16) and machine.now < 0.1 * 40 * 0.16
    # the update takes as long for a quarter, so it is not multiplied
    machine = Machine(lambda plan: 0.16 / (2 if plan.memory_format == "channels-last" else 1), update_s=0.1)
    assert searched(machine, length=Length(steps=80)).figures[0].seconds == pytest.approx(0.16 + 0.1)
    alone = replace(FACTS, batch_size=16)  # a quarter would say too little
    assert searched(Machine(conv_with_amx), facts=alone, length=Length(steps=40)).plan == Plan(threads=2)


def test_a_trial_of_fewer_examples_takes_the_first_of_each_step():
    with apart(learner(), optimizer_of) as trial:
        whole = trial.learner.order.at(2)
        for examples, taken in [(4, whole[:4]), (0, whole)]:
            trial.take(examples)
            assert trial.seconds(Plan(), 2) > 0
            (double,) = trial.doubles.values()
            assert double.order.at(2).tolist() == taken.tolist()


def test_a_hopeless_candidate_is_not_timed_again():
    machine = Machine(lambda plan: 1.0 if plan.precision == "bfloat16" else 0.01)
    searched(machine, choices=PlanChoices(memory_format="contiguous", threads=2))
    assert sum(plan.precision == "bfloat16" for plan in machine.told) == 2


@pytest.mark.parametrize(
    ("minutes", "gain", "compiled"), [(0.5, 2.0, False), (19, 2.0, False), (21, 2.0, True), (21, 1.03, False)]
)
def test_compiling_is_tried_where_the_training_repays_it(minutes, gain, compiled):
    machine = Machine(lambda plan: 0.01 / (gain if plan.compiled else 1), compile_s=50.0)
    choices = PlanChoices(precision="float32", memory_format="contiguous", threads=2, micro_batch=64)
    found = searched(machine, choices=choices, length=Length(steps=10, minutes=minutes), compile_s=60.0)
    assert found.plan.compiled is compiled
    assert any(plan.compiled for plan in machine.told) is (minutes > 20)
    if compiled:
        assert found.figures[-1].compile_s == pytest.approx(50.0, abs=0.1)


def test_batches_are_prepared_ahead_where_a_step_waits_for_them():
    def speed(plan):
        return 0.006 if plan.batches_ahead else 0.01

    facts = replace(FACTS, pictures=False, bfloat16=False)
    assert searched(Machine(speed, loading_s=0.004), facts=facts).plan.batches_ahead == 2
    waiting_little = Machine(speed, loading_s=0.0001)
    assert searched(waiting_little, facts=facts).plan.batches_ahead == 0
    assert not any(plan.batches_ahead for plan in waiting_little.told)


def test_what_the_choices_fix_is_not_varied():
    fixed = PlanChoices(precision="float32", memory_format="contiguous", threads=2, micro_batch=64, batches_ahead=0)
    assert not candidates.coordinates(fixed, replace(FACTS, loading=0.5))
    assert not planner.is_open(replace(fixed, compile="no")) and planner.is_open(fixed)


def test_parts_are_not_tried_for_batch_statistics_or_short_steps():
    for facts, seconds, tried in [(FACTS, 0.2, True), (replace(FACTS, whole=True), 0.2, False), (FACTS, 0.001, False)]:
        asked = candidates.coordinates(PlanChoices(), facts)
        plans = [plan for ask in asked for plan in ask(Figure(Plan(threads=2), seconds))]
        assert any(plan.micro_batch for plan in plans) is tried


def test_refused_figures_are_never_the_best():
    assert best_of([Figure(Plan(), 1.0), Figure(Plan("bfloat16"), 0.0, admitted=False)]).plan == Plan()
    compiled = [Figure(Plan(), 1.0), Figure(Plan(compiled=True), 0.1)]
    assert best_of(compiled).plan.compiled and not best_of(compiled, compiled=False).plan.compiled


# -- the double ----------------------------------------------------------------------------------------------------------
class Encoder(nn.Module):
    """A convolution with everything that could leak: batch statistics, dropout, and a counter of calls."""

    num_features = 6

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.drop = nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6), nn.Dropout(0.5)

    def forward(self, x_BCHW):
        return self.drop(self.norm(self.conv(x_BCHW)).relu()).mean((2, 3))


class Recurrent(nn.Module):
    """A GRU over the rows of the picture, its dropout on."""

    num_features = 8

    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(12, 8, num_layers=2, dropout=0.3, batch_first=True)

    def forward(self, x_BCHW):
        return self.gru(x_BCHW[:, 0])[0][:, -1]


class Plain(nn.Module):
    """Layers whose loss over a batch is the mean over its parts."""

    num_features = 16

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(144, 16)

    def forward(self, x_BCHW):
        return self.linear(x_BCHW.flatten(1)).tanh()


KINDS = [Encoder, Recurrent, Plain]


def optimizer_of(network):
    learning = LearningChoices(optimizer="adamw", learning_rate=0.01)
    return optimisers.build(learning, optimisers.parameter_groups(network, learning))


def learner(kind=Encoder, *, objective=None) -> Learner:
    """A small training whose loss draws random numbers of its own."""
    task = contract("image-classification")
    raw = columns({n: f.kind for n, f in task.fields.items()})
    fields = {n: f.learn(raw[n]) for n, f in task.fields.items()}
    task = task.with_fields(fields)
    torch.manual_seed(0)
    encoder = kind()
    network = Network(encoder, task.head(task, encoder.num_features, 1))
    return Learner(
        network=network,
        objective=objective or task.objective(task, LearningChoices()),
        optimizer=optimizer_of(network),
        learning=LearningChoices(optimizer="adamw", learning_rate=0.01, epochs=4),
        store=prepare(fields, raw, {}),
        order=Order(np.arange(48), 16, seed=0),
        plan=Plan(),
        num_steps=8,
        seed=0,
        device=torch.device("cpu"),
    )


def losses(made: Learner, plan: Plan) -> list[float]:
    """What the training's steps lose, under a plan."""
    made.plan, made.micro_batch = plan, plan.micro_batch
    plan.prepared(made.network)
    return [float(progress.loss) for progress in train(made)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_measured_training_takes_the_same_steps_to_the_bit(kind):
    with threads_kept():
        made, state, threads = learner(kind), torch.get_rng_state(), torch.get_num_threads()
        weights = copy.deepcopy(made.network.state_dict())
        found = measure(made, choices=PlanChoices(), optimizer_of=optimizer_of, length=SOON, afresh=True)
        assert len(found.figures) > 1 and found.spent_s > 0
        assert torch.equal(torch.get_rng_state(), state) and torch.get_num_threads() == threads
        assert all(torch.equal(a, b) for a, b in zip(weights.values(), made.network.state_dict().values(), strict=True))
        assert all(p.grad is None for p in made.network.parameters()) and not made.optimizer.state
        assert made.network.training and not made.events and made.step == 0
        assert losses(made, found.plan) == losses(learner(kind), found.plan)


def test_a_trial_restores_threads_and_draws_when_it_fails():
    made, before, state = learner(), torch.get_num_threads(), torch.get_rng_state()
    with pytest.raises(ZeroDivisionError), apart(made, optimizer_of) as trial:
        trial.seconds(Plan(threads=before + 1), 0)
        assert torch.get_num_threads() == before + 1
        raise ZeroDivisionError
    assert torch.get_num_threads() == before and torch.equal(torch.get_rng_state(), state)


def test_the_double_times_whole_steps_on_the_training_s_own_batches():
    ticks = iter(range(1000))
    with apart(learner(), optimizer_of, clock=lambda: float(next(ticks))) as trial:
        assert trial.seconds(Plan(), 3) == 1.0
        (double,) = trial.doubles.values()
        assert double.network is not trial.learner.network and double.called.network is double.network
        weights = list(trial.learner.network.parameters())
        assert trial.seconds(Plan(batches_ahead=2), 3, count=4) == 0.25
        assert double.optimizer.state  # the update ran, at rate 0
        assert trial.updating(Plan()) == 1.0
        assert all(torch.equal(a, b) for a, b in zip(weights, double.network.parameters(), strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_honest_candidates_agree(kind):
    usual = Plan()
    with apart(learner(kind), optimizer_of) as trial:
        for plan in (Plan(memory_format="channels-last"), Plan("bfloat16"), Plan("bfloat16", "channels-last")):
            assert planner.agrees(trial.agreement(plan, usual, 0), plan, usual), plan
        parts = Plan(micro_batch=8)
        # gradients of parts add up, but for batch statistics
        assert planner.agrees(trial.agreement(parts, usual, 0), parts, usual) is (kind is not Encoder)


@pytest.mark.parametrize("kind", KINDS)
def test_noise_is_off_where_gradients_are_compared_and_on_again_after(kind):
    made = learner(kind)
    network, batch = made.network.train(), load(made, 0).batch

    def answers():
        return network({"image": batch["image"]}).detach()

    with noiseless(network):
        assert torch.equal(answers(), answers())
        assert all(m.training for m in network.modules() if isinstance(m, (nn.BatchNorm2d, nn.GRU)))
    assert all(module.training for module in network.modules())
    assert torch.equal(answers(), answers()) is (kind is Plain)


def test_a_kernel_that_is_wrong_in_bfloat16_is_refused():
    class Wrong(Plain):
        def forward(self, x_BCHW):
            features = super().forward(x_BCHW)
            return features.flip(1) if torch.is_autocast_enabled("cpu") else features

    usual, plan = Plan(), Plan("bfloat16")
    with apart(learner(Wrong), optimizer_of) as trial:
        assert not planner.agrees(trial.agreement(plan, usual, 0), plan, usual)


def test_a_network_that_cannot_be_copied_gets_the_usual_plan_and_a_note():
    class Holding(Plain):
        def __init__(self):
            super().__init__()
            self.file = (i for i in range(3))

    found = measure(learner(Holding), choices=PlanChoices(), optimizer_of=optimizer_of, length=SOON)
    assert not found.figures and found.line() == "" and "cannot be copied" in found.notes[0]
    with pytest.raises(NotCopied), apart(learner(Holding), optimizer_of) as trial:
        trial.seconds(Plan(), 0)


def test_what_is_wrong_with_every_step_is_left_for_the_training_to_tell():
    made = learner(objective=lambda net, batch, rng: Outcome(net({"image": batch["image"]}).sum() * float("nan")))
    found = measure(made, choices=PlanChoices(), optimizer_of=optimizer_of, length=SOON)
    assert not found.figures


SHORTAGES = {
    "allocator": RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"),
    "python": MemoryError(),
    "gpu": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
}


@pytest.mark.parametrize("shortage", SHORTAGES.values(), ids=SHORTAGES)
@pytest.mark.parametrize("after", [0, 2, 3, 5], ids=["samples", "last sample", "step", "later step"])
def test_memory_that_does_not_suffice_for_measuring_gets_the_usual_plan_and_a_note(monkeypatch, shortage, after):
    """Three batches are prepared to look at, the fourth is of the first step that is timed."""
    made, plain, count = learner(), Store.batch, iter(range(10**6))

    def batch(*asked):
        if next(count) >= after:
            raise shortage
        return plain(*asked)

    monkeypatch.setattr(Store, "batch", batch)
    found = measure(made, choices=PlanChoices(), optimizer_of=optimizer_of, length=SOON, afresh=True)
    assert found.plan == Plan(threads=torch.get_num_threads()) and not found.figures
    assert found.notes == ("memory did not suffice for measuring; the usual plan is taken",)


def test_a_candidate_that_memory_does_not_suffice_for_is_refused(monkeypatch):
    own = Trial._double

    def double(self):
        if self.doubles:  # one of another memory order
            raise SHORTAGES["allocator"]
        return own(self)

    monkeypatch.setattr(Trial, "_double", double)
    found = measure(learner(), choices=PlanChoices(), optimizer_of=optimizer_of, length=SOON, afresh=True)
    refused = [figure for figure in found.figures if figure.plan.memory_format == "channels-last"]
    assert refused and {figure.reason for figure in refused} == {"memory"} and not found.notes


def test_mistakes_in_measuring_are_not_taken_for_a_lack_of_memory():
    with pytest.raises(RuntimeError, match="shapes"), room():
        raise RuntimeError("shapes do not match")


def test_plan_default_measures_nothing():
    made = learner(objective=lambda *_anything: pytest.fail("a step was taken"))
    found = measure(made, choices=PlanChoices(plan="default"), optimizer_of=optimizer_of, length=SOON)
    assert found.plan == Plan(threads=torch.get_num_threads()) and found.line() == ""


# -- memory --------------------------------------------------------------------------------------------------------------
def test_activations_are_counted_once_and_grow_with_the_batch():
    made = learner(Plain)
    loaded = load(made, 0)
    made.network({"image": loaded.batch["image"]})
    few, many = (saved_bytes(made, {k: v[:n] for k, v in loaded.batch.items()}, loaded.rng) for n in (4, 16))
    # the linear layer's output for tanh, the head's output for the loss: more with more examples, and no weights among them
    assert 16 * 16 * 4 <= many < 16 * 16 * 4 * 4 and many > 3 * few
    assert many < sum(p.numel() * 4 for p in made.network.parameters())


def test_examples_at_a_time_fit_the_memory_that_is_left(monkeypatch):
    made = learner(Plain)
    with apart(made, optimizer_of) as trial:
        search = Search(trial, PlanChoices(), replace(FACTS, batch_size=16), LONG)
        each = trial.activations(Plan(), 0, 2) / 2
        fixed = planner.weight_bytes(made.network, "adamw")
        for share, micro_batch in [(1.1, 0), (0.6, 8), (0.3, 4), (0.01, 1)]:
            monkeypatch.setattr(planner, "left_bytes", lambda _d, share=share: (fixed + share * 16 * each) / planner.ROOM)
            assert search._fitting(Plan()).micro_batch == micro_batch


# -- what was measured before --------------------------------------------------------------------------------------------
def again(patch, made, **more):
    """`measure` with a machine by formula in the trial's place."""
    machine, own = Machine(conv_with_amx), Search.run

    def run(self, *asked):
        self.trial = machine
        return own(self, *asked)

    patch.setattr(Search, "run", run)
    patch.setattr("fukami.engine.candidates.has_bfloat16", lambda _device: True)  # whatever processor runs the test
    told = {"choices": PlanChoices(), "optimizer_of": optimizer_of, "length": LONG} | more
    found = measure(made, **told)
    patch.setattr(Search, "run", own)
    return found, machine


def test_a_plan_is_remembered_and_measured_afresh_when_asked(monkeypatch):
    first, machine = again(monkeypatch, learner())
    second, idle = again(monkeypatch, learner())
    afresh, busy = again(monkeypatch, learner(), afresh=True)
    assert machine.told and not first.remembered and len(first.figures) > 1
    assert not idle.told and second.remembered and second.plan == first.plan and second.figures == first.figures
    assert "as measured before" in second.line() and second.seconds == first.seconds
    assert busy.told and not afresh.remembered


def remembered() -> Path:
    """The file of the one plan that is remembered."""
    (path,) = (cache_folder() / "plans").iterdir()
    return path


def test_a_cache_that_takes_nothing_is_told_and_ends_nothing(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FUKAMI_CACHE", str(tmp_path / "file" / "cache"))
    found, machine = again(monkeypatch, learner())
    assert machine.told and found.figures and "FUKAMI_CACHE" in found.notes[0]


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", "\x00", "00000000{}\n"])
def test_a_damaged_file_is_measured_anew_with_a_note(monkeypatch, damage):
    first, _machine = again(monkeypatch, learner())
    path = remembered()
    path.write_text(damage)
    second, machine = again(monkeypatch, learner())
    assert machine.told and second.plan == first.plan and "measured anew" in second.notes[0]
    third, idle = again(monkeypatch, learner())
    assert not idle.told and third.notes == ()


@pytest.mark.parametrize("change", [{"seconds": "fast"}, {"precision": 3}, {"admitted": None}, {"more": 1}])
def test_a_figure_of_another_kind_is_damage(monkeypatch, change):
    again(monkeypatch, learner())
    path = remembered()
    known = kept.read(path)
    assert known is not None
    known[0]["figures"][1] |= change
    kept.write(path, known[0])
    found, machine = again(monkeypatch, learner())
    assert machine.told and found.notes


def test_another_network_batch_choice_or_machine_is_another_plan(monkeypatch):
    made = learner()
    shapes = [plan_cache.shapes(load(made, 0).batch)]

    def key(network=made.network, shapes=shapes, choices=OPEN, optimizer="adamw"):
        return plan_cache.key_of(network, shapes, choices, optimizer, torch.device("cpu"))

    other = copy.deepcopy(made.network)
    other.encoder.drop.p = 0.25
    keys = [key(), key(network=other), key(shapes=shapes * 2), key(choices=PlanChoices(threads=1)), key(optimizer="sgd")]
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    keys.append(key())
    told = [json.dumps(k, sort_keys=True) for k in keys]
    assert len(set(told)) == len(told)
    assert key(choices=PlanChoices(snapshot_steps=7)) == key()  # says nothing about speed


def test_a_longer_training_looks_at_more(monkeypatch):
    short, _machine = again(monkeypatch, learner(), length=Length(steps=100))
    assert not short.complete
    same, idle = again(monkeypatch, learner(), length=Length(steps=120))
    assert not idle.told and same.remembered
    long, busy = again(monkeypatch, learner())
    assert busy.told and long.complete


def test_a_short_training_never_compiles_even_where_a_long_one_did(monkeypatch):
    usual = Figure(Plan(threads=1), 0.1)
    entry = plan_cache.Entry((usual, Figure(Plan(threads=1, compiled=True), 0.05, compile_s=70.0)), 4.0, True)
    monkeypatch.setattr(plan_cache, "read", lambda _key: (entry, ()))
    told = {"choices": PlanChoices(), "optimizer_of": optimizer_of}
    assert not measure(learner(), length=Length(steps=300), **told).plan.compiled
    assert measure(learner(), length=Length(steps=300_000), **told).plan.compiled


def test_measured_compile_times_are_the_next_estimate():
    device = torch.device("cpu")
    assert plan_cache.compile_seconds(device) == plan_cache.COMPILE_S["cpu"]
    for seconds in (20.0, 30.0, 100.0):
        figures = (Figure(Plan(), 0.1), Figure(Plan(compiled=True), 0.05, compile_s=seconds))
        plan_cache.write({"hardware": plan_cache.hardware(device)}, plan_cache.Entry(figures, 4.0, True))
    assert plan_cache.compile_seconds(device) == 30.0


# -- on this machine, in a process of its own ----------------------------------------------------------------------------
SCRIPT = """
import sys, torch
from fukami.engine.planner import Length, measure
import fukami
from fukami.core.recipe import PlanChoices
from tests.unit.test_plan import learner, optimizer_of
found = measure(learner(), choices=PlanChoices(), optimizer_of=optimizer_of, length=Length(5000), afresh=True)
print(found.plan.precision, sorted({f.plan.precision for f in found.figures}), "torch._dynamo" in sys.modules)
"""


@pytest.mark.slow
def test_without_amx_or_avx512_bf16_it_is_float32_and_no_compiler_is_imported(tmp_path):
    environment = os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2", "FUKAMI_CACHE": str(tmp_path)}
    told = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False)
    assert told.stdout.split("\n")[0] == "float32 ['float32'] False", told.stdout + told.stderr


# -- from one end to the other -------------------------------------------------------------------------------------------
def table() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    x_NC = rng.normal(size=(200, 3)).round(3)
    return {"a": x_NC[:, 0], "b": x_NC[:, 1], "c": x_NC[:, 2], "label": np.where(x_NC[:, 0] > 0, "yes", "no")}


def test_a_run_tells_its_plan_and_repeats_it(tmp_path, capfd):
    with threads_kept():
        settings = {"epochs": 2, "target": "label", "l1": 0.001}
        planned = fukami.plan("tabular-classification", table(), model="mlp", settings=settings)
        best = planned["alternatives"][0]
        assert planned["seconds"] == pytest.approx(best["seconds"] * planned["steps"], abs=0.06)
        assert planned["plan"]["threads"] > 0 and "auto" not in (planned["plan"]["precision"], planned["plan"]["compile"])
        weights = 4 * planned["parameters"]
        assert planned["memory_bytes"] > 4 * weights  # weights, gradients and two of AdamW, with activations and a snapshot

        run = fukami.train("tabular-classification", table(), model="mlp", out=tmp_path / "run", settings=settings)
        assert "plan: float32" in capfd.readouterr().err
        told = json.loads((run.path / "run.json").read_text())["plan"]
        assert told["remembered"] and told["figures"] and "How the machine was used" in (run.path / "report.html").read_text()
        written = tomllib.loads((run.path / "recipe.toml").read_text())["plan"]
        assert {name: planned["plan"][name] for name in ("precision", "threads")} == {
            n: written[n] for n in ("precision", "threads")
        }
        assert not planner.is_open(PlanChoices(**written))

        settings |= {"plan": "default"}
        usual = fukami.train("tabular-classification", table(), model="mlp", out=tmp_path / "usual", settings=settings)
        assert "plan:" not in capfd.readouterr().err and "plan" not in json.loads((usual.path / "run.json").read_text())


def test_pictures_of_one_channel_have_the_strides_of_the_plan():
    stored = torch.zeros(4, 8, 8, 1).permute(0, 3, 1, 2)  # in both orders at once
    assert Plan(memory_format="contiguous").arranged(stored).stride() == (64, 64, 8, 1)
    convolve = torch.nn.Conv2d(1, 8, 3)
    for name, order in (("contiguous", torch.contiguous_format), ("channels-last", torch.channels_last)):
        plan = Plan(memory_format=name)
        assert plan.prepared(convolve)(plan.arranged(stored)).is_contiguous(memory_format=order)
