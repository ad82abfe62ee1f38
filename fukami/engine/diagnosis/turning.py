"""Where the course of a training turns: from a step on the validation loss rises for long, while the training loss still falls.

Asked while a training runs, by `fukami diagnose`, and by the report. Validation parts are small, so losses are averaged over
three validations before they are compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fukami.engine.diagnosis.judging import LOSSES

RISEN = 1.25
"""Times its lowest value that the validation loss ends with."""
FALLEN = 0.9
"""Share of the training loss at the turn that is left of it at the end."""
LONG = 0.4
"""Share of all validations that lie behind the turn, and the least number of them."""
FEWEST = 4


@dataclass(frozen=True)
class Turning:
    """The step with the lowest validation loss and the last one, with the losses of both."""

    step: int
    steps: int
    epoch: float
    valid: tuple[float, float]
    train: tuple[float, float]

    def figures(self) -> dict[str, Any]:
        """What a finding rests on."""
        return {
            "best_step": self.step,
            "steps": self.steps,
            "validation_loss": [round(value, 3) for value in self.valid],
            "training_loss": [round(value, 3) for value in self.train],
        }


def turning(history: Sequence[dict[str, Any]]) -> Turning | None:
    """Where a history turned; None where it did not, or where too little was validated.

    >>> def course(valid): return [
    ...     {"step": i, "epoch": i, "loss": 1 / i, "valid": {"log_loss": value}} for i, value in enumerate(valid, 1)
    ... ]
    >>> turning(course([0.9, 0.7, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2])).step, turning(course([0.9, 0.8, 0.7, 0.6] * 3))
    (3, None)
    """
    valid = [(line, value) for line in history if (value := _validated(line)) is not None]
    if len(valid) <= FEWEST:
        return None
    smooth = [_mean([value for _line, value in valid[max(0, i - 1) : i + 2]]) for i in range(len(valid))]
    best = min(range(len(valid)), key=smooth.__getitem__)
    last = _mean([value for _line, value in valid[-3:]])
    behind = len(valid) - 1 - best
    if behind < max(FEWEST, LONG * len(valid)) or smooth[best] <= 0 or last < RISEN * smooth[best]:
        return None
    at = valid[best][0]["step"]
    losses = [(line["step"], line["loss"]) for line in history if line.get("loss") is not None and "event" not in line]
    near = sorted(losses, key=lambda one: abs(one[0] - at))[:5]
    if not near:
        return None
    before, now = _mean([loss for _step, loss in near]), _mean([loss for _step, loss in losses[-5:]])
    if now > FALLEN * before:
        return None
    return Turning(at, losses[-1][0], valid[best][0].get("epoch", 0.0), (smooth[best], last), (before, now))


def _validated(line: dict[str, Any]) -> float | None:
    """The validation loss in a line, where it holds one."""
    told = line.get("valid") or {}
    return next((told[name] for name in ("loss", *LOSSES) if told.get(name) is not None), None)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
