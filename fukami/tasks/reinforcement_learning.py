"""An environment in, episodes out: an agent learns by trial which action is worth most where.

Published protocol of the classic environments: mean return over 100 episodes that were not trained in, acting greedily;
CartPole-v1 counts as solved at 475 (gymnasium's `reward_threshold`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from fukami.core.cards import TaskCard
from fukami.core.lazily import nn, torch
from fukami.core.recipe import option
from fukami.fields.environment.field import Environment
from fukami.fields.environment.worlds import made, sight
from fukami.fields.episode.field import Episode, greedy
from fukami.objectives.contract import Batch
from fukami.tasks.compose import by_whole_models
from fukami.tasks.contract import Task
from fukami.tasks.replay import Replay

CARD = TaskCard(
    name="reinforcement-learning",
    summary="an environment in, an agent that acts in it out",
    inputs=("environment",),
    targets=("episode",),
    needs="episode",
    headline="mean_return",
    also=("median_return", "worst_return", "mean_length"),
    baselines=("random_actions", "one_action"),
    recipe="acting/reinforcement_learning",
    most_judged=1000,
    without={
        "explain": "an episode is a course of many decisions, not one answer to an input whose parts could be weighed",
        "diagnose": "there are no labels: what an agent learns from changes as it acts",
        "compress": "networks that act are small, and a return lost cannot be told from chance over few episodes",
        "export": "answers are whole episodes, which need their environment; from Python, `acting` acts on an observation",
    },
)


@dataclass(frozen=True)
class Options:
    """How an agent gathers what it learns from."""

    discount: float = option(0.99, "How much a reward counts that comes one step later.", low=0, high=1)
    lookahead: int = option(3, "Steps whose rewards are added up before the rest is estimated.", low=1, high=100)
    environments: int = option(8, "Environments that are acted in at once.", low=1, high=1024)
    moves: int = option(1, "Actions in each of them for one learning step.", low=1, high=1000)
    memory: int = option(50_000, "Transitions that are remembered; the oldest are forgotten.", low=100)
    first: int = option(1000, "Transitions of random actions before the first learning step.", low=1)
    explore_from: float = option(1.0, "Share of random actions at the beginning.", low=0, high=1)
    explore_to: float = option(0.05, "Share of random actions that stays.", low=0, high=1)
    explore_steps: int = option(2000, "Learning steps in which the share falls from one to the other.", low=1)


def acted(task: Task, network: nn.Module, batch: Batch, rng: torch.Generator) -> Any:
    """Episodes played by the action that is worth most. In float64: how many are played together then changes none of them."""
    ((name, environment),) = task.inputs.items()
    assert isinstance(environment, Environment)
    agent = cast(nn.Module, copy.deepcopy(network.encoder)).double().eval()
    seeds = batch[name]["seed"]
    device = seeds.device

    @torch.no_grad()
    def best(observations_BN: np.ndarray) -> np.ndarray:
        return greedy(agent(torch.from_numpy(observations_BN).to(device, torch.float64))).cpu().numpy()

    with torch.autocast(device.type, enabled=False):
        return task.target.answers(environment.play(seeds.cpu().numpy(), best))


def acting(task: Task, network: nn.Module) -> Callable[[Any], int]:
    """The agent as a function of a single observation, as its environment gives it → the action that the environment takes.

    >>> # run = fukami.load("runs/pole"); act = acting(run.predictor.task, run.predictor.network); act(observation)
    """
    environment = cast(Environment, task.input)
    world = environment.world
    env = made(world.id)
    observed, agent = sight(world, env.observation_space), cast(nn.Module, copy.deepcopy(network.encoder)).double().eval()
    env.close()

    @torch.no_grad()
    def act(observation: Any) -> int:
        seen_BN = torch.from_numpy(observed(observation))[None].double()
        return world.first_action + int(greedy(agent(seen_BN)))

    return act


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    environment, episode = Environment(name="environment"), Episode(name="episode")
    told = {"answer": acted, "same": {"episode": "environment"}, "source": Replay, "options": Options()}
    return by_whole_models(CARD, (environment,), episode, **told)
