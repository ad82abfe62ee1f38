"""Tasks whose answer is a text written from a text: how it is looked for, and the graphs of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fukami.core.lazily import nn, torch
from fukami.core.recipe import option
from fukami.objectives.contract import Batch
from fukami.tasks.contract import Stage, Stages, Task, whole_answers


@dataclass(frozen=True)
class Search:
    """How what is written is looked for."""

    beams: int = option(
        4, "Texts that are written side by side, of which the best one is answered; 1 is greedy.", low=1, high=64
    )
    length_penalty: float = option(
        1.0, "How strongly a longer text is preferred; 0 compares by likelihood alone, which favours short ones.", low=0, high=5
    )
    longest: int = option(0, "Tokens that are written at most; 0 for as many as the longest training text has.", low=0)


def searched(task: Task, network: nn.Module, batch: Batch, rng: torch.Generator):
    """As whole models answer, but not in one pass: what is written depends on what was written before."""
    return whole_answers(task, network, batch, rng)


def staged(task: Task, network: nn.Module, inputs: dict[str, Any]) -> Stages:
    """A graph that reads, and one that writes a token; the search between them is a piece of the program."""
    from fukami.layers.translating import Reads, Steps

    model: Any = network.encoder
    reads = Reads(model)
    with torch.no_grad():
        found = reads(inputs)
        (source,) = inputs.values()
        last = torch.full((len(source.lengths),), model.begin)
        # a state that has grown shows which of its axes do
        for _token in range(2):
            after = Steps(model)({"last": last, **found})
            found |= {f"state_{name.removeprefix('next_')}": value for name, value in after.items() if name != "chance"}
    names = {name: name.partition("_")[2] for name in found}
    varying = {name: model.varying[own] for name, own in names.items() if own in model.varying}
    options = task.options
    told = {"beams": options.beams, "most": min(options.longest or model.most, model.most), "penalty": options.length_penalty}
    told |= {"begin": model.begin, "end": model.end, "padding": model.pad}
    stages = {"reads": Stage(reads, inputs), "steps": Stage(Steps(model), {"last": last, **found}, varying)}
    return Stages(stages, code=("searched",), outputs=("ids", "log_likelihood"), told=told)
