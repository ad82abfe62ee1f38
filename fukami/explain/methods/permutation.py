"""Permutation importance: how much worse the answers become when a column is shuffled between the examples.

Breiman 2001; Fisher et al. 2019 (model reliance). With targets the fall of the headline metric is told, with its deviation over
repeats; without them, or where they do not give that metric a value, how far answers move: the mean over examples of the
largest change among their scores.

R repeats, U units.
"""

import math
from collections.abc import Callable

import numpy as np
import torch

from fukami.core.cards import MethodCard, card
from fukami.core.language import _, _n
from fukami.core.seeds import generator
from fukami.evaluate.judge import judge
from fukami.explain.cohort import Cohort
from fukami.explain.contract import Survey
from fukami.fields import batch as trees

CARD = MethodCard(
    name="permutation",
    summary="how much worse answers become when a column is shuffled between examples",
    asks="exchange",
    scope="set",
    source="Breiman 2001; Fisher et al. 2019, arXiv:1801.01489",
)

REPEATS = 5


def survey(cohort: Cohort, *, repeats: int = REPEATS) -> Survey:
    """The mean over repeats for each column."""
    units = cohort.units(0)
    measure, sentence, notes = _measure(cohort)
    found_RU = np.zeros((repeats, len(units)))
    for repeat in range(repeats):
        order = torch.from_numpy(generator(cohort.seed, "permutation", repeat).permutation(len(cohort)))
        for u in range(len(units)):
            found_RU[repeat, u] = measure(cohort.answers(cohort.field.exchanged(cohort.batch, units, u, order)))
    spread_U = found_RU.std(0, ddof=1) if repeats > 1 else np.zeros(len(units))
    return Survey(found_RU.mean(0), sentence, [{"deviation": float(s)} for s in spread_U], notes)


def _measure(cohort: Cohort) -> tuple[Callable[[torch.Tensor], float], str, list[str]]:
    """What a shuffling costs, given the answers after it; that measure in a sentence; and a note where it is not the usual."""
    before = cohort.answers(cohort.batch)
    if cohort.truth is None:
        return *_moved(cohort, before), []
    metric = cohort.predictor.task.card.headline
    value = _value(cohort, metric)
    if math.isnan(start := value(before)):
        text = _n(
            "{metric} cannot be computed on this {n} example, so it is told how far answers move instead",
            "{metric} cannot be computed on these {n} examples, so it is told how far answers move instead",
            len(cohort),
            metric=metric,
        )
        return *_moved(cohort, before), [text]
    told = card("metrics", metric).label
    sentence = _("what {metric} loses when the column is shuffled").format(metric=_(told) if told else metric)
    return lambda answers: start - value(answers), sentence, []


def _moved(cohort: Cohort, before: torch.Tensor) -> tuple[Callable[[torch.Tensor], float], str]:
    def moved(answers: torch.Tensor) -> float:
        return float(cohort.predictor.task.target.apart(before, answers).mean())

    return moved, _("how far answers move when the column is shuffled")


def _value(cohort: Cohort, metric: str) -> Callable[[torch.Tensor], float]:
    """The metric of answers, turned so that more is better; NaN where these examples do not give it a value."""
    target = cohort.predictor.task.target
    sign = 1 if card("metrics", metric).higher_is_better else -1

    def value(answers: torch.Tensor) -> float:
        stream = [(trees.arrays(answers), cohort.truth, np.arange(len(cohort)))]
        told = judge(target, (metric,), stream, replicates=0, keep_mistakes=0)
        return sign * told.metrics[metric].value

    return value
