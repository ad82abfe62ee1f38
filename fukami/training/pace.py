"""How long the steps of a training take, and what follows from it: the number of epochs, the steps between two snapshots."""

import time

import torch

from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.engine.keeper import copied, put_back, state_of
from fukami.engine.learner import Learner
from fukami.engine.loop import CHECK_EVERY, train
from fukami.engine.mishaps import NotFinite
from fukami.engine.planner import steps_to_time
from fukami.engine.trial import NotMeasured, OptimizerOf, apart

SNAPSHOT_EVERY_S = 5.0
"""What a killed training loses at most, besides the time since its last checkpoint."""


def seconds_per_step(learner: Learner, optimizer_of: OptimizerOf) -> float:
    """The time of one training step, over a few batches spread through the first epoch (lengths differ).

    0 where it cannot be measured: what is wrong with a step is told by the training that meets it.
    """
    steps = steps_to_time(learner)
    try:
        with apart(learner, optimizer_of) as trial:
            trial.seconds(learner.plan, steps[0])
            return sum(trial.seconds(learner.plan, step) for step in steps) / len(steps)
    except (NotFinite, NotMeasured):
        return 0.0


def seconds_together(learner: Learner) -> float:
    """The time of a step that several processes take together, their sums included. Afterwards the learner is as it was."""
    warm, count = 2, 8
    kept, steps = copied(state_of(learner)), learner.num_steps
    learner.rate_scale, learner.num_steps = 0.0, warm + count
    seconds = 0.0
    try:
        for progress in train(learner):
            learner.ranks.any(False, False)  # as after every step of a training
            if progress.step == warm:
                started = time.perf_counter()
        seconds = (time.perf_counter() - started) / count
    except NotFinite:  # the training meets it too, and tells it
        pass
    finally:
        put_back(learner, kept)
        learner.num_steps = steps
    return learner.ranks.most(seconds)


def snapshot_steps(per_step: float, device: torch.device) -> int:
    """Steps between two snapshots: about `SNAPSHOT_EVERY_S` of training, on other devices where the loss has just been read."""
    steps = min(1000, max(1, round(SNAPSHOT_EVERY_S / max(per_step, 1e-6))))
    return steps if device.type == "cpu" else -(-steps // CHECK_EVERY) * CHECK_EVERY


def length_of(learner: Learner, per_step: float, spent: float = 0.0) -> dict[str, float]:
    """The number of epochs that fits into the recipe's minutes, so that the schedule completes; the recipe's own otherwise.

    Minutes become epochs before the first step: the recipe that is written repeats the same training on any machine. The
    `spent` seconds of preparing and measuring count; half of the time at least is for learning.
    """
    learning = learner.learning
    if not learning.minutes:
        return {"epochs": learning.epochs}
    if per_step <= 0:
        raise UsageError(
            "F-MINUTES-UNMEASURED",
            _("how long a step takes could not be measured, so the number of steps cannot be worked out from minutes"),
            fix="--set epochs=…",
        )
    total = learning.minutes * 60
    steps = max(0.5 * total, 0.9 * total - spent) / per_step  # a tenth is left for validation and evaluation
    return {"epochs": round(max(1 / learner.order.steps_per_epoch, steps / learner.order.steps_per_epoch), 4), "minutes": 0.0}
