"""Signals during a training: what is under way ends first, so that what is saved can be resumed to the same bits."""

import os
import signal

import pytest

from fukami.training.session import interruptible


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_waits_for_the_step_and_the_second_does_not(number):
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interruptible() as interrupt:
        assert not interrupt.is_set()
        os.kill(os.getpid(), number)
        assert interrupt.is_set()
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before
