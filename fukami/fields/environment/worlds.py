"""Worlds of gymnasium: making them by name, what they show and what may be done in them, playing episodes in many at once.

Nothing but what is registered with gymnasium is ever made: a name with a module in it (`module:ID`), which would have gymnasium
import that module, is refused. Whoever has an environment of their own registers it first (`gymnasium.register`), or installs
a package that does.

B episodes, N numbers of an observation, T actions of all episodes together.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fukami.core.errors import DataError, FukamiError, nearest
from fukami.core.extras import needed
from fukami.core.language import _
from fukami.core.tables import Column
from fukami.fields import cells

if TYPE_CHECKING:
    import gymnasium

PREFIX = "gym:"
CELL = re.compile(r"(?:(?P<name>[^#\s]+)#)?(?P<seed>\d{1,18})")
"""An episode as a cell tells it: `CartPole-v1#7`, or its seed alone."""
LONGEST = 10_000
"""Steps after which an episode ends where the environment sets no limit."""
MOST_NUMBERS = 100_000
WIDE = 1e3
"""Bounds of an observation beyond this are taken for none: such numbers are not scaled."""

Policy = Callable[[np.ndarray], np.ndarray]
"""Observations (B, N) float32 → actions (B,), from 0."""


class Played(NamedTuple):
    """B episodes from beginning to end: int64 (B) seeds, float64 (B) sums of rewards, int64 (B) steps, the actions of each."""

    seeds: np.ndarray
    returns: np.ndarray
    lengths: np.ndarray
    actions: list[np.ndarray]


@dataclass(frozen=True)
class World:
    """What a field learns of an environment, as plain values."""

    id: str
    num_numbers: int
    num_actions: int
    first_action: int
    limit: int
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    """Middle and half width of each number that has bounds, 0 and 1 of others."""


def episodes(column: Column) -> tuple[list[str], np.ndarray]:
    """The environment that each cell names ("" where it names none), and its seed (int64, N; -1 where none is).

    >>> import pyarrow as pa
    >>> episodes(Column("episode", pa.array(["CartPole-v1#7", "8", "nine"])))
    (['CartPole-v1', '', ''], array([ 7,  8, -1]))
    """
    found = [CELL.fullmatch(text.strip()) for text in cells.strings(column)]
    names = [bare(match["name"] or "") if match else "" for match in found]
    return names, np.array([int(match["seed"]) if match else -1 for match in found], np.int64)


def library() -> Any:
    """gymnasium. Raises `UsageError` F-EXTRA-MISSING where it is not installed."""
    return needed("gymnasium", extra="rl")


def bare(name: str) -> str:
    """The name of an environment as gymnasium has it.

    >>> bare("gym:CartPole-v1"), bare("CartPole-v1")
    ('CartPole-v1', 'CartPole-v1')
    """
    return name.strip().removeprefix(PREFIX)


def made(name: str, *, drawn: bool = False) -> gymnasium.Env:
    """A new environment; `drawn` where pictures of it are wanted.

    Raises `DataError` F-ENVIRONMENT-NAME where none of this name is registered, F-ENVIRONMENT-MODULE for a name that would
    import a module, F-ENVIRONMENT-LIBRARY where what it needs is not installed, F-ENVIRONMENT-BROKEN where it cannot be made.
    """
    gym, name = library(), bare(name)
    if ":" in name:
        raise DataError(
            "F-ENVIRONMENT-MODULE",
            _("a name with a module in it is never followed: it would run that module's code"),
            where=name,
            expected=_("the name of an environment that is registered, such as {example}").format(example="CartPole-v1"),
            fix=_("import the module yourself before fukami.train(…), or install a package that registers its environments"),
        )
    known = gym.registry
    if name not in known:
        close = nearest(name, known)
        raise DataError(
            "F-ENVIRONMENT-NAME",
            _("there is no environment of this name"),
            where=name,
            expected=_("an environment of gymnasium {version}, such as {example}").format(
                version=gym.__version__, example="CartPole-v1, MountainCar-v0, Acrobot-v1"
            ),
            got=name,
            fix=_("did you mean {names}?").format(names=", ".join(close)) if close else "",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a newer version exists, and the like: check tells what matters
            return gym.make(name, disable_env_checker=True, **({"render_mode": "rgb_array"} if drawn else {}))
    except (gym.error.DependencyNotInstalled, ImportError) as error:
        raise DataError(
            "F-ENVIRONMENT-LIBRARY",
            _("the environment needs a library that is not installed"),
            where=name,
            got=_first_line(error),
            fix='pip install "fukami[rl]"' if "classic" in str(error) else 'pip install "gymnasium[all]"',
        ) from None
    except Exception as error:  # whatever an environment of somebody's raises when it is made
        raise DataError(
            "F-ENVIRONMENT-BROKEN", _("the environment cannot be made"), where=name, got=_first_line(error)
        ) from None


def world_of(name: str) -> World:
    """What there is to know of an environment. Raises what `made` raises, and `DataError` F-ENVIRONMENT-ACTIONS,
    F-ENVIRONMENT-OBSERVATIONS where an agent could do nothing with it."""
    gym, name = library(), bare(name)
    env = made(name)
    try:
        actions: Any = env.action_space
        space = env.observation_space
        if not isinstance(actions, gym.spaces.Discrete):
            raise DataError(
                "F-ENVIRONMENT-ACTIONS",
                _("the actions of this environment are not a choice among a few"),
                where=name,
                expected=_("one of a fixed number of actions (Discrete)"),
                got=str(actions)[:120],
                fix=_("choose an environment of discrete actions, or wrap it in one that offers a few: {example}").format(
                    example="gymnasium.wrappers.TransformAction"
                ),
            )
        try:
            numbers = int(gym.spaces.flatdim(space))
        except (NotImplementedError, ValueError):
            numbers = 0
        if not 0 < numbers <= MOST_NUMBERS:
            raise DataError(
                "F-ENVIRONMENT-OBSERVATIONS",
                _("what this environment shows cannot be laid out as a fixed number of numbers"),
                where=name,
                expected=_("from 1 to {n} numbers").format(n=f"{MOST_NUMBERS:,}"),
                got=str(space)[:120],
            )
        centre, scale = _bounds(gym, space, numbers)
        limit = env.spec.max_episode_steps if env.spec is not None else None
        return World(
            id=name,
            num_numbers=numbers,
            num_actions=int(actions.n),
            first_action=int(actions.start),
            limit=int(limit or LONGEST),
            centre=centre,
            scale=scale,
        )
    finally:
        env.close()


def _bounds(gym: Any, space: Any, numbers: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Middle and half width of each number that has bounds, 0 and 1 of others: known before anything was seen."""
    if not isinstance(space, gym.spaces.Box):
        return (0.0,) * numbers, (1.0,) * numbers
    low, high = (np.asarray(bound, np.float64).reshape(-1) for bound in (space.low, space.high))
    bounded = (low > -WIDE) & (high < WIDE) & (high > low)
    centre = np.where(bounded, (np.where(bounded, low, 0) + np.where(bounded, high, 0)) / 2, 0.0)
    scale = np.where(bounded, (np.where(bounded, high, 0) - np.where(bounded, low, 0)) / 2, 1.0)
    return tuple(centre.tolist()), tuple(scale.tolist())


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def sight(world: World, space: Any) -> Callable[[Any], np.ndarray]:
    """How an observation of `space` becomes N float32 numbers; those that have bounds lie between -1 and 1."""
    plain, flatten = isinstance(space, library().spaces.Box), library().spaces.flatten
    centre, scale = np.array(world.centre, np.float32), np.array(world.scale, np.float32)

    def observed(raw: Any) -> np.ndarray:
        return (np.asarray(raw if plain else flatten(space, raw), np.float32).reshape(-1) - centre) / scale

    return observed


