"""Labels that the inputs tell nothing about: shuffled, shifted by a row, or joined by the wrong key.

The control is the same with labels that belong to other examples. Examples kept aside are judged with shuffled targets; only
where the trained network and every baseline are no better than that, two short trainings follow, with real and with shuffled
labels. A network that cannot learn at all proves nothing about labels, so one that cannot even learn a batch by heart is no
witness.
"""

from typing import Any

import numpy as np

from fukami.core.cards import SymptomCard, card
from fukami.core.language import _
from fukami.core.seeds import generator
from fukami.engine.diagnosis.case import Case
from fukami.engine.diagnosis.contract import Finding, LeftOut, Look

CARD = SymptomCard(
    name="labels",
    summary="labels that the inputs tell nothing about",
    explains=("learning-rate", "label-noise", "underfitting", "overfitting"),
    trials=3,
)

ENOUGH = 20
"""Fewer examples kept aside cannot tell chance from knowledge."""
BEYOND = 3.0
"""Deviations from chance that a witness must be."""
BY_HEART = 0.5


def look(case: Case) -> Look:
    if len(case.held) < ENOUGH:
        raise LeftOut(_("fewer than {n} examples were kept aside").format(n=ENOUGH))
    beyond = case.on_held.beyond_chance()
    figures: dict[str, Any] = {"held_out": len(case.on_held.rows), "beyond_chance": _rounded(beyond)}
    if max(beyond.values()) > BEYOND:
        return Look(figures)
    by_baseline = baselines_beyond(case)
    figures |= {"baselines_beyond_chance": _rounded(by_baseline)}
    if max(by_baseline.values(), default=0.0) > BEYOND:
        return Look(figures)
    if not by_baseline and max(case.progress, case.one_batch[1]) < BY_HEART:
        raise LeftOut(_("the network does not learn even one batch, so training it on shuffled labels says nothing about them"))
    rate = case.good_rate
    real, shuffled = (max(_control(case, rate, shuffled=mixed).values()) for mixed in (False, True))
    figures |= {"trial_real_labels": round(real, 2), "trial_shuffled_labels": round(shuffled, 2)}
    if real > BEYOND:
        return Look(figures)
    finding = Finding(
        cause=CARD.name,
        code="F-DIAGNOSE-LABELS",
        score=0.9 if len(case.on_held.rows) >= 100 else 0.6,
        what=_("the inputs tell nothing about the labels: with shuffled ones it learns as much; perhaps rows were mixed up"),
        evidence=figures,
        fix=case.check,
    )
    return Look(figures, finding)


def baselines_beyond(case: Case) -> dict[str, float]:
    """Baseline → how many standard errors better than guessing, by the metric that favours it most.

    Guessing's own baselines are left out. The standard error is that of the evaluation's interval.
    """
    judged = case.on_held
    guess = judged.guessing(case.truth(case.train))
    out: dict[str, float] = {}
    for name, metrics in case.baselines.items():
        gains = []
        for metric in judged.names:
            value, told, own = metrics.get(metric), case.evaluation.get(metric) or {}, card("metrics", metric)
            if value is None or told.get("low") is None or told.get("high") is None:
                continue
            scale = 1.0 if own.high == 1 else abs(guess[metric])
            error = max((told["high"] - told["low"]) / 4, scale / (4 * np.sqrt(len(judged.rows))))
            gains.append((value - guess[metric]) * (1 if own.higher_is_better else -1) / max(error, 1e-12))
        if gains and max(map(abs, gains)) > 1e-6:
            out[name] = float(max(gains))
    return out


def _control(case: Case, rate: float, *, shuffled: bool) -> dict[str, float]:
    """Metric → how far beyond chance a short training is on examples kept aside, with real or with shuffled labels."""
    target = case.task.target.name
    store, rows = case.store, case.train
    swapped = dict(zip(rows.tolist(), generator(case.seed, "shuffled").permutation(rows).tolist(), strict=True))

    def batch_at(index: int) -> dict[str, Any]:
        taken = case.learner.order.at(index)
        batch = case.batch(taken)
        if shuffled:
            others = np.array([swapped[row] for row in taken.tolist()])
            batch[target] = store.fields[target].batch(store.arrays[target], others, case.learner.device)
        return batch

    trial = case.trial(rate=rate, batch_at=batch_at)
    return case.judge(trial.network, case.on_held.rows).beyond_chance()


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in values.items()}
