"""A training that was given up because its numbers were not finite: it stays where it was, for a diagnosis to look at."""

import shlex

from fukami.core import unfinished
from fukami.core.errors import FukamiError, RunError
from fukami.training.asked import Asked

CODES = ("F-LOSS-NONFINITE", "F-EVAL-FINITE")
"""Errors in the figures of a training, for which a diagnosis may find the cause."""


def is_given_up(error: BaseException | None) -> bool:
    """Whether a training ended with one of these errors."""
    return isinstance(error, FukamiError) and error.code in CODES


def name_diagnosis(error: RunError, asked: Asked) -> None:
    """Adds to the error the command that looks for its cause, where that works: the shell can name all that was trained on.

    A fold of a cross-validation leaves nothing to look at.
    """
    if is_given_up(error) and asked.is_named and (asked.place / unfinished.RECIPE).exists():
        looking = shlex.join(["fukami", "diagnose", str(asked.out)])
        error.fix = f"{error.fix} | {looking}" if error.fix else looking