class Running:
    """One environment in the midst of an episode, which can be told, and gone back to, by its seed and what was done in it."""

    def __init__(self, world: World):
        self.world = world
        self.env = made(world.id)
        self._observed = sight(world, self.env.observation_space)
        self.seed, self.actions = 0, np.zeros(world.limit, np.int64)
        self.steps = 0

    def begin(self, seed: int) -> np.ndarray:
        """Its first observation; everything that is drawn in the episode follows from `seed`."""
        self.seed, self.steps = seed, 0
        return self._observed(self.env.reset(seed=seed)[0])

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool]:
        """The next observation, the reward, whether the end was reached, and whether the episode is over for that or time."""
        self.actions[self.steps] = action
        self.steps += 1
        raw, reward, ended, cut, _info = self.env.step(action + self.world.first_action)
        over = ended or cut or self.steps >= self.world.limit
        return self._observed(raw), float(reward), bool(ended), bool(over)

    def again(self, seed: int, actions: np.ndarray) -> np.ndarray:
        """Where an episode of `seed` stands after `actions`."""
        now = self.begin(seed)
        for action in actions.tolist():
            now = self.step(action)[0]
        return now


def play(world: World, seeds: Sequence[int], policy: Policy) -> Played:
    """Episodes of `seeds` from beginning to end, all at once: those that go on are asked about together."""
    running = [Running(world) for _seed in seeds]
    now = np.stack([one.begin(int(seed)) for one, seed in zip(running, seeds, strict=True)])
    returns, going = np.zeros(len(running)), np.arange(len(running))
    while len(going):
        chosen = np.asarray(policy(now[going])).tolist()
        left = []
        for index, action in zip(going.tolist(), chosen, strict=True):
            now[index], reward, _ended, over = running[index].step(int(action))
            returns[index] += reward
            if not over:
                left.append(index)
        going = np.array(left, np.int64)
    for one in running:
        one.env.close()
    lengths, actions = np.array([one.steps for one in running]), [one.actions[: one.steps].copy() for one in running]
    return Played(np.array(seeds, np.int64), returns, lengths, actions)


