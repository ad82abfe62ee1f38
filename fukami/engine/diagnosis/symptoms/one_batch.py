"""A network that cannot learn even one small batch by heart: something in it, or in its loss, stops it from learning at all."""

from fukami.core.cards import SymptomCard
from fukami.core.language import _
from fukami.core.percent import percent
from fukami.engine.diagnosis.case import Case
from fukami.engine.diagnosis.contract import Finding, Look

CARD = SymptomCard(
    name="one-batch",
    summary="a network that cannot learn even one batch by heart",
    explains=("label-noise", "underfitting"),
    trials=4,
)

LITTLE = 0.5


def look(case: Case) -> Look:
    trial, learned = case.one_batch
    figures = {"steps": trial.steps, "learning_rate": float(f"{trial.rate:.3g}"), "learned_by_heart": round(learned, 3)}
    if learned >= LITTLE or case.progress >= LITTLE:
        return Look(figures)
    finding = Finding(
        cause=CARD.name,
        code="F-DIAGNOSE-ONE-BATCH",
        score=0.8 if learned < 0.1 else 0.55,
        what=_("the network cannot learn even one batch by heart: after {steps} steps it knows {share} of it").format(
            steps=trial.steps, share=percent(learned, digits=0)
        ),
        evidence=figures,
        fix=_("look at the network and its loss; another model shows whether it is them: {command}").format(
            command=case.mend(model="…")
        ),
    )
    return Look(figures, finding)
