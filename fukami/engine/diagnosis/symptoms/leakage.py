"""Scores that prove nothing: examples kept aside that are copies of training examples, or a column that tells the answer.

Three witnesses: the split's proof (exact copies, which it has taken out of the training part, and near copies), the doctor's
look for a column that tells the target, and distances: a test example must not lie closer to the training part than training
examples lie to each other.
"""

from typing import Any

import numpy as np
import torch

from fukami.core.cards import SymptomCard
from fukami.core.language import _
from fukami.core.percent import percent
from fukami.engine.diagnosis.case import Case
from fukami.engine.diagnosis.contract import Finding, Look
from fukami.engine.diagnosis.neighbours import quantities

CARD = SymptomCard(
    name="leakage",
    summary="examples kept aside that the training has seen, or a column that tells the answer",
)

COPIED = 0.05
"""Share of the examples kept aside that are copies."""
CLOSE = 0.2
"""Distance to the nearest training example, as a share of what is usual between training examples, that makes a near copy."""
CLOSE_SHARE = 0.3
"""Share of examples kept aside that are as close as that; more than three times what the training part has of its own."""
MOST = 1500


def look(case: Case) -> Look:
    split = case.split
    sizes = split.get("drawn_from") or split.get("examples", {})  # copies are counted before some are drawn
    kept = max(1, sum(sizes.get(part, 0) for part in ("valid", "test")))
    copies = sum(split.get("removed_copies", {}).values()) if split.get("method") == "given" else 0
    near = split.get("near_copies", {}).get("test_examples", 0)
    figures: dict[str, Any] = {"kept_aside": kept, "copies": copies, "near_copies": near}
    leaks = [problem for problem in case.problems if problem.get("code") == "F-DATA-LEAK"]
    close = closeness(case)
    figures |= {} if close is None else {"close_to_training": round(close[0], 3), "usual": round(close[1], 3)}
    sentence, score = "", 0.0
    if copies > COPIED * kept:
        score = 0.95
        sentence = _(
            "{n} of {total} examples kept aside were copies of training examples, and had to be taken out of the training"
        )
        sentence = sentence.format(n=min(copies, kept), total=kept)
    elif near > COPIED * kept or (close is not None and close[0] > max(CLOSE_SHARE, 3 * close[1])):
        share = max(near / kept, close[0] if close else 0.0)
        score = 0.9
        sentence = _("{share} of the examples kept aside are nearly the same as training examples, so the scores prove little")
        sentence = sentence.format(share=percent(share, digits=0))
    elif leaks:
        score = 0.8
        sentence = leaks[0]["what"]
    if not sentence:
        return Look(figures)
    fix = leaks[0]["fix"] if leaks and score == 0.8 else case.check
    finding = Finding(cause=CARD.name, code="F-DIAGNOSE-LEAKAGE", score=score, what=sentence, evidence=figures, fix=fix)
    return Look(figures, finding)


def closeness(case: Case) -> tuple[float, float] | None:
    """Share of the examples kept aside, and of training examples, that nearly coincide with another training example.

    Distances are between inputs as numbers, each standardised. None where inputs are no quantities of one size.
    """
    held, train = case.some(case.held, MOST // 3), case.some(case.train, MOST)
    if len(held) < 10 or len(train) < 40:
        return None
    rows = np.concatenate([train, held])
    flat = quantities(case, rows)
    if flat is None:
        return None
    known, asked = flat[: len(train)], flat[len(train) :]
    own = torch.cdist(known, known).fill_diagonal_(float("inf")).amin(1)
    other = torch.cdist(asked, known).amin(1)
    usual = float(own[own > 0].median()) if (own > 0).any() else 0.0
    if usual <= 0:
        return None
    # exact copies inside the training part say nothing: they are drawn into one part together
    apart = own[own > 0]
    return float((other < CLOSE * usual).float().mean()), float((apart < CLOSE * usual).float().mean())
