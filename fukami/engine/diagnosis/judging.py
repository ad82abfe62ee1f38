"""A network's metrics on stored examples, beside those of guessing and of chance.

N examples, K outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from fukami.core.cards import card, cards
from fukami.core.seeds import generator
from fukami.metrics.contract import Running

if TYPE_CHECKING:
    from fukami.engine.diagnosis.case import Case
    from fukami.fields.contract import TargetField

SHUFFLES = 60
"""Shuffles of the targets that chance is measured by."""
LOSSES = ("log_loss", "mse")
"""Metrics that judge scores as they are, whatever the headline asks of them."""


@dataclass(frozen=True)
class Judged:
    """Scores of examples, their targets in the same unit, and what they are judged by, the headline first."""

    rows: np.ndarray
    scores: np.ndarray
    targets: np.ndarray
    names: tuple[str, ...]
    target: TargetField

    def values(self, scores: np.ndarray | None = None, targets: np.ndarray | None = None) -> dict[str, float]:
        """Metric → value, of other scores or targets where they are given."""
        running = Running(self.names, self.target.num_outputs)
        running.update(self.scores if scores is None else scores, self.targets if targets is None else targets)
        return running.compute()

    def beyond_chance(self) -> dict[str, float]:
        """Metric → how many deviations better than with targets that belong to other examples. 0 where all scores are alike.

        Targets are shuffled among the examples, so that chance has the same scores and the same frequencies.
        """
        own, drawn = self.values(), []
        for index in range(SHUFFLES):
            order = generator(index, "chance").permutation(len(self.targets))
            drawn.append(self.values(targets=self.targets[order]))
        return {name: _deviations(name, own[name], [one[name] for one in drawn]) for name in self.names}

    def guessing(self, known: np.ndarray) -> dict[str, float]:
        """Metric → value of the same answer for every example: frequencies, or the mean, of the targets `known`."""
        return self.values(scores=self.target.guess(known, len(self.targets)))

    def skill(self, name: str, known: np.ndarray) -> float:
        """A metric on the scale from guessing (0) to perfect (1); negative where it is worse than guessing."""
        return self.placed(name, self.values()[name], known)

    def placed(self, name: str, value: float, known: np.ndarray) -> float:
        """A metric's value on the scale of `skill`."""
        own, guess, told = value, self.guessing(known)[name], card("metrics", name)
        best = told.high if told.higher_is_better else told.low
        if best is None or not np.isfinite([own, guess]).all() or abs(best - guess) < 1e-12:
            return 0.0
        return float((own - guess) / (best - guess))


def judged(case: Case, network: nn.Module, rows: np.ndarray) -> Judged:
    """A network's scores of stored examples."""
    target, store = case.task.target, case.learner.store
    network.eval()
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    with torch.inference_mode():
        for part, batch in store.in_order(rows, 256, case.learner.device):
            inputs = {name: case.learner.plan.arranged(batch[name]) for name in case.task.inputs}
            scores = case.task.ask(network, inputs)
            found.append((part, scores.cpu().numpy(), target.truth(batch[target.name]).cpu().numpy()))
    order, scores, targets = (np.concatenate(parts) for parts in zip(*found, strict=True))
    names = dict.fromkeys((case.headline, *(n for n in (*LOSSES, "roc_auc") if target.kind in cards("metrics")[n].of)))
    return Judged(order, np.nan_to_num(scores), targets, tuple(names), target)


def _deviations(name: str, own: float, drawn: list[float]) -> float:
    spread = float(np.std(drawn))
    if not np.isfinite(own) or not np.isfinite(spread):
        return 0.0
    gain = (own - float(np.mean(drawn))) * (1 if card("metrics", name).higher_is_better else -1)
    return 0.0 if abs(gain) < 1e-9 else float(gain / max(spread, 1e-9))


def truth_of(case: Case, rows: np.ndarray) -> np.ndarray:
    """The targets of stored examples in the unit of scores."""
    target: Any = case.task.target
    return target.truth(target.batch(case.learner.store.arrays[target.name], rows)).cpu().numpy()
