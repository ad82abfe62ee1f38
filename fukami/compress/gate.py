"""The gate: how much worse the headline metric became, and what is said where that is more than was allowed."""

from typing import Any

import numpy as np

from fukami.core.errors import GateError
from fukami.core.language import N_, _, _n
from fukami.core.tables import Column
from fukami.data.store import Store
from fukami.evaluate import whole
from fukami.evaluate.evaluation import Evaluation
from fukami.evaluate.judge import judge
from fukami.evaluate.spool import Spool
from fukami.fields import batch as trees
from fukami.fields.contract import TargetField
from fukami.metrics.points import points_lost
from fukami.metrics.points import told as in_words
from fukami.predictor import Predictor


def answers(predictor: Predictor, store: Store, rows: np.ndarray) -> Spool:
    """The answers to stored examples before what the target has learned of them, asked for once."""
    return Spool(predictor.stream(store, rows, settled=False))


def are_numbers(asked: Spool) -> bool:
    """Whether every answer is of finite numbers: integers that overflow, say, give others, which no metric would count."""
    return all(trees.finite(answers, len(rows)).all() for answers, _truth, rows in asked)


def headline_value(predictor: Predictor, store: Store, rows: np.ndarray) -> float:
    """The headline metric over stored examples; NaN where an answer is no number."""
    asked = Spool(predictor.stream(store, rows))
    if not are_numbers(asked):
        return float("nan")
    name = predictor.task.card.headline
    return judge(predictor.task.target, (name,), asked, replicates=0, keep_mistakes=0).metrics[name].value


def evaluation(
    predictor: Predictor, asked: Spool, *, columns: dict[str, list[Column]] | None = None, replicates: int = 200
) -> Evaluation:
    """The whole judgement of a predictor by its answers, to the raw examples of `columns`."""
    return whole.judged(predictor, asked, columns=columns, replicates=replicates)


def worst_example(target: TargetField, before: Spool, after: Spool) -> tuple[float, int]:
    """The largest difference between two predictors' answers, as `target` measures it, and the row that has it."""
    largest, where = -1.0, 0
    for (old, _truth, part), (new, _same, again) in zip(before, after, strict=True):
        assert np.array_equal(part, again)
        apart = target.apart(trees.tensors(old), trees.tensors(new)).numpy()
        if apart.max() > largest:
            largest, where = float(apart.max()), int(part[apart.argmax()])
    return largest, where


def require_numbers(difference: float, where: str) -> None:
    """Raises `GateError` F-COMPRESS-NUMBER where the largest difference is infinite, which the example `where` has."""
    if not np.isfinite(difference):
        raise GateError(
            "F-COMPRESS-NUMBER",
            _("the compressed model answers with what is no number, so nothing is written"),
            where=where,
            expected=_("finite scores"),
            fix=_("compress less, or in another number format"),
        )


def require_value(metric: str, value: float, examples: int, *, where: str, part: str) -> None:
    """Raises `GateError` F-COMPRESS-METRIC where the run's own `value` of `metric` is no number: nothing compares with that.

    `part` is the option that says how many of the run's data these examples are.
    """
    if not np.isfinite(value):
        raise GateError(
            "F-COMPRESS-METRIC",
            _("{metric} cannot be computed on these examples, so no loss could be seen and nothing is written").format(
                metric=metric
            ),
            where=where,
            got=_n("{n} example", "{n} examples", examples, n=f"{examples:,}"),
            fix=_("train with more data, or keep more of it aside: {option}").format(option=f"--set {part}=0.3"),
        )


def proof(headline: str, before: float, after: float, *, max_drop: float, examples: int, how: str) -> dict[str, Any]:
    """What is claimed of a compressed run, how it was tested, and the figures."""
    drop = points_lost(headline, before, after)
    return {
        "claim": N_("the compressed model is as good as the run that it was made from"),
        "test": _n(
            "{metric} of both on the same {n} example, which neither was trained on",
            "{metric} of both on the same {n} examples, which neither was trained on",
            examples,
            n=f"{examples:,}",
            metric=headline,
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
        expected=_n(
            "{metric} at most {points} point worse",
            "{metric} at most {points} points worse",
            told["allowed"],
            points=f"{told['allowed']:g}",
            metric=headline,
        ),
        got=_("{before} before, {after} after: {change}").format(
            before=f"{before:.4f}", after=f"{after:.4f}", change=in_words(told["drop"])
        ),
        fix=_("compress less, or allow more with --max-drop"),
    )
