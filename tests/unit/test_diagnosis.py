"""The parts of a diagnosis: the two ends of a loss, chance, the order of causes, and the watch over a running training."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from fukami.core.cards import cards
from fukami.core.language import use
from fukami.core.recipe import LearningChoices
from fukami.engine.diagnosis import attainable
from fukami.engine.diagnosis.contract import Finding
from fukami.engine.diagnosis.judging import Judged
from fukami.engine.diagnosis.look import ROOM, Diagnosis, ranked
from fukami.engine.diagnosis.symptoms import overfitting
from fukami.engine.diagnosis.symptoms.dead_units import Watching
from fukami.engine.diagnosis.symptoms.gradients import ratio
from fukami.engine.diagnosis.symptoms.initialisation import all_alike
from fukami.engine.diagnosis.trial import train_briefly
from fukami.engine.diagnosis.turning import turning
from fukami.engine.diagnosis.watch import Watch
from fukami.engine.mishaps import SENTENCES, Event
from fukami.objectives.contract import Outcome
from tests.small_targets import small_target

CARDS = cards(ROOM)


# -- the registry --------------------------------------------------------------------------------------------------------
def test_what_a_symptom_explains_is_there_and_never_leads_back_to_it():
    for name in CARDS:
        reached, open_ = set(), list(CARDS[name].explains)
        while open_:
            other = open_.pop()
            assert other in CARDS and other != name, f"{name} explains {other}"
            if other not in reached:
                reached.add(other)
                open_ += CARDS[other].explains


def test_every_symptom_has_a_look():
    folder = Path(attainable.__file__).parent / "symptoms"
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == {name.replace("-", "_") for name in CARDS}
    assert len(CARDS) >= 12


# -- the ends of a loss --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_ends_of_a_loss_are_guessing_and_knowing(smoothing):
    target = torch.tensor([0, 0, 0, 1])
    loss = nn.CrossEntropyLoss(label_smoothing=smoothing)
    outputs = torch.zeros(4, 1, 2)

    def objective(network, batch, _rng):
        return Outcome(loss(network(batch)[:, 0], batch["y"]))

    share = torch.tensor([3 / 4, 1 / 4]) * (1 - smoothing) + smoothing / 2
    floor = torch.tensor([1 - smoothing / 2, smoothing / 2])
    entropy = [float(torch.special.entr(p).sum()) for p in (share, floor)]
    assert attainable.guess(objective, {"y": target}, outputs) == pytest.approx(entropy[0], abs=1e-3)
    assert attainable.floor(objective, {"y": target}, outputs) == pytest.approx(entropy[1], abs=2e-3)


def test_a_trial_leaves_network_and_random_numbers_as_they_were():
    torch.manual_seed(0)
    network = nn.Linear(2, 1)
    before, drawn = network.weight.clone(), torch.random.get_rng_state()
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    trial = train_briefly(
        network,
        lambda net, batch, _rng: Outcome((net(batch["x"])[:, 0] - torch.tensor([1.0, -1.0])) ** 2),
        lambda _index: {"x": x},
        LearningChoices(weight_decay=0.0),
        rate=0.1,
        steps=60,
        seed=0,
    )
    assert torch.equal(network.weight, before) and torch.equal(torch.random.get_rng_state(), drawn)
    assert trial.loss is not None and trial.loss < 0.1 and trial.moved > 0


# -- chance --------------------------------------------------------------------------------------------------------------
def judged_of(scores, targets) -> Judged:
    return Judged(np.arange(len(targets)), scores, targets, ("accuracy", "log_loss"), small_target("category", scores.shape[1]))


def test_scores_are_held_against_targets_of_other_examples():
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 3, 200)
    knowing = judged_of(np.eye(3)[targets] * 0.4 + 0.2, targets).beyond_chance()
    blind = judged_of(rng.dirichlet(np.ones(3), 200), targets).beyond_chance()
    same = judged_of(small_target("category", 3).guess(targets, 200), targets).beyond_chance()
    assert min(knowing.values()) > 10 and max(blind.values()) < 3
    assert same == {"accuracy": 0.0, "log_loss": 0.0}


def test_skill_runs_from_guessing_to_perfect():
    targets = np.array([0, 0, 0, 1])
    assert judged_of(np.eye(2)[targets], targets).skill("accuracy", targets) == 1
    assert judged_of(small_target("category", 2).guess(targets, 4), targets).skill("accuracy", targets) == 0


# -- what is measured in a network ----------------------------------------------------------------------------------------
def test_rectifiers_are_seen_as_modules_and_as_functions():
    network = nn.Sequential(nn.Linear(3, 5), nn.ReLU())
    with torch.no_grad(), Watching() as watching:
        torch.relu(network(torch.randn(4, 3)) - 100)
    assert [tuple(axis.shape) for fired in watching.fired for axis in fired] == [(5,), (5,)]
    assert watching.fired[0][0].any() and not watching.fired[1][0].any()


def test_units_that_are_alike_are_told_from_units_that_differ():
    assert all_alike(torch.full((4, 3), 0.5)) and all_alike(torch.arange(3.0).repeat(4, 1))
    assert not all_alike(nn.Linear(3, 4).weight)


def test_the_ratio_of_gradients_forgives_a_single_odd_layer():
    assert ratio([1.0, 1e-9, 1.0, 1.0, 1.0, 1.0]) == pytest.approx(1.0, rel=1) or ratio([1.0] * 6) == 1.0
    assert ratio([1e-9] * 3 + [1.0] * 6) == pytest.approx(1e-9)


# -- the order of causes --------------------------------------------------------------------------------------------------
def finding(cause: str, score: float) -> Finding:
    return Finding(cause=cause, code="F-X", score=score, what="", evidence={}, fix="")


def test_what_follows_comes_after_what_it_follows_from():
    told = ranked([finding("underfitting", 0.95), finding("learning-rate", 0.7), finding("leakage", 0.6)])
    assert [(one.cause, one.follows) for one in told] == [
        ("learning-rate", ""),
        ("leakage", ""),
        ("underfitting", "learning-rate"),
    ]


def test_an_unsure_cause_explains_nothing():
    told = ranked([finding("underfitting", 0.9), finding("learning-rate", 0.3)])
    assert [(one.cause, one.follows) for one in told] == [("underfitting", ""), ("learning-rate", "")]


def test_a_diagnosis_that_looked_at_nothing_calls_nothing_healthy():
    assert Diagnosis((), {"a": {}}).healthy
    assert not Diagnosis((), {"a": {"left_out": "the time was up"}}).healthy


# -- while a training runs -----------------------------------------------------------------------------------------------
def heard(losses, norms=None, watch=None) -> list[str]:
    watch = watch or Watch()
    norms = norms or [1.0] * len(losses)
    told = [watch.seen(epoch=i / 5, loss=loss, norm=norm) for i, (loss, norm) in enumerate(zip(losses, norms, strict=True))]
    return [kind for kind in told if kind]


def test_a_loss_that_does_not_fall_is_told_once():
    assert heard([2.3] * 60) == ["stalled-flat"]
    assert heard([2.3] * 60, [1e-9] * 60) == ["stalled-vanished"]
    assert heard([2.3] * 3 + [5.0] * 57) == ["stalled-rising"]


def test_a_loss_that_falls_at_any_time_is_left_alone():
    rng = np.random.default_rng(0)
    assert heard(list(2.3 * np.exp(-np.arange(60) / 200) + 0.02 * rng.standard_normal(60))) == []
    assert heard([2.3] * 3 + [1.0] + [2.3] * 56) == []
    assert heard([2.3] * 8) == []
    assert heard([2.3] * 3 + [2.25] * 8 + [float("nan")] * 40) == []  # not flat: what breaks is mended or told by others


def test_nothing_is_said_while_the_learning_rate_rises():
    assert heard([2.3] * 60, watch=Watch(patience=12)) == []
    assert heard([2.3] * 60, watch=Watch(patience=11)) == ["stalled-flat"]
    assert heard([2.3] * 40 + [1.0] * 20, watch=Watch(patience=9)) == []
    watch = Watch({"accuracy": 0.5}, patience=6)
    assert [watch.validated(epoch=epoch, values={"accuracy": 0.5}) for epoch in range(3, 8)] == [None] * 3 + [
        "stalled-guessing",
        None,
    ]


def test_a_validation_no_better_than_guessing_by_any_metric_is_told():
    def said(accuracy, log_loss):
        watch = Watch({"accuracy": 0.5, "log_loss": 0.69})
        values = {"accuracy": accuracy, "log_loss": log_loss}
        return [kind for epoch in range(2, 8) if (kind := watch.validated(epoch=epoch, values=values))]

    assert said(0.5, 0.7) == ["stalled-guessing"]
    # the commonest class may be most of the data: the loss shows that something is learned all the same
    assert said(0.5, 0.6) == [] and said(0.6, 0.9) == []


def test_what_the_watch_says_has_a_sentence_in_both_languages():
    for kind in (kind for kind in SENTENCES if kind.startswith("stalled-")):
        try:
            for language in ("en", "ja"):
                use(language)
                assert "`fukami diagnose runs/a`" in Event(7, kind, {"run": "runs/a"}).sentence()
        finally:
            use("en")


# -- learning by heart ---------------------------------------------------------------------------------------------------
def course(valid, train, *, steps=1478):
    """A history of one validation an epoch: step, training loss, validation loss."""
    every = steps / len(valid)
    return [
        {"step": round(i * every), "epoch": float(i), "loss": loss, "valid": {"roc_auc": 0.8, "log_loss": value}}
        for i, (value, loss) in enumerate(zip(valid, train, strict=True), 1)
    ]


PHOTOGRAPHS = course(
    [0.75, 0.70, 0.67, 0.66, 0.68, 0.71, 0.74, 0.8, 0.83, 0.9, 0.93, 0.99, 1.02, 1.05, 1.1, 1.12, 1.14, 1.17, 1.18, 1.19],
    [0.72, 0.69, 0.66, 0.64, 0.62, 0.6, 0.57, 0.54, 0.5, 0.47, 0.44, 0.42, 0.4, 0.38, 0.36, 0.34, 0.32, 0.3, 0.29, 0.28],
)


def test_a_validation_loss_that_rises_for_long_while_the_training_loss_falls_is_overfitting():
    case = SimpleNamespace(
        history=PHOTOGRAPHS,
        learner=SimpleNamespace(learning=LearningChoices()),
        mend=lambda **settings: f"fukami train {settings}",
    )
    found = overfitting.look(case).finding
    assert found is not None and found.code == "F-DIAGNOSE-OVERFITTING" and found.score >= 0.5
    assert found.evidence["best_step"] == 296 and found.evidence["steps"] == 1478
    assert found.evidence["validation_loss"][1] == pytest.approx(1.18, abs=0.01)
    assert "1.18" in found.what and "patience" in found.fix and "weight_decay" in found.fix


@pytest.mark.parametrize(
    "told",
    [
        course([0.9, 0.8, 0.7, 0.65, 0.6, 0.58, 0.57, 0.57, 0.58, 0.57], np.linspace(0.9, 0.3, 10)),  # level at the end
        course([0.9, 0.6, 0.8, 0.9, 0.95, 1.0, 0.9, 0.7, 0.6, 0.55], np.linspace(0.9, 0.3, 10)),  # a high rate in the middle
        course([0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4], np.full(10, 0.9)),  # it does not learn at all
        course([0.9, 0.5, 1.4], [0.9, 0.5, 0.1]),  # too short to say
        [],
    ],
)
def test_other_courses_are_not(told):
    assert turning(told) is None


def test_the_watch_says_once_that_it_learns_by_heart():
    watch, said = Watch(epochs=20.0), []
    for line in PHOTOGRAPHS:
        watch.seen(epoch=line["epoch"], loss=line["loss"], norm=1.0)
        watch.validated(epoch=line["epoch"], values=line["valid"])
        if told := watch.overfitting(epoch=line["epoch"]):
            said.append((line["epoch"], Event(1, "overfitting", {"run": "runs/x", **told}).sentence()))
    assert [epoch for epoch, _sentence in said] == [10.0]
    assert "since epoch 4" in said[0][1] and "fukami diagnose runs/x" in said[0][1]
