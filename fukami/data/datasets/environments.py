"""Environments of gymnasium by their own names (`CartPole-v1`, `gym:MountainCar-v0`): Towers et al. 2024, arXiv:2407.17032.

An example is an episode, known by the seed from which all chance in it follows. Those that are judged are never trained in.
"""

import difflib
from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.errors import UsageError
from fukami.core.extras import needed
from fukami.core.tables import Table

CARD = DatasetCard(
    name="gymnasium",
    summary="environments to act in, by the names that gymnasium gives them: CartPole-v1, MountainCar-v0, Acrobot-v1, …",
    task="reinforcement-learning",
    examples=20_120,
    licence="MIT",
    home="https://gymnasium.farama.org",
    names=r"(gym:.+)|([A-Za-z][\w.-]*/)?[A-Za-z][\w.-]*-v\d+",
)

EPISODES = {"train": 20_000, "valid": 20, "test": 100}
"""Episodes of each part. A training begins as many of its own as it comes to."""


def knows(name: str) -> bool:
    """Whether an environment may be meant: there is one called so, or nearly so. Folders have such names as well (`photos-v2`).

    Where gymnasium is not installed, a name with a capital counts, as its own have them: then that is told.
    """
    if name.startswith("gym:"):
        return True
    try:
        registered = needed("gymnasium", extra="rl").registry
    except UsageError:
        return name.rpartition("/")[2][:1].isupper()
    return bool(difflib.get_close_matches(_stem(name), set(map(_stem, registered)), n=1, cutoff=0.8))


def _stem(name: str) -> str:
    """A name as it is compared: without namespace and version."""
    return name.rpartition("/")[2].rpartition("-v")[0].lower()


def table(files: dict[str, Path], name: str) -> Table:
    """Raises `DataError` where there is no environment called `name`."""
    import numpy as np
    import pyarrow as pa

    from fukami.core.tables import Column
    from fukami.fields.environment.worlds import bare, made

    world = bare(name) if name != CARD.name else "CartPole-v1"
    made(world).close()  # a name that is wrong is told at once
    parts = np.repeat(list(EPISODES), list(EPISODES.values()))
    cells = pa.array([f"{world}#{seed}" for seed in range(len(parts))])
    column = Column("environment", cells, file=name)
    return Table(name=name, columns={"environment": column}, parts=parts.astype("<U5"), hints={"environment": "environment"})
