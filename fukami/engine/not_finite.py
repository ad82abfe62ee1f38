"""Why a loss is not a finite number any more, when going back and lowering the rate did not help.

The step is looked at once more: its examples, each example's own loss, the weights, the gradients. What is found is told with
the examples as a person knows them. B examples of a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from fukami.core.errors import RunError
from fukami.core.language import _
from fukami.engine.learner import Learner
from fukami.engine.loop import load
from fukami.engine.mishaps import NotFinite, TooLarge, is_out_of_memory
from fukami.engine.step import gradients
from fukami.fields import batch as trees
from fukami.objectives.contract import mean_loss

SHOWN = 5
"""Examples that are named."""
LARGE = 1e4
"""Root of the mean square of a weight tensor from which on it has plainly run away."""


@dataclass(frozen=True)
class Cause:
    """What was found: a sentence, what mends it, and which of the step's B examples it concerns (all where none is named)."""

    sentence: str
    fix: str
    examples: tuple[int, ...] = ()


def broken(learner: Learner, error: NotFinite, name: Callable[[int], str]) -> RunError:
    """What is said when a training is given up. `name` says which example a row of the store is."""
    cause = cause_of(learner, error)
    rows = [error.rows[index] for index in cause.examples] or list(error.rows)
    shown = ", ".join(name(int(row)) for row in rows[:SHOWN])
    where = _("step {step}: {examples}").format(step=error.step + 1, examples=shown)
    if len(rows) > SHOWN:
        where += " " + _("and {n} more").format(n=len(rows) - SHOWN)
    figures = _("loss {loss}, gradient norm {norm}").format(loss=f"{error.loss:.4g}", norm=f"{error.norm:.4g}")
    what = _("the loss or its gradient is not a finite number any more")
    return RunError("F-LOSS-NONFINITE", what, where=where, got=f"{figures}; {cause.sentence}", fix=cause.fix)


def cause_of(learner: Learner, error: NotFinite) -> Cause:
    """The likeliest cause. The learner stands before the step; its gradients and statistics are not as they were afterwards."""
    batch = load(learner, error.step).batch
    lower = f"--set learning_rate={learner.learning.learning_rate * learner.rate_scale / 10:.2g}"
    for field, value in batch.items():
        bad = not_finite(value)
        if bad:
            sentence = _("the prepared examples themselves hold numbers that are not finite, in {field}").format(field=field)
            return Cause(sentence, _("look at these examples, or leave them out"), bad)
    for weight, tensor in learner.network.named_parameters():
        size = float(tensor.detach().double().square().mean().sqrt()) if tensor.numel() else 0.0
        if not size < LARGE:
            sentence = _("the weights have grown out of bounds, first {weight} (about {size} each)")
            return Cause(sentence.format(weight=weight, size=f"{size:.1e}"), lower)
    alone = losing(learner, batch)
    if 0 < len(alone) < len(error.rows):
        sentence = _("{n} of {total} examples have a loss that is not finite, each by itself")
        fix = _("look at these examples; or a lower rate: {option}").format(option=lower)
        return Cause(sentence.format(n=len(alone), total=len(error.rows)), fix, tuple(alone))
    first = first_gradient(learner, error)
    if first:
        return Cause(_("the gradient of {weight} is the first that is not finite").format(weight=first), lower)
    return Cause(_("neither the examples nor the weights show anything unusual"), lower)


def finite_batch(learner: Learner, step: int) -> bool:
    """Whether every number in a step's batch is finite."""
    return not any(map(not_finite, load(learner, step).batch.values()))


def not_finite(value: Any) -> tuple[int, ...]:
    """Which examples of a part of a batch hold numbers that are not finite.

    >>> not_finite((torch.tensor([[1.0], [float("nan")]]), torch.tensor([1, 2])))
    (1,)
    """
    return tuple((~trees.finite(value, trees.size(value))).nonzero()[0].tolist())


def losing(learner: Learner, batch: dict[str, Any]) -> list[int]:
    """Which examples have, each alone and without noise, a loss that is not finite; none where a loss needs several."""
    network, found = learner.network, []
    network.eval()
    rng = torch.Generator(learner.device).manual_seed(0)
    try:
        with torch.no_grad(), learner.plan.autocast():
            for index in range(trees.size(batch)):
                loss = mean_loss(learner.objective, network, trees.part(batch, index, index + 1), rng)
                if not bool(torch.isfinite(loss)):
                    found.append(index)
    except (RuntimeError, ValueError, IndexError):  # a loss over several examples (contrasts) cannot be asked this
        return []
    return found


def first_gradient(learner: Learner, error: NotFinite) -> str:
    """The name of the first parameter, from the output on, whose gradient is not finite; empty where there is none."""
    loaded = load(learner, error.step)
    learner.network.train()
    try:
        gradients(learner, loaded.batch, loaded.rng)
    except TooLarge:
        return ""
    except (RuntimeError, MemoryError) as failed:
        if not is_out_of_memory(failed):
            raise
        return ""
    weights = reversed(list(learner.network.named_parameters()))  # gradients come from the output
    return next((name for name, p in weights if p.grad is not None and not bool(torch.isfinite(p.grad).all())), "")
