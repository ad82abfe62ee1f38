"""Underfitting: a simple baseline is better on new examples than the network on those that it was trained on."""

from typing import Any

from fukami.core.cards import SymptomCard, card
from fukami.core.language import _
from fukami.core.percent import percent
from fukami.engine.diagnosis.case import Case
from fukami.engine.diagnosis.contract import Finding, Look

CARD = SymptomCard(name="underfitting", summary="a training that was too short, or a network that is too small")

FALLING = 0.05
"""Share of what can be learned that the last quarter of a training which was broken off has added."""
BELOW = 0.03
"""How far the skill on the training's own examples must lie below the baseline's on others."""


def look(case: Case) -> Look:
    known = case.truth(case.some(case.train, 20_000))
    on_train, on_held = case.on_train.skill(case.headline, known), case.on_held.skill(case.headline, known)
    beaten, falling = beaten_by(case), last_quarter(case)
    figures: dict[str, Any] = {
        "skill_on_training": round(on_train, 3),
        "skill_held_out": round(on_held, 3),
        "learned": round(case.progress, 3),
        "learned_in_the_last_quarter": round(falling, 3),
    }
    if not beaten:
        return Look(figures)
    baseline = case.on_held.placed(case.headline, case.baselines[beaten][case.headline], known)
    figures |= {"better_baseline": beaten, "its_skill": round(baseline, 3)}
    if on_train > baseline - BELOW:
        return Look(figures)
    epochs = case.learner.learning.epochs
    told = {"baseline": _(card("evaluate/baselines", beaten).summary), "share": percent(on_train, digits=0)}
    if falling > FALLING or epochs < 5:
        sentence = _("the training was too short: {baseline} does better, and the loss was still falling").format(**told)
        fix = case.mend(epochs=f"{max(3 * epochs, 3):g}")
    else:
        sentence = _("the network learned too little: {baseline} does better, also on what it was trained on")
        sentence, fix = sentence.format(**told), case.mend(model="auto", epochs=f"{3 * epochs:g}")
    finding = Finding(cause=CARD.name, code="F-DIAGNOSE-UNDERFITTING", score=0.55, what=sentence, evidence=figures, fix=fix)
    return Look(figures, finding)


def beaten_by(case: Case) -> str:
    """The best baseline whose headline metric lies outside of the training's interval, on the better side; "" for none."""
    told = case.evaluation.get(case.headline) or {}
    if told.get("low") is None or told.get("high") is None:
        return ""
    sign = 1 if card("metrics", case.headline).higher_is_better else -1
    end = told["high"] if sign > 0 else told["low"]
    values = {name: found[case.headline] for name, found in case.baselines.items() if found.get(case.headline) is not None}
    better = {name: value for name, value in values.items() if sign * value > sign * end}
    return max(better, key=lambda name: sign * better[name], default="")


def last_quarter(case: Case) -> float:
    """How much of what can be learned the training loss fell in the last quarter of the steps."""
    told = [line["loss"] for line in case.history if line.get("loss") is not None]
    if len(told) < 8:
        return 0.0
    quarter = len(told) // 4
    before, after = (sum(part) / len(part) for part in (told[-2 * quarter : -quarter], told[-quarter:]))
    return case.learned(after) - case.learned(before)
