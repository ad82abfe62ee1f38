"""The words of the benchmark. Nothing heavy is imported here: the launching process reads it, and so does every side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Settings:
    """What every side of a work is given; plain values, handed to its process as JSON.

    Args:
        data: the folder of the raw data sets (`FUKAMI_DATA`).
        place: a folder of the work for what is prepared once, such as unpacked pictures.
        examples: training examples; 0 for all.
        epochs, batch_size, seed: the same for every side. The seed is the number of the round.
        device: cpu or cuda.
        to_accuracy: train until this accuracy is reached, at most for `epochs`; 0 to train for `epochs`.
        plan: the step plan that Fukami chose, for the loops by hand that follow it.
    """

    data: str = ""
    place: str = ""
    examples: int = 0
    epochs: int = 1
    batch_size: int = 128
    seed: int = 0
    device: str = "cpu"
    to_accuracy: float = 0.0
    plan: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What a side reached.

    Args:
        seconds: of the training as its user waits for it: the peers' `fit()`, Fukami's steps with the measuring of its plan.
        units: images, tokens or rows that were learned from in that time.
        accuracy: on the test part, after the training.
        loop_seconds: the training's steps alone, where something else is in `seconds`.
        plan: the step plan, on Fukami's side.
        notes: further figures: the share of padding, the epochs that an accuracy took.
    """

    seconds: float
    units: int = 0
    accuracy: float | None = None
    loop_seconds: float | None = None
    plan: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Side:
    """One way to do a work.

    Exactly one of `run` (called inside a process of its own, which says how long it took) and `command` (words to start, whose
    whole time is measured) is given. `command` gets the settings and the interpreter of the side's environment.

    Args:
        name: `pytorch`, `keras-jax`; what `--peers` matches, as a whole or up to a hyphen.
        does: one line: with which options.
        packages: distributions that it needs.
        own: whether it runs in Fukami's environment instead of the peers'.
        follows_plan: whether it is given the plan that Fukami chose.
        prepare: called once, in a process of the side's environment, before anything is measured.
        env: environment variables.
    """

    name: str
    does: str
    run: Callable[[Settings], Outcome] | None = None
    command: Callable[[Settings, str], list[str]] | None = None
    packages: tuple[str, ...] = ()
    own: bool = False
    follows_plan: bool = False
    prepare: Callable[[Settings], None] | None = None
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Work:
    """What is compared: the first of `sides` is Fukami.

    Args:
        name, summary: what can be typed, and what it is.
        unit: what is counted by the second; empty where only time is.
        module: the module that holds this as `WORK` (or, by name, in `WORKS`), for the process that measures.
        sides: Fukami first.
        settings: examples, epochs and batch size.
        prepare: called once, in Fukami's environment, before anything is measured.
        to_accuracy: the settings for `--to-accuracy`, where the work can be measured so.
        counted: what the table should say of the figure in `seconds`.
        warm: whether each side runs once uncounted first, so that the disk's cache is alike for all.
    """

    name: str
    summary: str
    unit: str
    module: str
    sides: tuple[Side, ...]
    settings: Settings = field(default_factory=Settings)
    prepare: Callable[[Settings], None] | None = None
    to_accuracy: Settings | None = None
    counted: str = ""
    warm: bool = False

    def side(self, name: str) -> Side:
        return next(side for side in self.sides if side.name == name)
