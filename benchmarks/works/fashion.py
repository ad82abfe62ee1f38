"""A small convolutional network on Fashion-MNIST: 12,800 pictures once, or until an accuracy is reached.

Adam at 1e-3, batch 128, no augmentation, on every side. B examples, H and W pixels.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks import data
from benchmarks.contract import Outcome, Settings, Side, Work

if TYPE_CHECKING:
    import numpy as np

MEAN, STD = 0.286, 0.353
KEPT = 1000
"""Test pictures that Fukami judges the finished run on where the others tell when to stop."""


def parts(settings: Settings) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training pixels uint8 (N, 28, 28) and classes, then those that every side is evaluated on."""
    train_x, train_y = data.fashion(settings.data, "train")
    test_x, test_y = data.fashion(settings.data, "t10k")
    count = settings.examples or len(train_x)
    looked_at = len(test_x) - KEPT if settings.to_accuracy else len(test_x)
    return train_x[:count], train_y[:count], test_x[:looked_at], test_y[:looked_at]


def fukami(settings: Settings) -> Outcome:
    from benchmarks.networks import small_cnn
    from benchmarks.sides import with_fukami

    train_x, train_y, test_x, test_y = parts(settings)
    source: dict[str, Any] = {"train": (train_x, train_y), "test": (test_x, test_y)}
    if settings.to_accuracy:
        all_x, all_y = data.fashion(settings.data, "t10k")
        source |= {"valid": source["test"], "test": (all_x[-KEPT:], all_y[-KEPT:])}
    return with_fukami.fit("image-classification", source, settings, model=_seeded(settings, small_cnn), flip="no", shift=0.0)


def _seeded(settings: Settings, network: Any) -> Any:
    """The network with first weights of the settings' seed."""
    import torch

    torch.manual_seed(settings.seed)
    return network().to(settings.device)


def _normal(pixels: np.ndarray) -> np.ndarray:
    return (pixels.astype("float32") / 255 - MEAN) / STD


def _tensors(settings: Settings) -> tuple[Any, Any, Any, Any]:
    """Normalised float32 pictures (N, 1, 28, 28) and their classes, twice."""
    import torch

    train_x, train_y, test_x, test_y = parts(settings)
    train_x, test_x = (_normal(x)[:, None] for x in (train_x, test_x))
    return tuple(torch.from_numpy(part) for part in (train_x, train_y, test_x, test_y))  # type: ignore[return-value]


def _loader(train_x: Any, train_y: Any, batch_size: int) -> Any:
    from torch.utils.data import DataLoader, TensorDataset

    return DataLoader(TensorDataset(train_x, train_y), batch_size, shuffle=True, drop_last=True)


def pytorch(settings: Settings) -> Outcome:
    import torch

    from benchmarks.networks import small_cnn
    from benchmarks.sides import by_hand

    train_x, train_y, test_x, test_y = _tensors(settings)
    network = _seeded(settings, small_cnn)
    loader = _loader(train_x, train_y, settings.batch_size)
    return by_hand.fit(
        network,
        lambda: loader,
        torch.optim.Adam(network.parameters(), 1e-3),
        settings,
        evaluate=partial(by_hand.accuracy, network, test_x, test_y),
        units_per_epoch=len(loader) * settings.batch_size,
    )


def pytorch_tuned(settings: Settings) -> Outcome:
    import torch

    from benchmarks.networks import small_cnn
    from benchmarks.sides import by_hand

    train_x, train_y, test_x, test_y = _tensors(settings)
    network = _seeded(settings, small_cnn)
    return by_hand.fit(
        network,
        by_hand.resident(train_x.to(settings.device), train_y.to(settings.device), settings.batch_size),
        torch.optim.Adam(network.parameters(), 1e-3, fused=True),
        settings,
        evaluate=partial(by_hand.accuracy, network, test_x, test_y),
        units_per_epoch=len(train_x) // settings.batch_size * settings.batch_size,
        plan=by_hand.Plan(settings.plan),
    )


