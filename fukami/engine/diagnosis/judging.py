"""A network's metrics on stored examples, beside those of guessing and of chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from fukami.core.cards import card, suits
from fukami.core.language import _
from fukami.core.seeds import generator
from fukami.data.store import Store
from fukami.engine.diagnosis.contract import LeftOut
from fukami.engine.learner import Learner
from fukami.fields import batch as trees
from fukami.fields.contract import TargetField
from fukami.fields.scored import Scored
from fukami.metrics.contract import Running
from fukami.tasks.contract import Task

SHUFFLES = 60
"""Shuffles of the targets that chance is measured by."""
LOSSES = ("log_loss", "mse")
"""Metrics that judge answers as they are, whatever the headline asks of them."""


@dataclass(frozen=True)
class Judged:
    """Answers to examples, their targets in the same form, and what they are judged by, the headline first."""

    rows: np.ndarray
    answers: Any
    truth: Any
    names: tuple[str, ...]
    target: TargetField

    def values(self, answers: Any = None, truth: Any = None) -> dict[str, float]:
        """Metric → value, of other answers or targets where they are given."""
        running = Running(self.names, self.target)
        running.update(self.answers if answers is None else answers, self.truth if truth is None else truth)
        return running.compute()

    def beyond_chance(self) -> dict[str, float]:
        """Metric → how many deviations better than with targets that belong to other examples. 0 where all answers are
        alike.

        Targets are shuffled among the examples, so that chance has the same answers and the same frequencies.
        """
        own, drawn = self.values(), []
        for index in range(SHUFFLES):
            order = generator(index, "chance").permutation(len(self.rows))
            drawn.append(self.values(truth=trees.taken(self.truth, order)))
        return {name: _deviations(name, own[name], [one[name] for one in drawn]) for name in self.names}

    def guessing(self, known: Any) -> dict[str, float]:
        """Metric → value of the same answer for every example: frequencies, or the mean, of the targets `known`.

        Raises `LeftOut` where no such answer can be given.
        """
        if not isinstance(self.target, Scored):
            raise LeftOut(_("targets of this kind cannot be guessed without a look at the inputs"))
        return self.values(answers=self.target.guess(known, len(self.rows)))

    def skill(self, name: str, known: Any) -> float:
        """A metric on the scale from guessing (0) to perfect (1); negative where it is worse than guessing."""
        return self.placed(name, self.values()[name], known)

    def placed(self, name: str, value: float, known: Any) -> float:
        """A metric's value on the scale of `skill`."""
        own, guess, told = value, self.guessing(known)[name], card("metrics", name)
        best = told.high if told.higher_is_better else told.low
        if best is None or not np.isfinite([own, guess]).all() or abs(best - guess) < 1e-12:
            return 0.0
        return float((own - guess) / (best - guess))


def judged(task: Task, learner: Learner, store: Store, network: nn.Module, rows: np.ndarray, *, headline: str) -> Judged:
    """A network's answers to stored examples, which are read as the learner reads them."""
    target = task.target
    network.eval()
    found: list[tuple[np.ndarray, Any, Any]] = []
    with torch.inference_mode():
        for part, batch in store.in_order(rows, 256, learner.device):
            inputs = {name: learner.plan.arranged(batch[name]) for name in task.inputs}
            answers, truth = task.ask(network, inputs), target.truth(batch[target.name])
            found.append((part, trees.arrays(answers), trees.arrays(truth)))
    order, answers, truth = trees.joined(found)
    names = dict.fromkeys((headline, *(n for n in (*LOSSES, "roc_auc") if suits(card("metrics", n), target.kind))))
    return Judged(order, trees.mapped(answers, np.nan_to_num), truth, tuple(names), target)


def _deviations(name: str, own: float, drawn: list[float]) -> float:
    spread = float(np.std(drawn))
    if not np.isfinite(own) or not np.isfinite(spread):
        return 0.0
    gain = (own - float(np.mean(drawn))) * (1 if card("metrics", name).higher_is_better else -1)
    return 0.0 if abs(gain) < 1e-9 else float(gain / max(spread, 1e-9))
