"""Learning-rate schedules as pure functions of progress: no state, so a training resumes anywhere with the right rate.

`factor(progress, learning)` multiplies the highest rate; progress runs from 0 (the first step) to 1 (after the last). A
training limited by minutes has them turned into steps before its first one, so the schedule completes all the same.
"""

import math

from fukami.core.recipe import LearningChoices

START = 0.04
"""One-cycle begins at this share of the highest rate, 1/25 as Smith and Topin 2018 and torch's OneCycleLR."""


def factor(progress: float, learning: LearningChoices) -> float:
    """The share of the highest learning rate at `progress` in [0, 1].

    * `constant`: 1 after the warm-up.
    * `step`: falls tenfold after each `step_every` of the training.
    * `cosine`: half a cosine from 1 down to 0 (Loshchilov and Hutter 2017).
    * `one-cycle`: rises along a cosine from 1/25 to 1 during the warm-up, then falls along one to 0 (Smith and Topin 2018).

    In the first three the warm-up is a straight line from 0. Progress outside [0, 1] is taken as the nearer end.

    >>> one_cycle = LearningChoices(schedule="one-cycle", warmup=0.25)
    >>> [round(factor(p, one_cycle), 3) for p in (0, 0.125, 0.25, 0.625, 1)]
    [0.04, 0.52, 1.0, 0.5, 0.0]
    """
    progress = min(max(progress, 0.0), 1.0)
    warmup = learning.warmup
    if warmup and progress < warmup:
        share = progress / warmup
        if learning.schedule == "one-cycle":
            return START + (1 - START) * _half_cosine(1 - share)
        return share
    rest = (progress - warmup) / (1 - warmup)
    match learning.schedule:
        case "constant":
            return 1.0
        case "step":
            # a hair is added so that a step exactly on the boundary falls on the same side on every machine
            return 0.1 ** math.floor(progress / learning.step_every + 1e-9)
        case _:
            return _half_cosine(rest)


def _half_cosine(share: float) -> float:
    """1 at 0, 0 at 1."""
    return 0.5 * (1 + math.cos(math.pi * share))
