"""One and the same action all the time: the one that brings most in a few training episodes."""

from typing import Any

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples
from fukami.fields import batch as trees

CARD = BaselineCard(name="one_action", summary="always the same action", of=("episode",), needs="play")

TRIED = 10
"""Episodes in which each action is tried."""


def fit(examples: Examples) -> Answers:
    ((name, environment),) = examples.inputs.items()
    field: Any = environment
    seeds = field.encode(examples.columns[name])["seed"][:TRIED]

    def always(action: int, seeds: np.ndarray) -> Any:
        return field.play(seeds, lambda seen_BN: np.full(len(seen_BN), action))

    best = max(range(field.world.num_actions), key=lambda action: always(action, seeds).returns.mean())
    return lambda columns: trees.arrays(examples.target.answers(always(best, field.encode(columns[name])["seed"])))
