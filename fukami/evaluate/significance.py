"""Whether the difference between two models on the same examples is more than chance.

Both evaluations drew the same examples into each bootstrap replicate (the draw depends on seed and row only), so the
differences of their replicates are a paired bootstrap, and no prediction has to be kept.
"""

from dataclasses import dataclass

import numpy as np

from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.evaluate.evaluation import Evaluation
from fukami.metrics.bootstrap import interval


@dataclass(frozen=True)
class Difference:
    """`value` of the second minus that of the first, its 95 % interval, and whether that leaves 0 out."""

    value: float
    low: float
    high: float

    @property
    def is_real(self) -> bool:
        return self.low > 0 or self.high < 0

    @property
    def is_likely(self) -> bool:
        """Whether it is more than its standard deviation, which it would be by chance alone once in three times."""
        return abs(self.value) > (self.high - self.low) / 3.92


def differences(first: Evaluation, second: Evaluation) -> dict[str, Difference]:
    """Metric name → difference, for the metrics that both have. Raises `UsageError` unless both judged the same examples."""
    if first.drawn != second.drawn:
        raise UsageError(
            "F-COMPARE-EXAMPLES",
            _("the two evaluations are not of the same examples"),
            expected=_("the same examples and the same seed"),
            got=f"{first.examples} | {second.examples}",
            fix=_("evaluate both on the same data"),
        )
    out = {}
    for name, values in first.replicates.items():
        if name in second.replicates:
            apart: np.ndarray = second.replicates[name] - values
            out[name] = Difference(float(apart[0]), *interval(apart))
    return out
