"""What the doctor finds in episodes: environments that cannot be acted in, or are not there; cells that name no episode."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from fukami.core.errors import FukamiError
from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.environment.worlds import is_repeatable, world_of


def check_episodes(column: Column, names: Sequence[str], seeds: np.ndarray, known: str) -> Iterator[Problem]:
    """Problems of N cells, of which `names` and `seeds` were read; `known` is the environment that was learned, "" before."""
    unread = np.flatnonzero(seeds < 0)
    if len(unread):
        yield Problem(
            code="F-ENVIRONMENT-EPISODE",
            severity="error" if len(unread) == len(column) else "warning",
            what=_n("{n} cell names no episode and is left out", "{n} cells name no episode and are left out", len(unread)),
            where=cells.places(column, unread),
            expected="NAME#SEED"
            if not known
            else _("the seed of an episode: a whole number such as {example}").format(example=7),
            got=", ".join(repr(text[:40]) for text in cells.strings(column.take(unread[:3]))),
            count=len(unread),
        )
    named = dict.fromkeys(name for name in names if name)
    if known:
        other = [row for row, name in enumerate(names) if name not in ("", known)]
        if other:
            yield Problem(
                code="F-ENVIRONMENT-OTHER",
                severity="warning",
                what=_("the agent has learned in another environment"),
                where=cells.places(column, other),
                expected=known,
                got=names[other[0]],
                count=len(other),
            )
        return
    if len(named) > 1:
        yield Problem(
            code="F-ENVIRONMENT-ONE",
            severity="error",
            what=_("an agent learns in one environment at a time"),
            where=cells.place(column),
            expected=_("one environment"),
            got=", ".join([*named][:5]),
            fix=_("keep the episodes of one of them"),
        )
    elif not named and not len(unread):
        yield Problem(
            code="F-ENVIRONMENT-ONE",
            severity="error",
            what=_("nothing says which environment the episodes are of"),
            where=cells.place(column),
            expected="NAME#SEED",
            got=cells.strings(column.take(np.array([0])))[0][:40],
            fix="fukami train reinforcement-learning CartPole-v1",
        )
    elif named:
        yield from _check_world(column, next(iter(named)))


def _check_world(column: Column, name: str) -> Iterator[Problem]:
    try:
        world = world_of(name)
        repeatable = is_repeatable(name)
    except FukamiError as error:
        told: dict[str, Any] = {"where": error.where, "expected": error.expected, "got": error.got, "fix": error.fix}
        yield Problem(code=error.code, severity="error", what=error.what, **told)
        return
    if not repeatable:
        yield Problem(
            code="F-ENVIRONMENT-CHANCE",
            severity="warning",
            what=_(
                "the same seed and the same actions do not give the same episode: a killed training will not resume to the "
                "same weights, and answers cannot be repeated"
            ),
            where=world.id,
            fix=_("draw from `self.np_random`, which `reset(seed=…)` seeds"),
        )
