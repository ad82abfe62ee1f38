"""Overfitting: the validation loss rises for long while the training loss falls; or nearly everything is known by heart, and
little of it holds for other examples."""

from typing import Any

from fukami.core.cards import SymptomCard
from fukami.core.language import _
from fukami.core.percent import percent
from fukami.engine.diagnosis.case import Case
from fukami.engine.diagnosis.contract import Finding, Look
from fukami.engine.diagnosis.symptoms.underfitting import beaten_by
from fukami.engine.diagnosis.turning import turning

CARD = SymptomCard(name="overfitting", summary="training examples learned by heart, and little that holds for others")

BY_HEART = 0.9
"""Skill on training examples, from guessing (0) to perfect (1)."""
HOLDS = 0.5
"""Share of that skill that must hold for others."""


def look(case: Case) -> Look:
    turned = turning(case.history)
    if turned is not None:  # the weights that are kept may be those of the turn, so they are not asked
        told = {"step": f"{turned.step:,}", "steps": f"{turned.steps:,}"}
        told |= {"before": f"{turned.valid[0]:.3g}", "now": f"{turned.valid[1]:.3g}", "train": f"{turned.train[1]:.3g}"}
        what = _(
            "from step {step} of {steps} on the validation loss rose ({before} → {now}) while the training loss fell to "
            "{train}: it learned by heart; more (or more varied) examples, pretrained weights, a smaller model or a shorter "
            "training help"
        )
        return Look(turned.figures(), _finding(case, what.format(**told), 0.6, turned.figures()))
    known = case.truth(case.some(case.train, 20_000))
    on_train, on_held = case.on_train.skill(case.headline, known), case.on_held.skill(case.headline, known)
    beaten = beaten_by(case)
    figures = {"skill_on_training": round(on_train, 3), "skill_held_out": round(on_held, 3)}
    if on_train < BY_HEART or (on_held > HOLDS * on_train and not (beaten and on_held < 0.8 * on_train)):
        return Look(figures)
    figures |= {"better_baseline": beaten} if beaten else {}
    what = _("it knows the training examples by heart, but {share} of that holds for others")
    told = what.format(share=percent(max(0.0, on_held / on_train), digits=0))
    return Look(figures, _finding(case, told, min(0.8, 0.4 + 0.5 * (on_train - on_held)), figures))


def _finding(case: Case, what: str, score: float, figures: dict[str, Any]) -> Finding:
    decay = f"{max(0.05, 5 * case.learner.learning.weight_decay):.1g}"
    fix = case.mend(weight_decay=decay, patience="5", keep_best="yes")
    return Finding(cause=CARD.name, code="F-DIAGNOSE-OVERFITTING", score=score, what=what, evidence=figures, fix=fix)
