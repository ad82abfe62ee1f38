"""What watches a training while it runs: what it is validated by, and what guessing would reach there."""

from typing import Any

import numpy as np

from fukami.core.cards import card, suits
from fukami.engine.diagnosis.judging import LOSSES
from fukami.engine.diagnosis.watch import Watch
from fukami.evaluate.judge import judge
from fukami.fields import batch as trees
from fukami.fields.scored import Scored
from fukami.objectives.imbalance import decide
from fukami.predictor import BATCH
from fukami.training.prepare import Prepared, headline_of

FEW, SMOOTHED = 200, 3
"""Validation examples of the rarest class below which their ranking tells little; validations whose mean is compared then."""
KNOWN, MOST_BYTES = 20_000, 1 << 28
"""Training targets, and bytes of them, by which a guess is made."""


def loss_metric(kind: str) -> str:
    """The metric that judges answers of a kind of target as a loss does; "" where there is none.

    >>> loss_metric("category"), loss_metric("number")
    ('log_loss', 'mse')
    """
    return next((name for name in LOSSES if suits(card("metrics", name), kind)), "")


def validation_metrics(data: Prepared) -> tuple[str, ...]:
    """What a training is validated by: the headline, and a loss, in which overfitting shows first."""
    names = (headline_of(data.recipe), loss_metric(data.task.target.kind))
    return tuple(dict.fromkeys(name for name in names if name))


def few_tell(data: Prepared) -> bool:
    """Whether so few validation examples have the rarest class, of classes of very different sizes, that its ranking among the
    others is mostly chance: then the loss, of which every example tells something, is what says which weights are best."""
    counts = data.task.target.facts().get("class_counts") if isinstance(data.task.target, Scored) else None
    if counts is None or not len(data.split.valid) or decide(np.asarray(counts), "auto") == "none":
        return False
    rarest = int(np.argmin(np.where(np.asarray(counts) > 0, counts, np.inf)))
    return int((data.rarest(data.split.valid) == rarest).sum()) < FEW


def watching(data: Prepared) -> Watch:
    """A watch that knows what guessing, where there is such a thing, reaches on the validation examples, and how long the rate
    rises."""
    target, rows = data.task.target, data.split.valid
    epochs = data.recipe.learning.epochs
    rising = data.recipe.learning.warmup * epochs
    if len(rows) == 0 or not isinstance(target, Scored):
        return Watch(patience=rising, epochs=epochs)
    each = max(1, trees.num_bytes(_truth(data, rows[:1])))
    known = _truth(data, data.split.train[: min(KNOWN, MOST_BYTES // each)])
    parts = (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
    stream = ((target.guess(known, len(part)), _truth(data, part), part) for part in parts)
    found = judge(target, validation_metrics(data), stream, replicates=0, keep_mistakes=0)
    values = {name: one["value"] for name, one in found.as_dict()["metrics"].items()}
    return Watch({name: value for name, value in values.items() if value is not None}, rising, epochs)


def _truth(data: Prepared, rows: np.ndarray) -> Any:
    target = data.task.target
    return trees.arrays(target.truth(target.batch(data.store.arrays[target.name], rows)))
