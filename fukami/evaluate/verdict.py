"""Whether a model is better than its baselines, and saying so where it is not."""

import math
from collections.abc import Mapping
from typing import Any

from fukami.core.cards import card
from fukami.core.language import N_, _
from fukami.evaluate.evaluation import Evaluation
from fukami.report.figures import baseline_label, is_bound


def verdict(evaluation: Evaluation, beside: Mapping[str, Mapping[str, float | None]], headline: str) -> list[str]:
    """One sentence for each baseline that the model does not beat on `headline`, or beats by less than chance explains.

    `beside` is baseline name → metric → value on the same examples. Empty where the model is clearly better than all of them.
    """
    own, higher = evaluation.metrics[headline], card("metrics", headline).higher_is_better
    out = []
    for name, metrics in beside.items():
        other = metrics.get(headline)
        if is_bound(name) or other is None or not math.isfinite(other) or not math.isfinite(own.value):
            continue
        words = {"baseline": baseline_label(name), "metric": headline, "value": f"{own.value:.4g}", "other": f"{other:.4g}"}
        if (own.value <= other) if higher else (own.value >= other):
            out.append(_("The model is not better than {baseline}: {metric} {value} against {other}.").format(**words))
        elif own.low <= other <= own.high:
            words |= {"low": f"{own.low:.4g}", "high": f"{own.high:.4g}"}
            sentence = _("The lead over {baseline} may be chance: {metric} {value} ({low} to {high}) against {other}.")
            out.append(sentence.format(**words))
    return out


def baseline_proof(headline: str, found: Evaluation, beside: dict[str, dict[str, float]], part: str) -> dict[str, Any]:
    """What the baselines reached on the same examples, and whether the model beats each."""
    return {
        "claim": N_("the model is better than each baseline"),
        "test": _("the same examples, by {metric}").format(metric=headline),
        "held": beats_all(headline, found, beside),
        "part": part,
        "metrics": beside,
        "verdict": verdict(found, beside, headline),
    }


def beats_all(headline: str, found: Evaluation, beside: dict[str, dict[str, float]]) -> bool:
    """Whether the model's headline metric is better than every baseline's."""
    own, sign = found.metrics[headline].value, 1 if card("metrics", headline).higher_is_better else -1
    known = [told[headline] for name, told in beside.items() if told.get(headline) is not None and not is_bound(name)]
    return own == own and all(sign * own > sign * value for value in known)