def pictures(world: World, seed: int, actions: np.ndarray, count: int) -> list[np.ndarray]:
    """`count` pictures (H, W, 3) of an episode, evenly over its time; none where the environment cannot be drawn here."""
    try:
        env = made(world.id, drawn=True)
    except FukamiError:
        return []
    shown = set(np.linspace(0, len(actions), count).round().astype(int).tolist())
    found = []
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")  # pictures are drawn in memory: no screen is looked for
    try:
        env.reset(seed=int(seed))
        for step in range(len(actions) + 1):
            if step in shown:
                picture: Any = env.render()
                found.append(np.asarray(picture, np.uint8))
            if step < len(actions):
                env.step(int(actions[step]) + world.first_action)
    except Exception:  # what draws is a library of its own, and a picture is not worth a report
        return []
    finally:
        env.close()
    return found


def course(world: World, seed: int, actions: np.ndarray) -> np.ndarray:
    """float32 (T + 1, N): what was seen in an episode."""
    one = Running(world)
    seen = [one.begin(int(seed)), *(one.step(action)[0] for action in actions.tolist())]
    one.env.close()
    return np.stack(seen)


def is_repeatable(name: str, *, steps: int = 50) -> bool:
    """Whether two episodes of one seed and the same actions are the same."""
    world = world_of(name)
    actions = np.random.default_rng(0).integers(world.num_actions, size=steps)
    courses = []
    for _time in range(2):
        one, seen = Running(world), []
        seen.append(one.begin(1))
        for action in actions[: world.limit].tolist():
            now, reward, _ended, over = one.step(action)
            seen.append(np.append(now, reward))
            if over:
                break
        one.env.close()
        courses.append(np.concatenate(seen))
    return courses[0].shape == courses[1].shape and bool(np.array_equal(*courses))
