"""What surrounds the loop: range test, history, events, progress."""

import io
import math

import pytest
import torch
from torch import nn

from fukami.core.errors import RunError
from fukami.core.recipe import LearningChoices
from fukami.engine import events, history
from fukami.engine.finder import find
from fukami.engine.progress import Display
from fukami.objectives.contract import Outcome


def snapshot(network):
    return {n: t.clone() for n, t in network.state_dict().items()}


def linear_regression(network, batch, _rng):
    return Outcome((network(batch["x"]).squeeze(-1) - batch["y"]).square())


def test_the_range_test_finds_a_rate_that_trains_and_leaves_no_trace():
    torch.manual_seed(0)
    network = nn.Linear(4, 1)
    truth = torch.tensor([1.0, -2.0, 3.0, 0.5])

    def batch_at(index):
        x = torch.randn(32, 4, generator=torch.Generator().manual_seed(index))
        return {"x": x, "y": x @ truth}

    learning = LearningChoices(optimizer="sgd", momentum=0.0, weight_decay=0.0, clip_norm=0.0)
    before, state = snapshot(network), torch.get_rng_state()
    found = find(network, linear_regression, batch_at, learning, high=10.0)
    assert all(torch.equal(before[n], t) for n, t in network.state_dict().items()) and torch.equal(state, torch.get_rng_state())
    assert found == find(network, linear_regression, batch_at, learning, high=10.0)
    # gradient descent on this loss is stable below 1 / largest eigenvalue of the covariance, which is about 1
    assert 0.01 < found.rate < 1.0 and len(found.rates) == len(found.losses) >= 10
    with pytest.raises(RunError, match="F-RATE-NOT-FOUND"):
        find(network, lambda n, b, r: Outcome(n(b["x"]) * math.nan), batch_at, learning)


def test_history_takes_back_what_comes_again(tmp_path):
    place = tmp_path / "run" / "history.jsonl"
    with history.History(place) as log:
        for step in (1, 2, 3):
            log.write({"step": step, "loss": math.nan if step == 2 else 1 / step, "valid": {"accuracy": math.inf}})
    with place.open("a") as file:
        file.write('{"step": 4, "lo')
    assert [line["step"] for line in history.read(place)] == [1, 2, 3]
    assert history.read(place)[1] == {"step": 2, "loss": None, "valid": {"accuracy": None}}
    with history.History(place, resume_at=2) as log:
        log.write({"step": 3, "loss": 0.0})
    assert [(line["step"], line["loss"]) for line in history.read(place)] == [(1, 1.0), (2, None), (3, 0.0)]
    with history.History(place):
        assert history.read(place) == []
    assert [p.name for p in place.parent.iterdir()] == ["history.jsonl"]


def test_events_can_be_read_back(tmp_path):
    with events.Events(tmp_path) as log:
        log.write(1, {"loss": 0.5, "text": "left out", "rate": math.nan})
        log.write(2, {"loss": 0.25})
    assert list(events.read(tmp_path)) == [(1, "loss", 0.5), (2, "loss", 0.25)]
    (file,) = tmp_path.glob("events.*")
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    assert list(events.read(tmp_path)) == [(1, "loss", 0.5)]


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.at = 0.0

    def __call__(self):
        return self.at


def test_plain_lines_come_every_few_seconds_with_rate_loss_and_time_left():
    out, clock = io.StringIO(), Clock()
    with Display("train", total=100, unit="images/s", stream=out, now=clock) as display:
        for step in range(1, 101):
            clock.at += 0.5
            if display.due():
                display.step(step, loss=1 / step, examples=10, epoch=step / 50)
    lines = out.getvalue().splitlines()
    assert len(lines) == 10 and not any("\x1b" in line for line in lines)
    assert lines[1] == "train   20%  20/100  epoch 0.4  loss 0.05  20 images/s  0:40 left"


def test_short_work_is_silent_and_validations_are_not_a_flood():
    out, clock = io.StringIO(), Clock()
    with Display("train", total=50, stream=out, now=clock) as display:
        for step in range(1, 51):
            clock.at += 0.05
            display.step(step, loss=1.0, epoch=step)
            display.valid({"accuracy": 0.5, "top5_accuracy": None})
    assert out.getvalue().splitlines() == ["epoch 20  accuracy 0.5000", "epoch 40  accuracy 0.5000"]


def test_a_terminal_gets_a_bar():
    out = io.StringIO()
    with Display("train", total=4, unit="images/s", stream=out, live=True) as display:
        display.step(1, loss=0.5)
        display._shown -= 1
        display.step(2, loss=0.25, examples=8)
        display.note("kept [line]")
    assert "train" in out.getvalue() and "kept [line]" in out.getvalue() and "loss 0.25" in out.getvalue()
