"""What an agent has lived through, of which each step learns a part: a `data.source.Source`.

Several environments are acted in at once, a few actions for each learning step. Whatever is drawn follows from the seed and the
step; where an environment stands is told by its episode's seed and the actions since its beginning, which are done again when a
training resumes. So a killed training ends with the weights of one that was not.

E environments, T moments that are remembered of each, B transitions of a step, N numbers of an observation.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from fukami.core.lazily import nn, torch
from fukami.core.seeds import generator
from fukami.fields.environment.field import Environment
from fukami.fields.environment.worlds import Running
from fukami.fields.episode.field import greedy
from fukami.fields.gather import carried
from fukami.tasks.contract import Task


class Replay:
    """A memory of transitions that grows while a network learns from it, and forgets what is oldest.

    Args:
        task: its input is the environment, its options say how much is acted and remembered.
        store: the prepared episodes, of which `rows` may be trained in.
        seed: from which everything that is drawn follows.
    """

    def __init__(self, task: Task, store: Any, rows: np.ndarray, seed: int):
        self.task, self.store, self.rows, self.seed = task, store, rows, seed
        self.fields = store.fields
        environment = cast(Environment, task.input)
        self.world, told = environment.world, task.options
        self.running = [Running(self.world) for _number in range(told.environments)]
        count, depth = len(self.running), max(told.lookahead + 1, -(-told.memory // len(self.running)))
        self.seen_TEN = np.zeros((depth, count, self.world.num_numbers), np.float32)
        self.next_TEN = np.zeros_like(self.seen_TEN)
        self.action_TE = np.zeros((depth, count), np.int64)
        self.reward_TE = np.zeros((depth, count), np.float32)
        self.ended_TE = np.zeros((depth, count), bool)
        """Whether the environment came to its end, after which nothing more is to be had."""
        self.over_TE = np.zeros((depth, count), bool)
        """Whether the episode was over, for that reason or because its time was up."""
        self.moves, self.episodes, self.step = 0, 0, 0
        self._order = generator(seed, "episodes").permutation(len(rows))
        self._now_EN = np.stack([self._begin(one) for one in self.running])

    def _begin(self, one: Running) -> np.ndarray:
        """The next of the episodes that may be trained in."""
        row = self.rows[self._order[self.episodes % len(self.rows)]]
        self.episodes += 1
        return one.begin(int(self.store.arrays[self.task.input.name]["seed"][row]))

    # -- acting ------------------------------------------------------------------------------------------------------
    def collect(self, network: nn.Module, step: int) -> None:
        """Acts with the network that learns, and has the one that judges follow it."""
        told, rng, agent = self.task.options, generator(self.seed, "act", step), cast(nn.Module, network.encoder)
        self.step = step
        while self.moves * len(self.running) < told.first:
            self._move(rng.integers(self.world.num_actions, size=len(self.running)))
        share = max(0.0, 1 - step / told.explore_steps)
        random = told.explore_to + share * (told.explore_from - told.explore_to)
        for _move in range(told.moves):
            drawn = rng.integers(self.world.num_actions, size=len(self.running))
            draws = rng.random(len(self.running)) < random
            self._move(drawn if draws.all() else np.where(draws, drawn, self._best(agent)))
        cast(Any, agent).follow()

    def _best(self, agent: nn.Module) -> np.ndarray:
        device = next(agent.parameters()).device
        with torch.no_grad():
            return greedy(agent(carried(self._now_EN, device))).cpu().numpy()

    def _move(self, actions_E: np.ndarray) -> None:
        """One action in each environment; where an episode is over, the next one begins."""
        place = self.moves % len(self.seen_TEN)
        self.seen_TEN[place], self.action_TE[place] = self._now_EN, actions_E
        for index, (one, action) in enumerate(zip(self.running, actions_E.tolist(), strict=True)):
            now, reward, ended, over = one.step(action)
            self.next_TEN[place, index], self.reward_TE[place, index] = now, reward
            self.ended_TE[place, index], self.over_TE[place, index] = ended, over
            self._now_EN[index] = self._begin(one) if over else now
        self.moves += 1

    # -- what a step learns from -------------------------------------------------------------------------------------
    def batch(self, rows: np.ndarray, device: torch.device | str = "cpu") -> dict[str, Any]:
        """As many transitions as there are `rows`, drawn from all that are remembered, each over up to `lookahead` steps."""
        told, depth = self.task.options, len(self.seen_TEN)
        rng = generator(self.seed, "remember", self.step)
        moment_B = rng.integers(max(0, self.moves - depth), max(1, self.moves), len(rows))
        which_B = rng.integers(len(self.running), size=len(rows))
        first_B = last_B = moment_B % depth
        reward_B, discount_B = np.zeros(len(rows), np.float32), np.ones(len(rows), np.float32)
        going_B = np.ones(len(rows), bool)
        for ahead in range(told.lookahead):
            place_B = (moment_B + ahead) % depth
            last_B = np.where(going_B, place_B, last_B)
            reward_B += np.where(going_B, discount_B * self.reward_TE[place_B, which_B], 0)
            discount_B = np.where(going_B, discount_B * np.float32(told.discount), discount_B)
            going_B &= ~self.over_TE[place_B, which_B] & (moment_B + ahead + 1 < self.moves)
        discount_B = np.where(self.ended_TE[last_B, which_B], np.float32(0), discount_B)
        lived = {
            "observation": self.seen_TEN[first_B, which_B],
            "action": self.action_TE[first_B, which_B],
            "reward": reward_B,
            "next": self.next_TEN[last_B, which_B],
            "discount": discount_B,
        }
        target = self.task.target.name
        return {
            self.task.input.name: {name: carried(array, device) for name, array in lived.items()},
            target: self.fields[target].batch(self.store.arrays[target], rows, device),
        }

    def lengths(self) -> np.ndarray | None:
        """None: a transition is a transition."""
        return None

    # -- going back and going on -------------------------------------------------------------------------------------
    def _arrays(self) -> dict[str, np.ndarray]:
        names = ("seen_TEN", "next_TEN", "action_TE", "reward_TE", "ended_TE", "over_TE")
        return {name: getattr(self, name) for name in names}

    def state(self) -> dict[str, Any]:
        """What is remembered, and where each environment stands."""
        counts = np.array([one.steps for one in self.running])
        # one more than there are: an empty tensor cannot be written
        done = np.concatenate([*(one.actions[: one.steps] for one in self.running), np.zeros(1, np.int64)])
        stands = {"seeds": np.array([one.seed for one in self.running]), "counts": counts, "actions": done}
        tensors = {name: torch.from_numpy(array) for name, array in (self._arrays() | stands).items()}
        return tensors | {"moves": self.moves, "episodes": self.episodes, "step": self.step}

    def load(self, state: dict[str, Any]) -> None:
        """Takes back what `state` gave: each environment's episode is begun anew, and what was done in it done again."""
        for name, array in self._arrays().items():
            array[...] = state[name].cpu().numpy()
        self.moves, self.episodes, self.step = (int(state[name]) for name in ("moves", "episodes", "step"))
        seeds, counts = state["seeds"].tolist(), state["counts"].tolist()
        parts = np.split(state["actions"].cpu().numpy(), np.cumsum(counts))
        for index, (one, seed, actions) in enumerate(zip(self.running, seeds, parts[:-1], strict=True)):
            self._now_EN[index] = one.again(int(seed), actions)

    def double(self) -> Replay:
        """Another one that stands where this one does."""
        other = Replay(self.task, self.store, self.rows, self.seed)
        other.load(self.state())
        return other
