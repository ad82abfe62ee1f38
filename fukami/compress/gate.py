"""The gate: how much worse the headline metric became, and what is said where that is more than was allowed."""

from typing import Any

import numpy as np

from fukami.core.cards import card
from fukami.core.errors import GateError
from fukami.core.language import N_, _
from fukami.data.store import Store
from fukami.evaluate import whole
from fukami.evaluate.judge import judge
from fukami.evaluate.spool import Spool
from fukami.predictor import Predictor

MAX_DROP = 1.0
"""Points of the headline metric that may be lost where nothing else is said."""


def drop_of(metric: str, before: float, after: float) -> float:
    """Points that are lost: hundredths of a metric whose best value is 1, else percent of its value before. Gains are negative.

    >>> round(drop_of("accuracy", 0.92, 0.915), 3), round(drop_of("rmse", 10.0, 10.2), 3)
    (0.5, 2.0)
    """
    told = card("metrics", metric)
    worse = before - after if told.higher_is_better else after - before
    scale = 1.0 if told.high == 1 else abs(before)
    return 100 * worse / scale if scale else 0.0 if worse <= 0 else float("inf")


def headline_value(predictor: Predictor, store: Store, rows: np.ndarray) -> float:
    """The headline metric over stored examples."""
    name = predictor.task.card.headline
    found = judge(predictor.task.target, (name,), predictor.stream(store, rows), replicates=0, keep_mistakes=0)
    return found.metrics[name].value


def answers(predictor: Predictor, store: Store, rows: np.ndarray) -> Spool:
    """The scores of stored examples before calibration, asked for once."""
    return Spool(predictor.stream(store, rows, calibrated=False))


def evaluation(predictor: Predictor, asked: Spool, *, replicates: int = 200) -> Any:
    """The whole judgement of a predictor by its answers."""
    return whole.judged(predictor, asked, replicates=replicates)


def worst_example(before: Spool, after: Spool) -> tuple[float, int]:
    """The largest difference between two predictors' scores, in the unit of scores, and the row that has it."""
    largest, where = -1.0, 0
    for (old, _target, part), (new, _same, again) in zip(before, after, strict=True):
        assert np.array_equal(part, again)
        apart = np.abs(old - new).reshape(len(part), -1).max(1)
        if apart.max() > largest:
            largest, where = float(apart.max()), int(part[apart.argmax()])
    return largest, where


def proof(headline: str, before: float, after: float, *, max_drop: float, examples: int, how: str) -> dict[str, Any]:
    """What is claimed of a compressed run, how it was tested, and the figures."""
    drop = drop_of(headline, before, after)
    return {
        "claim": N_("the compressed model is as good as the run that it was made from"),
        "test": _("{metric} of both on the same {n} examples, which neither was trained on").format(
            metric=headline, n=f"{examples:,}"
        ),
        "held": bool(drop <= max_drop),
        "how": how,
        "drop": round(drop, 4),
        "allowed": max_drop,
        "examples": examples,
    }


def require(told: dict[str, Any], headline: str, before: float, after: float, where: str) -> None:
    """Raises `GateError` F-COMPRESS-GATE where the proof does not hold."""
    if told["held"]:
        return
    raise GateError(
        "F-COMPRESS-GATE",
        _("the compressed model is worse than allowed, so nothing is written"),
        where=where,
        expected=_("{metric} at most {points} points worse").format(metric=headline, points=f"{told['allowed']:g}"),
        got=_("{before} before, {after} after: {points} points").format(
            before=f"{before:.4f}", after=f"{after:.4f}", points=f"{told['drop']:.2f}"
        ),
        fix=_("compress less, or allow more with --max-drop"),
    )
