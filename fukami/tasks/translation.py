"""A text in, another one out: translation, and whatever else is written from a text (summaries, corrections, other styles).

Use it for pairs of texts that say the same in two languages, or of which one follows from the other.
"""

from dataclasses import dataclass

import torch
from torch import nn

from fukami.core.cards import TaskCard
from fukami.core.recipe import option
from fukami.fields.sentence.field import Sentence
from fukami.fields.text.field import Text
from fukami.objectives.contract import Batch
from fukami.tasks.compose import by_whole_models
from fukami.tasks.contract import Task, whole_answers

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

    beams: int = option(4, "Texts that are written side by side, of which the best one is answered; 1 is greedy.", low=1, high=64)
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
        options=Search(),
    )


def _searched(task: Task, network: nn.Module, batch: Batch, rng: torch.Generator):
    """As whole models answer, but not in one pass: what is written depends on what was written before."""
    return whole_answers(task, network, batch, rng)
