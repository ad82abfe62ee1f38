"""Modules and losses of the caller's own with odd habits: told in one message, or trained all the same."""

import numpy as np
import pytest
import torch
from torch import nn

import fukami
from fukami.core.errors import UsageError

X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
DATA = (X, (X[:, 0] > 0).astype(int))
OPTIONS = {"plan": "default", "epochs": 1, "batch_size": 8}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(4, 8), nn.Linear(8, 2)

    def forward(self, x_BD):
        return self.last(self.first(x_BD).relu())


class NoWeights(nn.Module):
    def forward(self, x_BD):
        return x_BD[:, :2]


class Detached(Net):
    def forward(self, x_BD):
        return super().forward(x_BD).detach()


class Normed(Net):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(8)

    def forward(self, x_BD):
        return self.last(self.norm(self.first(x_BD)))


class Remembers(Net):
    """Replaces a buffer in forward, as caches of positions do."""

    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.ones(8))

    def forward(self, x_BD):
        if not self.training:
            self.scale = torch.ones(8)
        return self.last(self.first(x_BD) * self.scale)


@pytest.mark.parametrize(
    ("model", "more", "code"),
    [
        (Net, {}, "F-MODULE-KIND"),
        (len, {}, "F-MODULE-KIND"),
        (NoWeights(), {}, "F-MODULE-WEIGHTS"),
        (Net().requires_grad_(False), {}, "F-MODULE-WEIGHTS"),
        (Detached(), {}, "F-LOSS-UNCONNECTED"),
        (Normed(), {"batch_size": 1}, "F-BATCH-SINGLE"),
        (Normed(), {"micro_batch": 1}, "F-BATCH-SINGLE"),
        (Net(), {"loss": lambda _outputs, _target: 1.0}, "F-LOSS-ANSWER"),
        (Net(), {"loss": lambda outputs, _target: outputs.argmax()}, "F-LOSS-ANSWER"),
    ],
)
def test_what_cannot_be_trained_is_told(tmp_path, model, more, code):
    with pytest.raises(UsageError) as told:
        fukami.train("tabular-classification", DATA, model=model, out=tmp_path / "run", **(OPTIONS | more))
    assert told.value.code == code
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("plan", ["default", "auto"])
def test_a_buffer_that_is_replaced_while_answering_can_go_on_being_trained(tmp_path, plan):
    run = fukami.train(
        "tabular-classification", DATA, model=Remembers(), out=tmp_path / "run", **(OPTIONS | {"epochs": 3, "plan": plan})
    )
    assert run.summary()["metrics"] and ", your own module, " in repr(run)
