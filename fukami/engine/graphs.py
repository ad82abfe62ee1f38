"""Leaving CUDA graphs: a step that was captured whole cannot be replayed in parts.

Memory that runs out halves a step's examples, and a checkpoint may say that it had. A graph is of one shape, holds its memory
for as long as it lives, and its next run writes over the gradients of the one before, which parts would have to add up (torch
refuses that with an error). Graphs of the parts are not worth their capture either: where memory is short, steps are long.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from fukami.engine.learner import Learner, LossOf
from fukami.engine.mishaps import Event


def leave_graphs(learner: Learner) -> None:
    """From here on the network computes uncompiled, where its steps were replayed as graphs and now come in parts."""
    if not (learner.micro_batch and learner.plan.graphs):
        return
    learner.called = LossOf(learner.network)
    learner.plan = replace(learner.plan, compiled=False)
    learner.events.append(Event(learner.step + 1, "left-graphs"))
    torch.compiler.reset()  # graphs hold on to their memory, which is what there was too little of
