"""Signals during a training: what is under way ends first, so that what is saved can be resumed to the same bits."""

import os
import signal

import pytest
import torch

from fukami.training.interrupts import interruptible
from fukami.training.session import Best


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_waits_for_the_step_and_the_second_does_not(number):
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interruptible() as interrupt:
        assert not interrupt.is_set()
        os.kill(os.getpid(), number)
        assert interrupt.is_set()
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_weights_whose_metric_is_no_number_are_never_the_best():
    layer, best = torch.nn.Linear(1, 1), Best("mse")
    for step, value in enumerate((float("nan"), 2.0, float("nan"), 1.0, 3.0), 1):
        best.seen(value, step, layer)
    assert (best.value, best.step, best.stale) == (1.0, 4, 1)
