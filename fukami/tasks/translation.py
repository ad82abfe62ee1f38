"""A text in, another one out: translation, and whatever else is written from a text (summaries, corrections, other styles).

Use it for pairs of texts that say the same in two languages, or of which one follows from the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fukami.core.cards import TaskCard
from fukami.core.lazily import nn, torch
from fukami.core.recipe import option
from fukami.fields.sentence.field import Sentence
from fukami.fields.text.field import Text
from fukami.layers.translating import Reads, Steps
from fukami.objectives.contract import Batch
from fukami.tasks.compose import by_whole_models
from fukami.tasks.contract import Stage, Stages, Task, whole_answers

CARD = TaskCard(
    name="translation",
    summary="a text in, a text in another language out",
    inputs=("text",),
    targets=("sentence",),
    needs="sentence",
    headline="bleu",
    also=("chrf",),
    baselines=("copy", "usual_sentence", "nearest_sentence"),
    recipe="translating/translation",
    validates="loss",
)


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


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return by_whole_models(
        CARD,
        (Text(name="text", options=Text.Options(max_tokens=256)),),
        Sentence(name="translation"),
        answer=_searched,
        graphs=_staged,
        options=Search(),
    )


def _searched(task: Task, network: nn.Module, batch: Batch, rng: torch.Generator):
    """As whole models answer, but not in one pass: what is written depends on what was written before."""
    return whole_answers(task, network, batch, rng)


def _staged(task: Task, network: nn.Module, inputs: dict[str, Any]) -> Stages:
    """A graph that reads, and one that writes a token; the search between them is a piece of the program."""
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
