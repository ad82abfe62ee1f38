"""Lightning's Trainer with its defaults; what would only cost it time (logger, checkpoints, bars) is off."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from benchmarks.contract import Outcome, Settings
from benchmarks.sides.clock import Clock


def fit(
    network: Any,
    loader: Any,
    settings: Settings,
    *,
    evaluate: Callable[[], float],
    units_per_epoch: int,
    learning_rate: float = 1e-3,
    precision: str = "32-true",
) -> Outcome:
    """`Trainer.fit` with Adam over `loader`, then `evaluate`."""
    import lightning
    import torch

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    clock = Clock(settings, evaluate)

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def training_step(self, batch: Any, _index: int) -> Any:
            inputs, targets = batch
            return torch.nn.functional.cross_entropy(self.network(inputs), targets)

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters(), learning_rate)

    class Until(lightning.Callback):
        def on_train_epoch_end(self, trainer: Any, _module: Any) -> None:
            trainer.should_stop = clock.epoch_ended()

    trainer = lightning.Trainer(
        max_epochs=settings.epochs,
        accelerator="gpu" if settings.device == "cuda" else "cpu",
        precision=precision,  # pyright: ignore[reportArgumentType]
        callbacks=[Until()],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    with clock:
        trainer.fit(Module(), loader)
    return clock.outcome(units_per_epoch)
