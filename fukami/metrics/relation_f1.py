"""Macro F1 over relations, as the scorer of SemEval-2010 task 8 counts it (Hendrickx et al. 2010).

A relation in one direction (`Cause-Effect(e1,e2)`) and in the other are one relation: its answers are those of both, of which
right ones have the direction right too. The mean runs over all relations but what stands for none (`Other`, `no_relation`).
Where no class has a direction it is the mean of F1 over the classes that are relations.
"""

import re

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.contract import mean_where, ratio
from fukami.metrics.states.counts import Counts

CARD = MetricCard(
    name="relation_f1",
    label="relation F1",
    unit="score",
    summary="mean over relations of the harmonic mean of precision and recall; no relation is none",
    of=("category",),
    higher_is_better=True,
)
State = Counts

NONE = ("other", "no_relation", "no relation", "none", "na", "n/a", "false", "no", "0", "なし", "無関係", "関係なし")
_DIRECTION = re.compile(r"\s*\((?:e1\s*,\s*e2|e2\s*,\s*e1)\)$")


def compute(state: Counts) -> np.ndarray:
    classes = state.target.state["classes"]
    named = [_DIRECTION.sub("", name) for name in classes]
    relations = [name for name in dict.fromkeys(named) if name.strip().lower() not in NONE] or list(dict.fromkeys(named))
    belongs_KF = np.array([[name == one for one in relations] for name in named], np.float64)
    right, answered, actual = (one @ belongs_KF for one in (state.right_RK, state.answered_RK, state.actual_RK))
    return mean_where(ratio(2 * right, answered + actual, empty=0.0), (answered + actual) > 0)
