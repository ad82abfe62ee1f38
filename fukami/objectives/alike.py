"""Learning what is alike: ask the network once, and compare vectors by the loss that the recipe names.

Where the target is a vector that was answered rather than an identity, the loss says how little the network's points there (the
product before it has length 1, since a cosine does not change in the least beside its best): that is
how likely it finds the answer, which explanations ask.
"""

import torch
from torch import nn

from fukami.core.recipe import LearningChoices
from fukami.fields import batch as trees
from fukami.objectives.contract import Batch, Loss, Objective, Outcome, Signature
from fukami.objectives.supervised import named_loss


def alike(
    task: Signature, learning: LearningChoices, *, loss: Loss | None = None, network: nn.Module | None = None
) -> Objective:
    """The objective of a task whose target is a vector; `loss` takes `{"vector", "cosine"}` and `{"identity", "index"}`.

    Raises:
        UsageError: F-LOSS-FIT, F-LOSS-NAME.
    """
    target, inputs = task.target, tuple(task.inputs)
    formula = loss or named_loss(target, learning)

    def objective(network: nn.Module, batch: Batch, _rng: torch.Generator) -> Outcome:
        outputs, features = network({name: batch[name] for name in inputs}, features=True)
        wide, truth = trees.mapped(outputs, lambda one: one.float()), batch[target.name]
        if "vector" in truth:
            return Outcome(-(wide["vector"] * truth["vector"].float()).sum(-1), outputs, features)
        return Outcome(formula(wide, truth), outputs, features)

    return objective
