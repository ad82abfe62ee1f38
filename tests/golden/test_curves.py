"""Ten losses of every task on synthetic data, stored: a refactoring leaves them as they are, a numeric change replaces them.

`python -m tests.golden.test_curves TASK` writes that of one task into its own file, and of all without a name; the commit says
why.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from fukami.core.cards import cards
from fukami.core.recipe import LearningChoices
from fukami.data.batches import Order
from fukami.engine import optimisers
from fukami.engine.learner import Learner
from fukami.engine.loop import train
from fukami.engine.plan import Plan
from tests.laws.test_tasks import learned, tiny

STORED = Path(__file__).with_name("curves")


def curve(name: str) -> list[float]:
    """The losses of ten steps."""
    task, store = learned(name)
    network = tiny(task)
    learning = LearningChoices(learning_rate=0.01, epochs=4)
    source = store if task.source is None else task.source(task, store, np.arange(48), 0)
    made = Learner(
        network=network,
        objective=lambda net, batch, rng: task.objective(task, LearningChoices())(net, batch, rng),
        optimizer=optimisers.build(learning, optimisers.parameter_groups(network, learning)),
        learning=learning,
        store=source,
        order=Order(np.arange(48), 16, seed=0, lengths=source.lengths()),
        plan=Plan(),
        num_steps=10,
        seed=0,
        device=torch.device("cpu"),
        augment=False,
    )
    return [round(float(progress.loss), 6) for progress in train(made)]


@pytest.mark.parametrize("name", sorted(cards("tasks")))
def test_the_first_ten_losses_are_those_stored(name):
    stored = STORED / f"{name}.json"
    assert stored.is_file(), f"run python -m tests.golden.test_curves {name}, and look at what it wrote"
    # processors sum in other orders: the sixth digit may differ, the third may not
    np.testing.assert_allclose(curve(name), json.loads(stored.read_text()), rtol=2e-3)


def test_every_curve_is_that_of_a_task():
    assert {path.stem for path in STORED.iterdir()} <= set(cards("tasks"))


if __name__ == "__main__":
    for task in sys.argv[1:] or sorted(cards("tasks")):
        (STORED / f"{task}.json").write_text(json.dumps(curve(task)) + "\n")
