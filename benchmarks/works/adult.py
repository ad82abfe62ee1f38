"""A multi-layer perceptron on Adult: 32,561 rows, ten times; two hidden layers of 128.

Adam at 1e-3, batch 256, on every side. The peers get a matrix (numbers standardised, categories one-hot) made beforehand;
Fukami gets the table, and its own `mlp` with the same layers makes the one-hot columns in every step. How it scales numbers and
which rare categories it joins are its own, so its first layer is a few columns wider or narrower. N rows, D columns.
"""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks import data
from benchmarks.contract import Outcome, Settings, Side, Work

if TYPE_CHECKING:
    import numpy as np

WIDTH = 128


def _table(settings: Settings, part: str) -> dict[str, list]:
    """The columns of a part, the training part cut to the settings' number of examples."""
    columns = data.adult(settings.data, part)
    count = settings.examples if part == "train" else 0
    return {name: cells[:count] for name, cells in columns.items()} if count else columns


def fukami(settings: Settings) -> Outcome:
    from benchmarks.sides import with_fukami

    source = {part: _table(settings, part) for part in ("train", "test")}
    layers = {"width": WIDTH, "depth": 2, "dropout": 0.0, "embedding": 0}
    return with_fukami.fit("tabular-classification", source, settings, model="mlp", target="income", **layers)


def matrices(settings: Settings) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training features float32 (N, D) and classes int64 (N), then those of the test part."""
    import numpy as np
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    train, test = (pd.DataFrame(_table(settings, part)) for part in ("train", "test"))
    categories = [name for name in data.ADULT_COLUMNS if name not in (*data.ADULT_NUMBERS, "income")]
    one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10, sparse_output=False)
    made = make_column_transformer((StandardScaler(), list(data.ADULT_NUMBERS)), (one_hot, categories))
    train_x, test_x = made.fit_transform(train), made.transform(test)
    classes = [(frame["income"] == ">50K").to_numpy(np.int64) for frame in (train, test)]
    return np.asarray(train_x, np.float32), classes[0], np.asarray(test_x, np.float32), classes[1]


def sklearn(settings: Settings) -> Outcome:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    from benchmarks.sides.clock import Clock

    train_x, train_y, test_x, test_y = matrices(settings)
    # without tolerance and with patience it makes all the epochs that are asked for
    ends: dict[str, Any] = {
        "batch_size": settings.batch_size,
        "max_iter": settings.epochs,
        "tol": 0.0,
        "n_iter_no_change": settings.epochs + 1,
    }
    model = MLPClassifier((WIDTH, WIDTH), alpha=0.0, random_state=settings.seed, **ends)
    warnings.simplefilter("ignore", ConvergenceWarning)
    with Clock(settings, lambda: float(model.score(test_x, test_y))) as clock:
        model.fit(train_x, train_y)
    return clock.outcome(len(train_x))


def keras(settings: Settings) -> Outcome:
    import keras as k

    from benchmarks.sides import with_keras

    k.utils.set_random_seed(settings.seed)
    train_x, train_y, test_x, test_y = matrices(settings)
    hidden = [k.layers.Dense(WIDTH, activation="relu") for _layer in range(2)]
    model = k.Sequential([k.Input((train_x.shape[1],)), *hidden, k.layers.Dense(2)])
    return with_keras.fit(model, (train_x, train_y), (test_x, test_y), settings)


def _network(settings: Settings, num_features: int) -> Any:
    """The perceptron with first weights of the settings' seed."""
    import torch

    from benchmarks.networks import mlp

    torch.manual_seed(settings.seed)
    return mlp(num_features, width=WIDTH).to(settings.device)


def lightning(settings: Settings) -> Outcome:
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    from benchmarks.sides import by_hand, with_lightning

    train_x, train_y, test_x, test_y = map(torch.from_numpy, matrices(settings))
    network = _network(settings, train_x.shape[1])
    loader = DataLoader(TensorDataset(train_x, train_y), settings.batch_size, shuffle=True, drop_last=True)
    evaluate = partial(by_hand.accuracy, network, test_x, test_y)
    units = len(loader) * settings.batch_size
    return with_lightning.fit(network, loader, settings, evaluate=evaluate, units_per_epoch=units)


def pytorch_tuned(settings: Settings) -> Outcome:
    import torch

    from benchmarks.sides import by_hand

    train_x, train_y, test_x, test_y = map(torch.from_numpy, matrices(settings))
    network = _network(settings, train_x.shape[1])
    return by_hand.fit(
        network,
        by_hand.resident(train_x.to(settings.device), train_y.to(settings.device), settings.batch_size),
        torch.optim.Adam(network.parameters(), 1e-3, fused=True),
        settings,
        evaluate=partial(by_hand.accuracy, network, test_x, test_y),
        units_per_epoch=len(train_x) // settings.batch_size * settings.batch_size,
        plan=by_hand.Plan(settings.plan),
    )


TABLES = ("pandas", "scikit-learn")

WORK = Work(
    name="adult",
    summary="MLP with two hidden layers of 128 on Adult",
    unit="rows",
    module=__name__,
    settings=Settings(examples=0, epochs=10, batch_size=256),
    counted="The peers begin with a finished matrix, Fukami with its prepared store.",
    sides=(
        Side("fukami", "fukami.train, model mlp", fukami, own=True),
        Side("sklearn", "MLPClassifier.fit, defaults", sklearn, packages=TABLES),
        Side("keras-jax", "fit, defaults", keras, packages=("keras", "jax", *TABLES), env={"KERAS_BACKEND": "jax"}),
        Side("keras-torch", "fit, defaults", keras, packages=("keras", "torch", *TABLES), env={"KERAS_BACKEND": "torch"}),
        Side("lightning", "Trainer.fit, defaults", lightning, packages=("lightning", *TABLES)),
        Side(
            "pytorch-tuned",
            "tensors in memory, fused Adam, Fukami's plan",
            pytorch_tuned,
            packages=("torch", *TABLES),
            follows_plan=True,
        ),
    ),
)
