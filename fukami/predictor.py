"""The predictor: a task whose fields have learned, and a network. The one noun of everything after training.

Verbs take a predictor and give answers, scores or another predictor; none of them asks which task it serves.
B examples of a batch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from fukami.models.registry import Choice
from torch import nn

from fukami.core.recipe import Recipe
from fukami.core.tables import Column
from fukami.data.store import Store
from fukami.engine.plan import Plan
from fukami.tasks.contract import Task

BATCH = 256
"""Examples answered at a time. Answers do not depend on it."""


@dataclass(frozen=True)
class Predictor:
    """A task, a network, and the temperature that calibrates its scores.

    `choice` says which model family the network's encoder is, so that it can be saved and described.
    """

    task: Task
    network: nn.Module
    recipe: Recipe
    choice: Choice
    plan: Plan
    temperature: float = 1.0
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def scores(self, batch: dict[str, Any], *, calibrated: bool = True) -> torch.Tensor:
        """Scores of a batch of input tensors: probabilities `scores_BK`, or values in the target's unit `scores_B`."""
        self.network.eval()
        batch = {name: self.plan.arranged(batch[name]) for name in self.task.inputs}
        with torch.inference_mode(), self.plan.autocast():
            scores = self.task.ask(self.network, batch)
        scores = scores.float()
        return self.task.target.temper(scores, self.temperature) if calibrated else scores

    def stream(
        self, store: Store, rows: np.ndarray, *, calibrated: bool = True
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """`(scores, targets, rows)` of stored examples, a batch at a time, so that a large set is never held at once.

        Targets are in the unit of the scores (class numbers, truth values, values in the target's unit).
        """
        target = self.task.target
        for part, batch in store.in_order(rows, BATCH, self.device):
            truth = target.truth(batch[target.name])
            yield self.scores(batch, calibrated=calibrated).cpu().numpy(), truth.cpu().numpy(), part

    def predict(self, columns: dict[str, Sequence[Column]]) -> list[dict[str, Any]]:
        """Answers for raw cells of the input fields, in their order."""
        total = len(next(iter(columns.values()))[0])
        answers: list[dict[str, Any]] = []
        for start in range(0, total, BATCH):
            rows = np.arange(start, min(start + BATCH, total))
            batch = {}
            for name, input_field in self.task.inputs.items():
                arrays = input_field.encode([c.take(rows) for c in columns[name]])
                batch[name] = input_field.batch(arrays, np.arange(len(rows)), self.device)
            answers += self.task.target.restore(self.scores(batch))
        return answers

    def calibrated(self, temperature: float) -> "Predictor":
        """The same predictor with another temperature."""
        return replace(self, temperature=temperature)
