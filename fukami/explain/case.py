"""One answer to be explained: the example, its units, and the number that is explained, asked for changed copies in batches.

P patterns of what is taken away, U units.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from fukami.core.tables import Column
from fukami.engine.fitting import in_parts
from fukami.explain.joint import as_given, explained
from fukami.explain.question import question_of
from fukami.fields import batch as trees
from fukami.fields.units import Units, Way
from fukami.predictor import Predictor

ELEMENTS = 1 << 20
"""Numbers of changed copies that are asked for at a time: 6 pictures of 224 px, 85 of 64 px. More gains nothing (ResNet-50
at 224 px: 27 copies took 7 % longer), and takes memory.
"""
MOST = 256


class Case:
    """One example of the task's input, or of several as one, and which number of its scores is explained.

    Args:
        predictor: who answered.
        columns: the raw cells of the example, one row; of several inputs by name.
        of: the label whose score is explained; the answered one where it is empty.
        seed: of every draw.
        samples: how many changed copies a sampling method may ask for; 0 for its own number.

    Raises:
        UsageError: F-EXPLAIN-LABEL where no label is called `of`.
    """

    def __init__(self, predictor: Predictor, columns: Any, *, of: str = "", seed: int = 0, samples: int = 0):
        self.field = explained(predictor.task.inputs)
        self.predictor, self.columns, self.seed, self.samples = predictor, columns, seed, samples
        self.raw: dict[str, Sequence[Column]] = as_given(self.field, columns)
        given = predictor.batch(self.raw, np.zeros(1, np.int64))
        self.batch: Any = given.get(self.field.name, given)
        self.answers: Any = predictor.answers(given)
        self.question = question_of(predictor, self.given, self.answers, of)

    def given(self, batch: Any) -> dict[str, Any]:
        """A batch of copies as the network's inputs."""
        return as_given(self.field, batch)

    @cached_property
    def units(self) -> Units:
        """The parts that are weighed."""
        found = self.field.units(self.batch, self.columns)
        return replace(found, placed=self.predictor.task.target.framed)

    @cached_property
    def filling(self) -> Any:
        """What stands where a unit is taken away."""
        return self.field.filling(self.batch, seed=self.seed)

    @cached_property
    def way(self) -> Way | None:
        """How the example grows from one that says nothing; None where the network hides what that takes."""
        return self.field.way(self.batch, self.units, self.filling, self.predictor.network)

    @cached_property
    def answer(self) -> dict[str, Any]:
        """What the predictor answers."""
        return self.predictor.restored(self.answers, self.raw, np.zeros(1, np.int64))[0]

    @property
    def at_a_time(self) -> int:
        """Changed copies that are best asked for together."""
        return max(1, min(MOST, ELEMENTS // max(1, sum(part.numel() for part in trees.leaves(self.batch)))))

    @cached_property
    def value(self) -> float:
        """The explained number of the example as it is."""
        return float(self.question.value(self.batch)[0])

    @cached_property
    def margin(self) -> float:
        """The same in the unit of attributions."""
        with torch.no_grad():
            return float(self.question.margin(self.batch)[0])

    def values(self, gone_PU: np.ndarray, *, draws: int | None = None) -> np.ndarray:
        """`value` (P) of copies that lack the units where `gone_PU` is true, the mean over the field's fillings.

        `draws` bounds how many fillings are averaged.
        """
        return self._means(gone_PU, draws, self.question.value)

    def margins(self, gone_PU: np.ndarray) -> np.ndarray:
        """`margin` (P) of such copies, the mean over the field's fillings."""
        with torch.no_grad():
            return self._means(gone_PU, None, self.question.margin)

    def _means(self, gone_PU: np.ndarray, draws: int | None, ask: Callable[[Any], torch.Tensor]) -> np.ndarray:
        field, used = self.field, min(self.field.draws, draws or self.field.draws)
        order = np.argsort(gone_PU.sum(1), kind="stable")  # so that texts of like length stand together
        total = np.zeros(len(gone_PU))
        for draw in range(used):

            def asked(start: int, stop: int, draw: int = draw) -> np.ndarray:
                part = field.without(self.batch, self.units, gone_PU[order[start:stop]], self.filling, draw)
                return ask(part).double().cpu().numpy()

            total[order] += np.concatenate(list(in_parts(len(order), self.at_a_time, asked)))
        return total / used
