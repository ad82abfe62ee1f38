"""One answer to be explained: the example, its units, and the number that is explained, asked for changed copies in batches.

P patterns of what is taken away, U units.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch

from fukami.core.errors import unknown
from fukami.core.language import _
from fukami.core.tables import Column
from fukami.engine.fitting import in_parts
from fukami.fields.contract import Field
from fukami.fields.units import Units
from fukami.predictor import Predictor

ELEMENTS = 1 << 22
"""Numbers of changed copies that are held at a time."""
MOST = 256


class Case:
    """One example of the task's only input, and which number of its scores is explained.

    Args:
        predictor: who answered.
        columns: the raw cells of the example, one row.
        of: the label whose score is explained; the answered one where it is empty.
        seed: of every draw.
        samples: how many changed copies a sampling method may ask for; 0 for its own number.

    Raises:
        UsageError: F-EXPLAIN-LABEL where no label is called `of`.
    """

    def __init__(self, predictor: Predictor, columns: Sequence[Column], *, of: str = "", seed: int = 0, samples: int = 0):
        self.field = predictor.task.input
        self.predictor, self.columns, self.seed, self.samples = predictor, list(columns), seed, samples
        self.batch: Any = predictor.batch({self.field.name: columns}, np.zeros(1, np.int64))[self.field.name]
        self.scores = predictor.scores({self.field.name: self.batch})
        self.index, self.label = explained(predictor.task.target, self.scores, of)

    @cached_property
    def units(self) -> Units:
        """The parts that are weighed."""
        return self.field.units(self.batch, self.columns)

    @cached_property
    def filling(self) -> Any:
        """What stands where a unit is taken away."""
        return self.field.filling(self.batch, seed=self.seed)

    @cached_property
    def answer(self) -> dict[str, Any]:
        """What the predictor answers."""
        return self.predictor.task.target.restore(self.scores)[0]

    @property
    def value(self) -> float:
        """The explained number of the example as it is."""
        return float(focused(self.predictor.task.target, self.scores, self.index)[0])

    def values(self, gone_PU: np.ndarray, *, draws: int | None = None) -> np.ndarray:
        """The explained number (P) of copies that lack the units where `gone_PU` is true, the mean over the field's fillings.

        `draws` bounds how many fillings are averaged.
        """
        field, used = self.field, min(self.field.draws, draws or self.field.draws)
        order = np.argsort(gone_PU.sum(1), kind="stable")  # so that texts of like length stand together
        most = max(4, min(MOST, ELEMENTS // max(1, _size(self.batch))))
        total = np.zeros(len(gone_PU))
        for draw in range(used):

            def asked(start: int, stop: int, draw: int = draw) -> np.ndarray:
                part = field.without(self.batch, self.units, gone_PU[order[start:stop]], self.filling, draw)
                scores = self.predictor.scores({self.field.name: part})
                return focused(self.predictor.task.target, scores, self.index).double().cpu().numpy()

            total[order] += np.concatenate(list(in_parts(len(order), most, asked)))
        return total / used


def _size(batch: Any) -> int:
    return sum(part.numel() for part in (batch if isinstance(batch, tuple) else (batch,)))


def explained(target: Field, scores: torch.Tensor, of: str) -> tuple[int | None, str | None]:
    """Position and name of the score that is explained: of the label `of`, or the largest; None where a score is one value."""
    labels = target.labels()
    if of and of not in labels:
        raise unknown(_("label"), of, labels, code="F-EXPLAIN-LABEL")
    if not labels:
        return None, None
    index = labels.index(of) if of else int(scores[0].argmax())
    return index, labels[index]


def focused(target: Field, scores: torch.Tensor, index: int | None) -> torch.Tensor:
    """The explained number of each example: a probability, or a value in deviations from the mean."""
    comparable = target.comparable(scores)
    return comparable.reshape(len(scores), -1)[:, index or 0]
