"""Notices, while a training runs, that it does not learn, from figures that it has at hand anyway. Says so once, as an event.

The thresholds are generous: a false alarm in the middle of a healthy training costs more than a late one, since
`fukami diagnose` can be asked at any time.
"""

import math
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import Any

from fukami.core.cards import card
from fukami.engine.diagnosis.turning import turning

EPOCHS = 2
"""Whole passes through the data before anything is said."""
LINES = 12
"""Logged losses before anything is said about the loss."""
FALLEN = 0.98
"""Share of its beginning below which a loss has fallen."""
RISEN = 1.5
VANISHED = 1e-6
VALIDATIONS = 3


@dataclass
class Watch:
    """Looks at each logged line of a training.

    `guess` are the validation metrics of guessing (the commonest class, the mean), of which the network must beat one at least.
    Nothing is said in the first `patience` epochs: while the learning rate still rises, a healthy training learns little too.
    That it learns by heart is said in the second half of its `epochs`: before, a loss that rose may yet fall.

    >>> watch = Watch()
    >>> told = [watch.seen(epoch=i, loss=2.3, norm=0.5) for i in range(20)]
    >>> [kind for kind in told if kind]
    ['stalled-flat']
    """

    guess: dict[str, float] = field(default_factory=dict)
    patience: float = 0.0
    epochs: float = 0.0
    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    no_better: int = 0
    told: bool = False
    course: list[dict[str, Any]] = field(default_factory=list)
    turned: bool = False

    def seen(self, *, epoch: float, loss: float, norm: float) -> str | None:
        """Takes in a logged line; the kind of an event where the training loss shows that nothing is learned."""
        self.losses.append(loss)
        self.course.append({"step": len(self.losses), "epoch": epoch, "loss": loss})
        self.norms.append(norm)
        if self._early(epoch) or len(self.losses) < LINES:
            return None
        begun, now = fmean(self.losses[:3]), fmean(self.losses[-5:])
        if not math.isfinite(begun + now) or now <= FALLEN * begun or min(self.losses) <= (2 * FALLEN - 1) * begun:
            return None
        if median(self.norms[-5:]) < VANISHED:
            return self._say("stalled-vanished")
        return self._say("stalled-rising" if now > RISEN * begun else "stalled-flat")

    def validated(self, *, epoch: float, values: dict[str, float | None]) -> str | None:
        """Takes in a validation; the kind of an event where several in a row were no better than guessing by any metric."""
        self.course.append({"step": len(self.losses), "epoch": epoch, "valid": values})
        known = [name for name, value in values.items() if value is not None and name in self.guess]
        better = any(better_than(name, values[name] or 0.0, self.guess[name]) for name in known)
        self.no_better = 0 if better or not known else self.no_better + 1
        if self._early(epoch) or self.no_better < VALIDATIONS:
            return None
        return self._say("stalled-guessing")

    def overfitting(self, *, epoch: float) -> dict[str, Any] | None:
        """What is to be said, once, where the validation loss has risen for long while the training loss fell."""
        turned = None if self.turned or epoch < max(EPOCHS, self.epochs / 2) else turning(self.course)
        if turned is None:
            return None
        self.turned = True
        figures = {"before": turned.valid[0], "now": turned.valid[1], "train": turned.train[1]}
        return {"epoch": round(turned.epoch, 2), **{name: float(f"{value:.3g}") for name, value in figures.items()}}

    def _early(self, epoch: float) -> bool:
        """Whether nothing is to be said yet, or all has been."""
        return self.told or epoch < max(EPOCHS, self.patience)

    def _say(self, kind: str) -> str:
        self.told = True
        return kind


def better_than(metric: str, value: float, guess: float) -> bool:
    """Whether a value of a metric is better than guessing's.

    >>> better_than("accuracy", 0.5, 0.4), better_than("log_loss", 0.7, 0.6)
    (True, False)
    """
    return value > guess if card("metrics", metric).higher_is_better else value < guess
