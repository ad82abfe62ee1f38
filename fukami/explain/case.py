"""One answer to be explained: the example, its units, and the number that is explained, asked for changed copies in batches.

That number comes in two units. `value` is what people read, a probability or a value in deviations: the test of an explanation
looks at it. `margin` is what attributions explain: where a network is wholly sure, a probability does not move whatever single
part is taken away, but its log-odds do.

P patterns of what is taken away, U units.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch

from fukami.core.errors import UsageError, unknown
from fukami.core.language import _
from fukami.core.tables import Column
from fukami.engine.fitting import in_parts
from fukami.fields import batch as trees
from fukami.fields.contract import TargetField
from fukami.fields.scored import Scored
from fukami.fields.units import Units, Way
from fukami.predictor import Predictor

ELEMENTS = 1 << 20
"""Numbers of changed copies that are asked for at a time: 6 pictures of 224 px, 85 of 64 px. More gains nothing (ResNet-50
at 224 px: 27 copies took 7 % longer), and takes memory.
"""
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
        UsageError: F-EXPLAIN-TARGET where the target has no scores, F-EXPLAIN-LABEL where no label is called `of`.
    """

    def __init__(self, predictor: Predictor, columns: Sequence[Column], *, of: str = "", seed: int = 0, samples: int = 0):
        self.field = predictor.task.input
        self.predictor, self.columns, self.seed, self.samples = predictor, list(columns), seed, samples
        self.batch: Any = predictor.batch({self.field.name: columns}, np.zeros(1, np.int64))[self.field.name]
        self.target = explainable(predictor.task.target)
        self.scores: torch.Tensor = predictor.answers({self.field.name: self.batch})
        self.index, self.label = explained(self.target, self.scores, of)

    @cached_property
    def units(self) -> Units:
        """The parts that are weighed."""
        return self.field.units(self.batch, self.columns)

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
        return self.target.restore(self.scores)[0]

    @property
    def at_a_time(self) -> int:
        """Changed copies that are best asked for together."""
        return max(1, min(MOST, ELEMENTS // max(1, sum(part.numel() for part in trees.leaves(self.batch)))))

    @property
    def value(self) -> float:
        """The explained number of the example as it is: a probability, or a value in deviations from the mean."""
        return float(self._value(self.scores)[0])

    @cached_property
    def margin(self) -> float:
        """The same as log-odds, or in deviations: see `Scored.margin`."""
        return float(self._margin(self.batch)[0])

    def values(self, gone_PU: np.ndarray, *, draws: int | None = None) -> np.ndarray:
        """`value` (P) of copies that lack the units where `gone_PU` is true, the mean over the field's fillings.

        `draws` bounds how many fillings are averaged.
        """
        return self._means(gone_PU, draws, lambda batch: self._value(self.predictor.answers({self.field.name: batch})))

    def margins(self, gone_PU: np.ndarray) -> np.ndarray:
        """`margin` (P) of such copies, the mean over the field's fillings."""
        return self._means(gone_PU, None, self._margin)

    def _value(self, scores: torch.Tensor) -> torch.Tensor:
        comparable = self.target.comparable(scores)
        return comparable.reshape(len(scores), -1)[:, self.index or 0]

    def _margin(self, batch: Any) -> torch.Tensor:
        return self.target.margin(self.predictor.outputs({self.field.name: batch}), self.index or 0)

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


def explainable(target: TargetField) -> Scored:
    """The target as one whose answers can be explained. Raises `UsageError` F-EXPLAIN-TARGET where they cannot."""
    if isinstance(target, Scored):
        return target
    raise UsageError(
        "F-EXPLAIN-TARGET",
        _("answers of the kind `{kind}` cannot be explained yet").format(kind=target.kind),
        where=target.name,
        expected=_("classes or numbers"),
    )


def explained(target: Scored, scores: torch.Tensor, of: str) -> tuple[int | None, str | None]:
    """Position and name of the score that is explained: of the label `of`, or the largest; None where a score is one value."""
    labels = target.labels()
    if of and of not in labels:
        raise unknown(_("label"), of, labels, code="F-EXPLAIN-LABEL")
    if not labels:
        return None, None
    index = labels.index(of) if of else int(target.likeliest(scores)[0])
    return index, labels[index]
