"""How many steps fit into the minutes that were given: what went before the first step counts."""

from types import SimpleNamespace

import pytest

from fukami.core.recipe import LearningChoices
from fukami.training.pace import length_of


@pytest.mark.parametrize(("spent", "seconds"), [(0.0, 108.0), (30.0, 78.0), (100.0, 60.0)])
def test_preparing_and_measuring_count_but_half_of_the_time_is_for_learning(spent, seconds):
    learner = SimpleNamespace(learning=LearningChoices(minutes=2.0), order=SimpleNamespace(steps_per_epoch=10))
    told = length_of(learner, 0.5, spent)  # type: ignore[arg-type]
    assert told == {"epochs": pytest.approx(seconds / 0.5 / 10), "minutes": 0.0}
