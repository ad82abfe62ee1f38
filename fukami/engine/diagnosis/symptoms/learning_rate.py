"""A learning rate that is too high or too low.

A range test (Smith 2015) on a copy finds a rate at which the loss falls fast; the recipe's is at fault where it lies far from
it *and* a short trial at the other rate learns more than the whole training did.
"""

import math
from typing import Any

from fukami.core.cards import SymptomCard
from fukami.core.language import _, _n
from fukami.engine.diagnosis.case import Case
from fukami.engine.diagnosis.contract import Finding, LeftOut, Look, short

CARD = SymptomCard(
    name="learning-rate",
    summary="a learning rate that is too high or too low",
    explains=("gradients", "dead-units", "one-batch", "label-noise", "underfitting", "overfitting"),
    trials=2,
)

APART = 6.0
"""The range test itself errs by a factor of about three."""
BETTER = 0.1
"""How much more of what can be learned the short trial must have learned than the whole training."""
APART_ON_FEW, BETTER_ON_FEW = 30.0, 0.3
"""The same where examples are learned by heart, which is done at other rates, and is no merit."""
HARDLY = 0.3
"""What a training has learned at most that suffers from its rate, where only that tells."""


def look(case: Case) -> Look:
    try:
        found = case.found.rate
    except LeftOut:
        return _look_at_few(case)
    broken = sum(line.get("event") == "rolled-back" for line in case.history)
    own = case.learner.learning.learning_rate
    figures: dict[str, Any] = {
        "learning_rate": own,
        "range_test": short(found),
        "training_learned": short(case.progress),
    }
    apart = _apart(own, found)
    if apart < APART and not broken:
        return Look(figures)
    trial, learned = case.at_found_rate
    figures |= {
        "trial_steps": trial.steps,
        "trial_learned": short(learned),
        "moved_in_a_step": short(trial.moved * own / found),
    }
    better = learned > case.progress + BETTER and apart >= APART
    if not better and not broken:
        return Look(figures)
    figures |= {"rolled_back": broken} if broken else {}
    score = min(0.98, 0.6 + 0.4 * (learned - case.progress)) if better else 0.5
    fix = case.mend(learning_rate=f"{found:.1g}")
    told = {"rate": f"{own:.2g}", "found": f"{found:.1g}", "steps": trial.steps}
    if own > found or broken:
        sentence = (
            _("the learning rate {rate} is too high: {steps} steps at {found} learned more than the whole training").format(
                **told
            )
            if better
            else _n(
                "the learning rate {rate} was too high: the loss stopped being a number {n} time",
                "the learning rate {rate} was too high: the loss stopped being a number {n} times",
                broken,
                **told,
            )
        )
        return Look(figures, _finding("F-DIAGNOSE-RATE-HIGH", score, sentence, figures, fix))
    sentence = _("the learning rate {rate} is too low: {steps} steps at {found} learned more than the whole training")
    return Look(figures, _finding("F-DIAGNOSE-RATE-LOW", score, sentence.format(**told), figures, fix))


def _look_at_few(case: Case) -> Look:
    """The same on a few batches again and again, where so few steps through the whole training part teach too little.

    They are learned by heart, so they tell less of what the rate should be: it has to lie further away, and the training must
    not have learned even them.
    """
    own, found = case.learner.learning.learning_rate, case.found_on_few.rate
    figures: dict[str, Any] = {"learning_rate": own, "range_test_on_few": short(found), "examples": len(case.few)}
    if _apart(own, found) < APART_ON_FEW:
        return Look(figures)
    trial, learned, known = case.at_found_on_few
    figures |= {"trial_steps": trial.steps, "trial_learned": short(learned), "training_learned": short(known)}
    if learned < known + BETTER_ON_FEW or case.progress > HARDLY:
        return Look(figures)
    told = {"rate": f"{own:.2g}", "found": f"{found:.1g}", "steps": trial.steps, "n": len(case.few)}
    if own > found:
        code = "F-DIAGNOSE-RATE-HIGH"
        sentence = _("the learning rate {rate} is too high: of {n} examples, {steps} steps at {found} learned more than it did")
    else:
        code = "F-DIAGNOSE-RATE-LOW"
        sentence = _("the learning rate {rate} is too low: of {n} examples, {steps} steps at {found} learned more than it did")
    score = min(0.9, 0.5 + 0.4 * (learned - known))
    return Look(figures, _finding(code, score, sentence.format(**told), figures, case.mend(learning_rate=f"{found:.1g}")))


def _apart(own: float, found: float) -> float:
    """How many times one rate is the other."""
    return max(own / found, found / own) if own else math.inf


def _finding(code: str, score: float, sentence: str, figures: dict[str, Any], fix: str) -> Finding:
    return Finding(cause=CARD.name, code=code, score=score, what=sentence, evidence=figures, fix=fix)
