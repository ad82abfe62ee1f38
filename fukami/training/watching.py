"""What watches a training while it runs: what it is validated by, and what guessing would reach there."""

from fukami.core.cards import cards
from fukami.engine.diagnosis.judging import LOSSES
from fukami.engine.diagnosis.watch import Watch
from fukami.evaluate.judge import judge
from fukami.training.prepare import Prepared, headline_of


def loss_metric(kind: str) -> str:
    """The metric that judges scores of a target as a loss does; "" where there is none.

    >>> loss_metric("category"), loss_metric("number")
    ('log_loss', 'mse')
    """
    return next((name for name in LOSSES if kind in cards("metrics")[name].of), "")


def validation_metrics(data: Prepared) -> tuple[str, ...]:
    """What a training is validated by: the headline, and a loss, in which overfitting shows first."""
    names = (headline_of(data.recipe), loss_metric(data.task.target.kind))
    return tuple(dict.fromkeys(name for name in names if name))


def watching(data: Prepared) -> Watch:
    """A watch that knows what guessing reaches on the validation examples, and how long the rate rises."""
    target, store, rows = data.task.target, data.store, data.split.valid
    rising = data.recipe.learning.warmup * data.recipe.learning.epochs
    if len(rows) == 0:
        return Watch(patience=rising)
    known, asked = (
        target.truth(target.batch(store.arrays[target.name], part)).numpy() for part in (data.split.train[:20_000], rows)
    )
    scores = target.guess(known, len(rows))
    found = judge(target, validation_metrics(data), [(scores, asked, rows)], replicates=0, keep_mistakes=0)
    values = {name: one["value"] for name, one in found.as_dict()["metrics"].items()}
    return Watch({name: value for name, value in values.items() if value is not None}, patience=rising)
