"""Overfitting: nearly everything is known by heart, and little of it holds for other examples."""

from fukami.core.cards import SymptomCard
from fukami.core.language import _
from fukami.core.percent import percent
from fukami.engine.diagnosis.case import Case
from fukami.engine.diagnosis.contract import Finding, Look
from fukami.engine.diagnosis.symptoms.underfitting import beaten_by

CARD = SymptomCard(name="overfitting", summary="training examples learned by heart, and little that holds for others")

BY_HEART = 0.9
"""Skill on training examples, from guessing (0) to perfect (1)."""
HOLDS = 0.5
"""Share of that skill that must hold for others."""


def look(case: Case) -> Look:
    known = case.truth(case.some(case.train, 20_000))
    on_train, on_held = case.on_train.skill(case.headline, known), case.on_held.skill(case.headline, known)
    beaten = beaten_by(case)
    figures = {"skill_on_training": round(on_train, 3), "skill_held_out": round(on_held, 3)}
    if on_train < BY_HEART or (on_held > HOLDS * on_train and not (beaten and on_held < 0.8 * on_train)):
        return Look(figures)
    figures |= {"better_baseline": beaten} if beaten else {}
    learning = case.learner.learning
    finding = Finding(
        cause=CARD.name,
        code="F-DIAGNOSE-OVERFITTING",
        score=min(0.8, 0.4 + 0.5 * (on_train - on_held)),
        what=_("it knows the training examples by heart, but {share} of that holds for others").format(
            share=percent(max(0.0, on_held / on_train), digits=0)
        ),
        evidence=figures,
        fix=case.mend(weight_decay=f"{max(0.05, 5 * learning.weight_decay):.1g}", patience="5", keep_best="yes"),
    )
    return Look(figures, finding)
