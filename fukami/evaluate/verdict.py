"""Says so when a model is no better than a baseline."""

import math
from collections.abc import Mapping

from fukami.core.cards import card
from fukami.core.language import _
from fukami.evaluate.evaluation import Evaluation
from fukami.report.figures import baseline_label


def verdict(evaluation: Evaluation, beside: Mapping[str, Mapping[str, float | None]], headline: str) -> list[str]:
    """One sentence for each baseline that the model does not beat on `headline`, or beats by less than chance explains.

    `beside` is baseline name → metric → value on the same examples. Empty where the model is clearly better than all of them.
    """
    own, higher = evaluation.metrics[headline], card("metrics", headline).higher_is_better
    out = []
    for name, metrics in beside.items():
        other = metrics.get(headline)
        if other is None or not math.isfinite(other) or not math.isfinite(own.value):
            continue
        words = {"baseline": baseline_label(name), "metric": headline, "value": f"{own.value:.4g}", "other": f"{other:.4g}"}
        if (own.value <= other) if higher else (own.value >= other):
            out.append(_("The model is not better than {baseline}: {metric} {value} against {other}.").format(**words))
        elif own.low <= other <= own.high:
            words |= {"low": f"{own.low:.4g}", "high": f"{own.high:.4g}"}
            sentence = _("The lead over {baseline} may be chance: {metric} {value} ({low} to {high}) against {other}.")
            out.append(sentence.format(**words))
    return out
