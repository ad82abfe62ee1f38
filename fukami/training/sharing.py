"""What one of several processes has to observe: what they cannot do together, and what the first one decides for all."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import nn

from fukami.core import plans, processors
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.recipe import PlanChoices, Recipe
from fukami.engine.learner import Learner
from fukami.engine.plan import Measured, Plan
from fukami.engine.ranks import Ranks
from fukami.engine.shared_norm import has_batch_norm
from fukami.engine.trial import OptimizerOf
from fukami.training.pace import seconds_per_step

WORTH_STEPS = 360
"""Steps of a training in which finding out whether sharing them pays, which takes eighteen, is a twentieth."""


def require_shareable(recipe: Recipe, learner: Learner, ranks: Ranks) -> None:
    """Raises `UsageError` for what several processes cannot do together."""
    if learner.order.batch_size < ranks.size:
        raise UsageError(
            "F-DEVICES-BATCH",
            _("a step has fewer examples than there are processes"),
            expected=_("at least {n}").format(n=ranks.size),
            got=str(learner.order.batch_size),
            fix=f"--set batch_size={ranks.size * 8} | --devices 1",
        )
    plan, learning = recipe.plan, recipe.learning
    if ranks.size > 1 and not ranks.sharded and plan.compile == "yes" and has_batch_norm(learner.network):
        raise UsageError(
            "F-DEVICES-COMPILE",
            _("batch norms whose statistics are those of all processes cannot be part of a compiled network"),
            fix="--set compile=no | --devices 1",
        )
    unable = {
        "optimizer=muon": learning.optimizer == "muon",
        "l1": learning.l1 > 0,
        "compile=yes": plan.compile == "yes",
        "memory_format=channels-last": plan.memory_format == "channels-last",
    }
    for name in (name for name, asked in unable.items() if ranks.sharded and asked):
        raise UsageError(
            "F-FSDP-WITH",
            _("weights that are divided among processes do not go together with {name}").format(name=name),
            fix="--set parallel=ddp",
        )


def open_choices(choices: PlanChoices, network: nn.Module, ranks: Ranks) -> PlanChoices:
    """What the step plan may still decide. The cores were divided among the processes when they were started."""
    if ranks.size == 1:
        return choices
    choices = replace(choices, threads=choices.threads or torch.get_num_threads())
    # statistics that are summed over processes are not a part of one compiled graph
    if ranks.sharded or has_batch_norm(network):
        choices = replace(choices, compile="no")
    return replace(choices, memory_format="contiguous") if ranks.sharded else choices


@dataclass(frozen=True)
class Sharing:
    """`processes` share each step. What a step takes together, and in one of them alone, in seconds; 0 where not measured."""

    processes: int
    together_s: float = 0.0
    alone_s: float = 0.0

    def line(self) -> str:
        """One line for the log."""
        return plans.sharing(self.processes, self.together_s, self.alone_s)


def alone(learner: Learner, optimizer_of: OptimizerOf, ranks: Ranks, *, num_steps: int) -> float:
    """Seconds of a whole step in the first process alone, with as many threads as it has or as there are cores, whichever is
    faster; 0 where that cannot be measured, or the training is too short for it.

    `learner` is not spread yet. Weights that have to be divided are not computed with whole, and a network that is compiled
    would have to be compiled again.
    """
    if num_steps < WORTH_STEPS or ranks.sharded or learner.plan.compiled:
        return 0.0
    cores = processors.usable()
    threads = {cores, learner.plan.threads or cores} if learner.device.type == "cpu" else {learner.plan.threads}

    def best() -> float:
        timed = (replace(learner, plan=replace(learner.plan, threads=number)) for number in threads)
        return min(seconds_per_step(one, optimizer_of) for one in timed)

    return ranks.told(best)


def agreed(ranks: Ranks, work: Callable[[], Measured]) -> Measured:
    """The step plan that the first process measured, in all; the others have no figures."""
    found: list[Measured] = []

    def plan() -> dict[str, Any]:
        found.append(work())
        return asdict(found[0].plan)

    told = ranks.told(plan)
    return found[0] if found else Measured(Plan(**told))
