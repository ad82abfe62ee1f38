"""Seeds in, pictures like those of a folder out.

Nothing of a picture is read when one is made: the input is a number, from which its noise follows. What is made is judged as a
whole, since no picture that is made belongs to a true one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fukami.core.cards import TaskCard
from fukami.core.lazily import nn, torch
from fukami.core.recipe import option
from fukami.fields.draws.field import Draws
from fukami.fields.picture.field import Picture
from fukami.objectives.contract import Batch
from fukami.tasks.compose import by_whole_models
from fukami.tasks.contract import Stage, Stages, Task, whole_answers

CARD = TaskCard(
    name="image-generation",
    summary="seeds in, pictures like those of the data out",
    inputs=("draws",),
    targets=("picture",),
    needs="picture",
    headline="frechet_distance",
    baselines=("noise_pictures", "mean_picture", "gaussian_pictures", "true_pictures"),
    recipe="pictures/image_generation",
    validates="nothing",
    most_judged=2000,
    without={
        "explain": "a picture that is made follows from a seed, which has no parts that could be weighed",
        "diagnose": "there are no labels, and of two players that learn against each other no loss says how well it goes",
    },
)


@dataclass(frozen=True)
class Sampling:
    """How a model that is asked several times draws a picture; one that makes it at once has nothing to choose."""

    steps: int = option(20, "For ddpm: steps from noise to picture; more are better, and take longer.", low=1, high=1000)
    noise: float = option(
        0.0, "For ddpm: noise that is drawn on the way; 0 for none (DDIM), 1 for the ancestral sampler.", low=0, high=1
    )


def made(task: Task, network: nn.Module, batch: Batch, rng: torch.Generator):
    """Pictures in full precision, whatever the plan: what rounding does in one step, the next steps make larger."""
    (seeds_B,) = (batch[name] for name in task.inputs)
    with torch.autocast(seeds_B.device.type, enabled=False):
        return whole_answers(task, network, batch, rng)


def staged(task: Task, network: nn.Module, inputs: Batch) -> Stages:
    """The graphs of the model, and how a program asks them."""
    model: Any = network.encoder
    graphs, code, told = model.stages(inputs, task.options)
    return Stages({name: Stage(*graph) for name, graph in graphs.items()}, code, told=told)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return by_whole_models(CARD, (Draws(name="draws"),), Picture(name="image"), answer=made, graphs=staged, options=Sampling())
