"""A training that waits for its data: the device stands still while examples are decoded, gathered and augmented."""

from fukami.core.cards import SymptomCard
from fukami.core.language import _
from fukami.core.percent import percent
from fukami.engine.diagnosis.case import Case
from fukami.engine.diagnosis.contract import Finding, Look

CARD = SymptomCard(name="waiting", summary="a training that waits for its data")

MUCH = 0.35
"""Share of the training's time."""
WORTH = 5.0
"""Seconds of waiting that are worth a word."""


def look(case: Case) -> Look:
    lines = [line for line in case.history if line.get("waited_s") is not None and line.get("seconds")]
    if not lines:
        return Look({"seconds": 0.0})
    seconds, waited = float(lines[-1]["seconds"]), float(lines[-1]["waited_s"])
    share = waited / max(seconds, 1e-9)
    figures = {"training_s": round(seconds, 2), "waited_s": round(waited, 2), "share": round(share, 3)}
    if share < MUCH or waited < WORTH:
        return Look(figures)
    ahead = case.batches_ahead
    finding = Finding(
        cause=CARD.name,
        code="F-DIAGNOSE-WAITING",
        score=0.5 + 0.4 * share,
        what=_("{share} of the training's time went by waiting for data").format(share=percent(share, digits=0)),
        evidence=figures | {"batches_ahead": ahead},
        fix=case.mend(batches_ahead=str(max(2, 2 * ahead))),
    )
    return Look(figures, finding)
