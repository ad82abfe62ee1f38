"""Wrong labels: examples whose label the network contradicts with confidence, where it cannot have learned it by heart.

On examples kept aside, the easiest ones (those answered with most confidence) are nearly always right in clean data, however
hard the others are. Wrong labels strike easy and hard examples alike, so the share of contradicted labels among the easiest is
what is wrong at least, if their nearest training examples contradict them as well (the idea of confident learning, Northcutt,
Jiang and Chuang 2021, without its estimate of which classes are confused).
"""

from typing import Any

import numpy as np
import torch

from fukami.core.cards import SymptomCard
from fukami.core.language import _
from fukami.core.percent import percent
from fukami.engine.diagnosis.case import Case
from fukami.engine.diagnosis.contract import Finding, LeftOut, Look
from fukami.engine.diagnosis.neighbours import nearest_targets
from fukami.fields.scored import Scored

CARD = SymptomCard(
    name="label-noise",
    summary="labels that are wrong",
    explains=("overfitting",),
)

EASIEST = 0.25
"""Share of examples that count as easy."""
NOISE = 0.06
"""Share of wrong labels that is worth a word; what inputs cannot tell (who survived a shipwreck) looks like a few of them."""
OF_ALL = 0.5
"""Easy examples of clean data are contradicted far less often than all are; with wrong labels about as often."""
ENOUGH = 50
NEIGHBOURS = 4000
"""Training examples among which neighbours are looked for."""
SHOWN = 8


def look(case: Case) -> Look:
    judged = case.on_held
    target = judged.target
    if not isinstance(target, Scored) or not target.discrete or judged.truth.ndim != 1:
        raise LeftOut(_("this is looked for only where classes are predicted"))
    easy = max(1, round(EASIEST * len(judged.rows)))
    if easy < ENOUGH:
        raise LeftOut(_("fewer than {n} examples were kept aside").format(n=round(ENOUGH / EASIEST)))
    answer = target.likeliest(torch.from_numpy(judged.answers)).numpy()
    wrong = answer != judged.truth
    easiest = np.argsort(-judged.answers.max(1), kind="stable")[:easy]
    suspects = seconded(case, easiest[wrong[easiest]], answer)
    among, of_all = len(suspects) / easy, float(wrong.mean())
    guess = 1 - float(target.guess(case.truth(case.train), 1).max())
    low = at_least(len(suspects), easy)
    figures: dict[str, Any] = {
        "examples": len(judged.rows),
        "contradicted_among_the_easiest": round(among, 3),
        "at_least": round(low, 3),
        "contradicted_in_all": round(of_all, 3),
        "contradicted_by_guessing": round(guess, 3),
    }
    # where the network knows little, an answer it is sure of may be its own mistake
    if low < NOISE or among < OF_ALL * of_all or of_all > 0.6 * guess:
        return Look(figures)
    finding = Finding(
        cause=CARD.name,
        code="F-DIAGNOSE-LABEL-NOISE",
        score=min(0.9, 0.6 + among),
        what=_(
            "about {share} of the labels look wrong: the network and similar examples contradict them where it is surest"
        ).format(share=percent(among, digits=0)),
        evidence=figures | {"rows": [int(row) + 1 for row in judged.rows[suspects[:SHOWN]]]},
        fix=case.check,
    )
    return Look(figures, finding)


def seconded(case: Case, suspects: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """The positions among those judged at which the nearest training examples say what the network answered.

    A network that knows little is sure of its own mistakes; its neighbours then bear the label out. Where inputs have no
    distance, all stay.
    """
    if len(suspects) == 0:
        return suspects
    known = case.some(case.train, NEIGHBOURS)
    said = nearest_targets(case, case.on_held.rows[suspects], known, case.truth(known))
    return suspects if said is None else suspects[said == answer[suspects]]


def at_least(hits: int, total: int) -> float:
    """The lower end of Wilson's 95 % interval of a share.

    >>> at_least(0, 50), round(at_least(10, 50), 2)
    (0.0, 0.11)
    """
    z, share = 1.96, hits / total
    middle = share + z * z / (2 * total)
    half = z * np.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return float(max(0.0, (middle - half) / (1 + z * z / total)))
