"""Keras 3 with its defaults, on the backend that `KERAS_BACKEND` names."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.contract import Outcome, Settings
from benchmarks.sides.clock import Clock


def fit(model: Any, train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray], settings: Settings) -> Outcome:
    """`compile("adam")`, `fit`, then the accuracy on `test`; `model` answers with logits."""
    import keras

    def evaluate() -> float:
        return float((np.asarray(model.predict(test[0], batch_size=500, verbose=0)).argmax(1) == test[1]).mean())

    clock = Clock(settings, evaluate)

    class Until(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if clock.epoch_ended():
                model.stop_training = True

    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    with clock:
        model.fit(*train, batch_size=settings.batch_size, epochs=settings.epochs, verbose=0, callbacks=[Until()])
    return clock.outcome(len(train[0]))
