"""Gradients that vanish or explode on their way through the layers.

Each layer's gradient, as a share of its weights, is measured over several batches at the first weights.
Where the first layers' share is a tiny part of the last layers', they do not move; where it is enormous, a step destroys them.
"""

import math

from torch import nn

from fukami.core.cards import SymptomCard
from fukami.core.language import _
from fukami.engine.diagnosis.case import Case
from fukami.engine.diagnosis.contract import Finding, LeftOut, Look, short

CARD = SymptomCard(
    name="gradients",
    summary="gradients that vanish or explode on their way through the layers",
    explains=("dead-units", "one-batch", "label-noise", "underfitting"),
)

DEEP = 4
"""Fewer layers have no way to speak of."""
VANISHED, EXPLODED = 1e-5, 1e4
"""Ratio of the first layers' share to the last layers'."""
HARDLY = 0.3
"""What a training has learned at most that suffers from it."""
BATCHES = 3


def look(case: Case) -> Look:
    if case.progress >= HARDLY:
        return Look({"training_learned": round(case.progress, 3)})
    shares = first_to_last(case, case.learner.network)
    begun = ratio(shares)
    size = _in_history(case)
    figures = {
        "layers": len(shares),
        "first_to_last": short(begun),
        "gradient_norm": short(size),
        "training_learned": round(case.progress, 3),
    }
    if len(shares) < DEEP:
        return Look(figures)
    told = {"times": f"{1 / max(begun, 1e-30):.1g}", "layers": len(shares)}
    if begun < VANISHED:
        said = _("gradients vanish: of {layers} layers, the first layer's is {times} times smaller than the last's")
        sentence = said.format(**told)
        fix = _("replace sigmoid and tanh by ReLU, and put a normalisation or a residual path between the layers")
        return Look(figures, _finding("F-DIAGNOSE-VANISHING", 0.93, sentence, figures, fix))
    if begun > EXPLODED or size > EXPLODED:
        sentence = _("gradients explode: their norm is {norm}").format(norm=f"{size:.1g}")
        fix = case.mend(clip_norm="1") if not case.learner.learning.clip_norm else case.mend(learning_rate=_lower(case))
        return Look(figures, _finding("F-DIAGNOSE-EXPLODING", 0.7, sentence, figures, fix))
    return Look(figures)


def first_to_last(case: Case, network: nn.Module) -> list[float]:
    """Each weight matrix's gradient as a share of the matrix, in the order of the network, the mean over some batches."""
    named = [p for p in network.parameters() if p.ndim > 1 and float(p.detach().norm()) > 0]
    if not named:
        raise LeftOut(_("all weights are zero"))
    totals = [0.0] * len(named)
    for index in range(BATCHES):
        for i, (gradient, weight) in enumerate(zip(case.gradients(network, named, index), named, strict=True)):
            totals[i] += 0.0 if gradient is None else float(gradient.norm() / weight.detach().norm())
    return [total / BATCHES for total in totals]


def ratio(shares: list[float]) -> float:
    """The middle of the first third to the middle of the last third; 0 where the first get nothing.

    >>> ratio([1e-9, 1e-6, 1e-3, 1.0])
    1e-09
    """
    third = max(1, len(shares) // 3)
    first, last = (sorted(part)[third // 2] for part in (shares[:third], shares[-third:]))
    if not (math.isfinite(first) and math.isfinite(last)):
        return math.inf
    return first / last if last > 0 else 1.0


def _in_history(case: Case) -> float:
    norms = sorted(line["gradient_norm"] for line in case.history if line.get("gradient_norm") is not None)
    return norms[len(norms) // 2] if norms else 0.0


def _lower(case: Case) -> str:
    return f"{min(case.good_rate, case.learner.learning.learning_rate / 10):.1g}"


def _finding(code: str, score: float, sentence: str, figures: dict, fix: str) -> Finding:
    return Finding(cause=CARD.name, code=code, score=score, what=sentence, evidence=figures, fix=fix)
