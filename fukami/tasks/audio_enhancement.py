"""A recording with noise in it in, the same without its noise out.

Use it for speech, music, machines. Data: clean recordings, into which noise is mixed at stated levels, or pairs of recordings
with and without noise.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from fukami.core.cards import TaskCard
from fukami.core.lazily import nn, torch
from fukami.core.recipe import LearningChoices
from fukami.fields.noisy.field import Noisy
from fukami.fields.sound.field import Sound
from fukami.objectives.contract import Batch, Loss, Objective, Outcome
from fukami.objectives.whole import whole
from fukami.tasks.compose import by_whole_models
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="audio-enhancement",
    summary="a recording with noise in it in, the same without its noise out",
    inputs=("noisy",),
    targets=("sound",),
    needs="sound",
    headline="si_sdr_gain",
    also=("si_sdr",),
    baselines=("spectral_subtraction",),
    recipe="enhancing/enhancement",
    without={"explain": "the answer is a recording itself: hearing it beside what was given tells more than weights would"},
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return by_whole_models(CARD, (Noisy(name="noisy"),), Sound(name="clean"), objective=_learned)


def _learned(task: Task, learning: LearningChoices, *, loss: Loss | None = None, network: nn.Module | None = None) -> Objective:
    """What whole models learn by; where noise is mixed in, each step mixes its own."""
    asked: Any = whole(task, learning, loss=loss, network=network)
    return partial(_mixed, task, asked) if task.inputs["noisy"].state.get("mixed") else asked


def _mixed(task: Task, asked: Objective, network: nn.Module, batch: Batch, rng: torch.Generator) -> Outcome:
    noisy: Any = task.inputs["noisy"]
    return asked(network, {**batch, "noisy": noisy.mixed(batch["clean"], rng)}, rng)