def lightning(settings: Settings, *, precision: str = "32-true") -> Outcome:
    from benchmarks.networks import small_cnn
    from benchmarks.sides import by_hand, with_lightning

    train_x, train_y, test_x, test_y = _tensors(settings)
    network = _seeded(settings, small_cnn)
    loader = _loader(train_x, train_y, settings.batch_size)
    evaluate = partial(by_hand.accuracy, network, test_x, test_y)
    units = len(loader) * settings.batch_size
    return with_lightning.fit(network, loader, settings, evaluate=evaluate, units_per_epoch=units, precision=precision)


def fastai(settings: Settings) -> Outcome:
    from fastai.data.core import DataLoaders
    from fastai.data.load import DataLoader

    from benchmarks.networks import small_cnn
    from benchmarks.sides import by_hand, with_fastai

    train_x, train_y, test_x, test_y = _tensors(settings)
    network = _seeded(settings, small_cnn)
    pairs = list(zip(train_x, train_y, strict=True))
    train = DataLoader(pairs, bs=settings.batch_size, shuffle=True, drop_last=True, num_workers=0)
    valid = DataLoader(pairs[:1], bs=1, num_workers=0)  # fastai wants one; it is never asked
    loaders = DataLoaders(train, valid, device=settings.device)
    evaluate = partial(by_hand.accuracy, network, test_x, test_y)
    return with_fastai.fit(network, loaders, settings, evaluate=evaluate, units_per_epoch=len(train) * settings.batch_size)


def keras_model() -> Any:
    """`small_cnn` in Keras; batch normalisation gets PyTorch's momentum and epsilon, or 100 steps were too few for it."""
    import keras as k

    def block(channels: int) -> list[Any]:
        norm = k.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
        return [k.layers.Conv2D(channels, 3, padding="same", use_bias=False), norm, k.layers.ReLU()]

    pool = k.layers.MaxPooling2D
    layers = [*block(32), *block(32), pool(), *block(64), *block(64), pool(), k.layers.Flatten()]
    layers += [k.layers.Dense(128, activation="relu"), k.layers.Dropout(0.2), k.layers.Dense(10)]
    return k.Sequential([k.Input((28, 28, 1)), *layers])


def keras(settings: Settings) -> Outcome:
    import keras as k

    from benchmarks.sides import with_keras

    k.utils.set_random_seed(settings.seed)
    train_x, train_y, test_x, test_y = parts(settings)
    train_x, test_x = (_normal(x)[..., None] for x in (train_x, test_x))
    return with_keras.fit(keras_model(), (train_x, train_y), (test_x, test_y), settings)


WORK = Work(
    name="fashion",
    summary="small CNN on Fashion-MNIST, 28 × 28 pixels",
    unit="images",
    module=__name__,
    settings=Settings(examples=12_800, epochs=1, batch_size=128),
    to_accuracy=Settings(examples=25_600, epochs=12, batch_size=128),
    counted="Every side begins with the pictures in memory.",
    sides=(
        Side("fukami", "fukami.train with that module", fukami, own=True),
        Side("pytorch", "a loop over a DataLoader, float32", pytorch, packages=("torch",)),
        Side(
            "pytorch-tuned",
            "tensors in memory, fused Adam, Fukami's plan",
            pytorch_tuned,
            packages=("torch",),
            follows_plan=True,
        ),
        Side("keras-jax", "fit, defaults", keras, packages=("keras", "jax"), env={"KERAS_BACKEND": "jax"}),
        Side("keras-torch", "fit, defaults", keras, packages=("keras", "torch"), env={"KERAS_BACKEND": "torch"}),
        Side("lightning", "Trainer.fit, defaults", lightning, packages=("lightning",)),
        Side("lightning-bf16", "Trainer.fit, bf16-mixed", partial(lightning, precision="bf16-mixed"), packages=("lightning",)),
        Side("fastai", "Learner.fit, defaults", fastai, packages=("fastai",)),
    ),
)
