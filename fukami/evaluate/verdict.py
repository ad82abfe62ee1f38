"""Whether a model is better than its baselines, and saying so where it is not."""

import math
from collections.abc import Mapping
from typing import Any

from fukami.core.cards import card
from fukami.core.language import N_, _
from fukami.evaluate.evaluation import Evaluation
from fukami.evaluate.significance import Difference
from fukami.fields.contract import NOTHING
from fukami.report.figures import baseline_label, is_bound


def verdict(
    evaluation: Evaluation,
    beside: Mapping[str, Mapping[str, float | None]],
    headline: str,
    apart: Mapping[str, Difference] = NOTHING,
) -> list[str]:
    """One sentence for each baseline that the model does not beat on `headline`, or beats by less than chance explains.

    `beside` is baseline name → metric → value on the same examples, `apart` by how much the model's headline is more than each
    baseline's, example by example; where that is not known, the model's own interval decides. Empty where the model is clearly
    better than all of them.
    """
    own, higher = evaluation.metrics[headline], card("metrics", headline).higher_is_better
    out = []
    for name, metrics in beside.items():
        other = metrics.get(headline)
        if is_bound(name) or other is None or not math.isfinite(other) or not math.isfinite(own.value):
            continue
        words = {"baseline": baseline_label(name), "metric": headline, "value": f"{own.value:.4g}", "other": f"{other:.4g}"}
        ahead = apart.get(name)
        if (own.value <= other) if higher else (own.value >= other):
            out.append(_("The model is not better than {baseline}: {metric} {value} against {other}.").format(**words))
        elif ahead is not None:
            if not ahead.is_real:
                words |= {"apart": f"{ahead.value:.2g}", "low": f"{ahead.low:.2g}", "high": f"{ahead.high:.2g}"}
                sentence = _(
                    "The lead over {baseline} may be chance: {metric} {value} against {other}, on the same examples a "
                    "difference of {apart} ({low} to {high})."
                )
                out.append(sentence.format(**words))
        elif own.low <= other <= own.high:
            words |= {"low": f"{own.low:.4g}", "high": f"{own.high:.4g}"}
            sentence = _("The lead over {baseline} may be chance: {metric} {value} ({low} to {high}) against {other}.")
            out.append(sentence.format(**words))
    return out


def baseline_proof(
    headline: str,
    found: Evaluation,
    beside: dict[str, dict[str, float]],
    part: str,
    apart: Mapping[str, Difference] = NOTHING,
) -> dict[str, Any]:
    """What the baselines reached on the same examples, and whether the model beats each; `apart` as in `verdict`."""
    return {
        "claim": N_("the model is better than each baseline"),
        "test": _("the same examples, by {metric}").format(metric=headline),
        "held": beats_all(headline, found, beside),
        "part": part,
        "metrics": beside,
        "apart": {name: vars(one) for name, one in apart.items() if math.isfinite(one.value)},
        "verdict": verdict(found, beside, headline, apart),
    }


def beats_all(headline: str, found: Evaluation, beside: dict[str, dict[str, float]]) -> bool:
    """Whether the model's headline metric is better than every baseline's."""
    own, sign = found.metrics[headline].value, 1 if card("metrics", headline).higher_is_better else -1
    known = [told[headline] for name, told in beside.items() if told.get(headline) is not None and not is_bound(name)]
    return own == own and all(sign * own > sign * value for value in known)
