"""What collects the details of an evaluation. This one collects none."""

from typing import Any

import numpy as np

from fukami.metrics.contract import Running, State


class Details:
    """Running details of one pass. A kind's file overrides all three methods in its `CollectedDetails`.

    `target` is the learned field; `keep` is how many mistakes are kept.
    """

    def __init__(self, target: Any, *, seed: int = 0, keep: int = 24):
        self.target, self.seed, self.keep = target, seed, keep

    def states(self) -> tuple[type[State], ...]:
        """Metric states that `told` reads, besides those that the metrics keep anyway."""
        return ()

    def update(self, answers: Any, truth: Any, rows: np.ndarray, /) -> None:
        """Takes a batch in."""

    def told(self, running: Running) -> dict[str, Any]:
        """The details, by the names of `Evaluation.as_dict`."""
        return {}
