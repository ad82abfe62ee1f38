"""fastai's Learner at a fixed rate with its own Adam; the validation after each epoch and the bars are off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.contract import Outcome, Settings
from benchmarks.sides.clock import Clock


def fit(
    network: Any,
    loaders: Any,
    settings: Settings,
    *,
    evaluate: Callable[[], float],
    units_per_epoch: int,
    learning_rate: float = 1e-3,
) -> Outcome:
    """`Learner.fit` over `loaders` (fastai's `DataLoaders`), then `evaluate`."""
    import fastai.callback.progress  # noqa: F401  (gives a learner `no_bar`)
    from fastai.callback import core
    from fastai.learner import Learner
    from fastai.losses import CrossEntropyLossFlat

    clock = Clock(settings, evaluate)

    class Until(core.Callback):
        def before_validate(self) -> None:
            raise core.CancelValidException  # pyright: ignore[reportAttributeAccessIssue]

        def after_epoch(self) -> None:
            if clock.epoch_ended():
                raise core.CancelFitException  # pyright: ignore[reportAttributeAccessIssue]

    learner = Learner(loaders, network, loss_func=CrossEntropyLossFlat(), lr=learning_rate, wd=0.0, cbs=[Until()])
    with learner.no_bar(), learner.no_logging(), clock:
        learner.fit(settings.epochs)
    return clock.outcome(units_per_epoch)
