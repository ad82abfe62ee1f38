"""The clock of one training: what is timed, and when a training that is to reach an accuracy may stop."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.contract import Outcome, Settings


class Clock:
    """Times what happens inside `with`; `evaluate` gives the accuracy on the test part.

        with Clock(settings, evaluate) as clock:
            for epoch in range(settings.epochs):
                …
                if clock.epoch_ended():
                    break
        return clock.outcome(units_per_epoch)

    Where `settings.to_accuracy` is set, `epoch_ended` evaluates and says whether it is reached; the seconds then run to the end
    of the epoch that reached it, with the looks before it and without the last. Else nothing is evaluated on the way.
    """

    def __init__(self, settings: Settings, evaluate: Callable[[], float]):
        self.settings, self.evaluate = settings, evaluate
        self.seconds, self.epochs = 0.0, 0
        self.accuracy: float | None = None

    def __enter__(self) -> Clock:
        load_lazily()
        self._started = time.perf_counter()
        return self

    def __exit__(self, *error: object) -> None:
        if not self.settings.to_accuracy:
            self.seconds = self._elapsed()

    def epoch_ended(self) -> bool:
        """Whether the accuracy that is asked for is reached."""
        self.epochs += 1
        if not self.settings.to_accuracy:
            return False
        self.seconds = self._elapsed()
        self.accuracy = self.evaluate()
        return self.accuracy >= self.settings.to_accuracy

    def _elapsed(self) -> float:
        if self.settings.device == "cuda":
            import torch

            torch.cuda.synchronize()  # what was asked for is not yet done
        return time.perf_counter() - self._started

    def outcome(self, units_per_epoch: int, **notes: Any) -> Outcome:
        """What was reached; the accuracy is evaluated where that has not happened yet."""
        accuracy = self.evaluate() if self.accuracy is None else self.accuracy
        return Outcome(
            seconds=self.seconds,
            units=units_per_epoch * max(self.epochs, 1) if self.epochs else units_per_epoch * self.settings.epochs,
            accuracy=accuracy,
            notes={**notes, **reached(self.settings, accuracy, self.epochs)},
        )


def load_lazily() -> None:
    """What torch loads with the first optimiser of a process, which takes seconds, is loaded before any side's clock starts."""
    if "torch" in sys.modules:
        importlib.import_module("torch._dynamo")


def reached(settings: Settings, accuracy: float, epochs: int) -> dict[str, Any]:
    """For the notes of a training to an accuracy: the epochs it took, and whether it got there."""
    if not settings.to_accuracy:
        return {}
    return {"epochs": epochs} | ({} if accuracy >= settings.to_accuracy else {"not reached": f"{settings.to_accuracy:g}"})
