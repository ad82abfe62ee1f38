"""A text in, how it goes on out; judged by how likely it finds texts that it has not seen.

Use it for a language model of your own texts: stories, code, minutes, names. A long text is divided into passages, in order,
and its parts lie behind one another, so that nothing that is judged stands in what was learned.
"""

from __future__ import annotations

from dataclasses import dataclass

from fukami.core.cards import TaskCard
from fukami.core.lazily import nn, torch
from fukami.core.recipe import option
from fukami.fields.continuation.field import Continuation
from fukami.fields.passage.divide import divided
from fukami.fields.passage.field import Passage
from fukami.objectives.contract import Batch
from fukami.tasks.compose import by_whole_models
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="language-modeling",
    summary="a text in, how it goes on out",
    inputs=("passage",),
    targets=("continuation",),
    needs="continuation",
    headline="perplexity",
    also=("nats_per_character", "bits_per_character", "next_token_accuracy"),
    baselines=("unigram", "trigram"),
    recipe="passages/language_modeling",
    without={
        "export": "text is written one token after another, and no format holds that loop yet; `predict` and Python write it"
    },
)


@dataclass(frozen=True)
class Writing:
    """How a text is gone on with."""

    max_tokens: int = option(200, "Tokens that are written.", low=1, high=100_000)
    temperature: float = option(
        0.8, "Below 1 likely tokens are drawn more often than they are likely; 0 takes the likeliest.", low=0
    )
    top_k: int = option(0, "Only so many likeliest tokens are drawn from; 0 for all.", low=0)
    top_p: float = option(1.0, "Only the fewest tokens that have this probability together are drawn from.", low=0.01, high=1)
    greedy: bool = option(False, "Take the likeliest token each time, without drawing.")


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return by_whole_models(
        CARD,
        (Passage(name="text"),),
        Continuation(name="continuation"),
        same={"continuation": "text"},
        assess=_assessed,
        examples=divided,
        options=Writing(),
    )


def _assessed(task: Task, network: nn.Module, batch: Batch, rng: torch.Generator):
    """How likely the network finds texts that are there."""
    inputs, targets = ({name: batch[name] for name in names} for names in (task.inputs, task.targets))
    return task.target.answers(network.encoder.scores(inputs, targets))  # type: ignore[union-attr]
