"""The loop: the same steps whatever happened before them, and never a step with a loss that is not finite."""

import copy

import numpy as np
import pytest
import torch

from fukami.core.recipe import LearningChoices
from fukami.data.batches import Order
from fukami.data.store import prepare
from fukami.engine import checkpoint, optimisers
from fukami.engine.ema import EMA
from fukami.engine.learner import Learner
from fukami.engine.loop import train
from fukami.engine.mishaps import NotFinite
from fukami.engine.plan import Plan
from fukami.tasks.registry import contract
from tests.laws.test_tasks import loss_of, tiny
from tests.small_learners import with_loss
from tests.synthetic import columns


def learner(*, optimizer: str = "adamw", steps: int = 12, **choices) -> Learner:
    """A small training of the picture task, with dropout-free weights drawn from a fixed seed."""
    task = contract("image-classification")
    raw = columns({n: f.kind for n, f in task.fields.items()})
    fields = {n: f.learn(raw[n]) for n, f in task.fields.items()}
    task = task.with_fields(fields)
    network = tiny(task)
    learning = LearningChoices(optimizer=optimizer, learning_rate=0.01, epochs=4, **choices)
    return Learner(
        network=network,
        objective=lambda net, batch, rng: task.objective(task, LearningChoices())(net, batch, rng),
        optimizer=optimisers.build(learning, optimisers.parameter_groups(network, learning)),
        learning=learning,
        store=prepare(fields, raw, {}),
        order=Order(np.arange(48), 16, seed=0),
        plan=Plan(),
        num_steps=steps,
        seed=0,
        device=torch.device("cpu"),
        ema=EMA(network, 0.9),
    )


def weights(made: Learner) -> list[torch.Tensor]:
    return [t.clone() for t in made.network.state_dict().values()]


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam", "adamw", "muon"])
@pytest.mark.parametrize("cut", [1, 5, 11])
def test_a_training_cut_anywhere_and_restored_ends_with_the_same_bits(tmp_path, optimizer, cut):
    whole = learner(optimizer=optimizer)
    losses = [float(p.loss) for p in train(whole)]

    first = learner(optimizer=optimizer)
    for progress in train(first):
        if progress.step == cut:
            break
    state = {"network": first.network.state_dict(), "optimizer": first.optimizer.state_dict(), "ema": first.ema.state()}
    checkpoint.save(tmp_path / "state", {"step": first.step, **state})

    told = checkpoint.load(tmp_path / "state")
    second = learner(optimizer=optimizer)
    second.step = told["step"]
    second.network.load_state_dict(told["network"])
    second.optimizer.load_state_dict(told["optimizer"])
    second.ema.load(told["ema"])
    rest = [float(p.loss) for p in train(second)]

    assert rest == losses[cut:]
    assert all(torch.equal(a, b) for a, b in zip(weights(whole), weights(second), strict=True))
    assert all(torch.equal(a, b) for a, b in zip(whole.ema.state().values(), second.ema.state().values(), strict=True))


def test_the_loop_agrees_with_one_written_by_hand():
    made = learner(clip_norm=0.5)
    network = copy.deepcopy(made.network)
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in network.parameters() if p.ndim > 1], "weight_decay": 0.01},
            {"params": [p for p in network.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ],
        lr=0.01,
        fused=True,
    )
    by_loop = [float(p.loss) for p in train(made)]
    task = contract("image-classification").with_fields(made.store.fields)
    from fukami.engine.schedules import factor

    by_hand = []
    for step in range(12):
        batch = made.store.batch(made.order.at(step))
        rng = torch.Generator().manual_seed(0)
        assert batch["image"].equal(made.store.fields["image"].augment(batch["image"], rng))
        loss = loss_of(task, network, batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 0.5)
        for group in optimizer.param_groups:
            group["lr"] = 0.01 * factor(step / 12, made.learning)
        optimizer.step()
        by_hand.append(loss.item())
    np.testing.assert_allclose(by_loop, by_hand, rtol=1e-6)


def test_a_loss_that_is_not_finite_stops_before_the_weights_change():
    made = learner()
    plain = made.objective
    made.objective = with_loss(plain, lambda loss, batch: loss * (float("nan") if made.step == 3 else 1.0))
    before = []
    with pytest.raises(NotFinite) as told:
        for progress in train(made):
            if progress.step == 3:
                before = weights(made)
    assert told.value.step == 3
    assert all(torch.equal(a, b) for a, b in zip(before, weights(made), strict=True))


def test_a_frozen_encoder_neither_learns_nor_moves_its_statistics():
    made = learner(steps=6)
    made.frozen_steps = 3
    before = {n: t.clone() for n, t in made.network.state_dict().items()}
    for progress in train(made):
        if progress.step == 3:
            now = made.network.state_dict()
            assert all(torch.equal(before[n], now[n]) for n in before if n.startswith("encoder."))
            assert any(not torch.equal(before[n], now[n]) for n in before if n.startswith("head."))
    after = made.network.state_dict()
    moved = [n for n in before if n.startswith("encoder.") and not torch.equal(before[n], after[n])]
    assert moved or not [n for n in before if n.startswith("encoder.")]
