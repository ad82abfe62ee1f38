"""Matthews correlation coefficient, for any number of classes (Gorodkin 2004). 0 is chance, 1 perfect."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.contract import ratio
from fukami.metrics.states.counts import Counts

CARD = MetricCard(
    name="matthews_corrcoef",
    label="Matthews correlation",
    summary="correlation of answers and targets, robust to unequal classes",
    of=("category",),
    higher_is_better=True,
    low=-1.0,
)
State = Counts


def compute(state: Counts) -> np.ndarray:
    total_R = state.actual_RK.sum(1)
    share_R1 = np.where(total_R > 0, total_R, 1.0)[:, None]
    actual_RK, answered_RK, right_RK = state.actual_RK / share_R1, state.answered_RK / share_R1, state.right_RK / share_R1
    together_R = right_RK.sum(1) - (actual_RK * answered_RK).sum(1)
    spread_R = np.sqrt((1 - (actual_RK**2).sum(1)) * (1 - (answered_RK**2).sum(1)))
    value_R = ratio(together_R, np.where(spread_R > 1e-12, spread_R, 0.0), empty=0.0)  # 0 where only one class occurs
    return np.where(total_R > 0, value_R, np.nan)
