"""`compare`: two runs on the same examples, which neither was trained on: which to ship, and whether the difference is real.

The headline metric decides, by a paired bootstrap: both runs are judged on the same draws of the same examples. Where answers
are right or wrong, McNemar's exact test stands beside it. Slices are told where the second run is worse than the first by more
than chance, of as many as were looked at (Bonferroni). N examples.
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import binomtest

from fukami.core.cards import card
from fukami.core.errors import DataError, UsageError
from fukami.core.language import _, _n
from fukami.core.recipe import free_names
from fukami.core.tables import Column
from fukami.data.store import prepare
from fukami.evaluate import whole
from fukami.evaluate.examples import bound, require_source, taken, unseen, usable_rows
from fukami.evaluate.groups import grouping
from fukami.evaluate.judge import judge
from fukami.evaluate.significance import Difference, differences
from fukami.fields import batch as trees
from fukami.fields.answers import short
from fukami.opened import Opened

SHIP, KEEP, UNKNOWN = "ship", "don't ship", "not enough data to say"
REPLICATES = 1000
FEWEST = 10
"""Examples that a slice needs to be told."""
SHOWN = 50
"""Examples that flipped which are told; all are counted."""


class Side(NamedTuple):
    """One run's answers to N examples: as words, whether they are right (NaN where none is right or wrong), its judgement."""

    words: list[str]
    right: np.ndarray
    found: Any


def compare_runs(first: Opened, second: Opened, data: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """Whether `second` should take the place of `first`, judged on `data`, or on what the training of `first` was given.

    Raises:
        UsageError: F-COMPARE-TASK where they serve different tasks, F-COMPARE-EXAMPLES where they read `data` differently.
        DataError: F-COMPARE-SEEN where every example was learned from by one of them.
    """
    if first.task != second.task:
        what = _("the two runs serve different tasks")
        raise UsageError("F-COMPARE-TASK", what, expected=first.task, got=second.task, where=str(second.path))
    source = require_source(first, data)
    free = free_names(first.task, list(first.predictor.task.fields))
    recipes = [run.predictor.recipe.changed(settings, free=free) for run in (first, second)]
    given = [bound(run, source, recipe) for run, recipe in zip((first, second), recipes, strict=True)]
    if len(given[0][0]) != len(given[1][0]):
        raise UsageError(
            "F-COMPARE-EXAMPLES",
            _("the two evaluations are not of the same examples"),
            expected=_("the same examples and the same seed"),
            got=f"{len(given[0][0])} | {len(given[1][0])}",
        )
    rows, excluded, lost = common(first, second, given)
    groups = whole.group_columns(given[0][0].take(rows), recipes[0].data.groups)
    sides = [answered(run, *one, rows) for run, one in zip((first, second), given, strict=True)]
    headline = first.predictor.task.card.headline
    apart = oriented(headline, differences(sides[0].found, sides[1].found)[headline])
    slices = worse_slices(sides[0], sides[1], groups)
    old, new = sides
    test = mcnemar(old.right, new.right)
    result = decided(apart, slices, test, len(rows))
    result = UNKNOWN if result == SHIP and lost else result
    return {
        "task": first.task,
        "runs": [str(first.path), str(second.path)],
        "examples": len(rows),
        "excluded": excluded,
        "headline": headline,
        "metrics": {name: [side.found.as_dict()["metrics"].get(name) for side in sides] for name in old.found.metrics},
        "better_by": {"value": apart.value, "low": apart.low, "high": apart.high},
        "verdict": result,
        "examples_needed": needed(apart, len(rows)) if result == UNKNOWN else None,
        "mcnemar": test,
        "flipped": flipped(old, new, given[0][1], first, rows),
        "slices": slices,
        "notes": notes(old, lost, looked=bool(np.isfinite(old.right).any()) or not groups),
    }


def notes(side: Side, lost: int, *, looked: bool) -> list[str]:
    """What is not told, and why."""
    told = []
    if lost:
        told.append(
            _n(
                "{n} example can be answered by the first run alone (a class of its own, say) and counts nowhere",
                "{n} examples can be answered by the first run alone (classes of its own, say) and count nowhere",
                lost,
            )
        )
    if not np.isfinite(side.right).any():
        told.append(_("answers of this kind are not right or wrong: examples are not told"))
    if not looked:
        told.append(_("no group was looked at: its answers are not right or wrong"))
    return told


def common(first: Opened, second: Opened, given: Any) -> tuple[np.ndarray, int, int]:
    """The rows that both runs can use, and that neither was trained on; how many were left out for that; how many the first run
    alone can use."""
    one, other = (usable_rows(run.predictor.task, *own) for run, own in zip((first, second), given, strict=True))
    both = np.intersect1d(one, other)
    require_same_targets(first, second, given, both)
    new = both
    for run, (table, columns) in zip((first, second), given, strict=True):
        own, cells = taken(table, columns, both)
        fields = run.predictor.task.fields
        hashes = {name: field.fingerprint(cells[name]) for name, field in fields.items() if name in cells}
        new = np.intersect1d(new, both[unseen(run, hashes, own)[0]])
    if len(new) == 0:
        raise DataError("F-COMPARE-SEEN", _("every example was learned from by one of the runs"), where=given[0][0].name)
    return new, len(both) - len(new), len(np.setdiff1d(one, other))


def require_same_targets(first: Opened, second: Opened, given: Any, rows: np.ndarray) -> None:
    """Raises `UsageError` F-COMPARE-EXAMPLES where the runs answer different columns, or read rows in another order."""
    for name in first.predictor.task.targets:
        if any(name not in columns for _table, columns in given):
            continue
        read = [
            run.predictor.task.fields[name].fingerprint([column.take(rows) for column in columns[name]])
            for run, (_table, columns) in zip((first, second), given, strict=True)
        ]
        if not np.array_equal(*read):
            raise UsageError(
                "F-COMPARE-EXAMPLES",
                _("the two runs answer different targets"),
                where=", ".join(str(run.path) for run in (first, second)),
                got=", ".join(columns[name][0].name for _table, columns in given),
            )


def answered(run: Opened, table: Any, columns: Any, rows: np.ndarray) -> Side:
    """One run's answers to the rows, and how good they are."""
    predictor = run.predictor
    task, target = predictor.task, predictor.task.target
    _table, cells = taken(table, columns, rows)
    hashes = {name: field.fingerprint(cells[name]) for name, field in task.fields.items() if name in cells}
    batches = list(predictor.stream(prepare(task.fields, cells, hashes), np.arange(len(rows))))
    found = judge(target, whole.metric_names(task), batches, seed=0, replicates=REPLICATES, keep_mistakes=0)
    words, right = [""] * len(rows), np.full(len(rows), np.nan)
    for place, told, known in restored(task, batches) if not target.framed else ():
        words[place] = short(told)
        if target.discrete and known:
            right[place] = all(told.get(name) == value for name, value in known.items())
    return Side(words, right, found)


def restored(task: Any, batches: Any) -> Iterator[tuple[int, dict[str, Any], dict[str, Any]]]:
    """Row, answer and what is right, of every example."""
    target = task.target
    for answers, truth, rows in batches:
        told = target.restore(trees.tensors(answers)) if task.assess is None else []
        yield from zip(rows.tolist(), told, target.known(trees.tensors(truth)), strict=False)


def oriented(headline: str, apart: Difference) -> Difference:
    """The difference such that more is better."""
    if card("metrics", headline).higher_is_better:
        return apart
    return Difference(-apart.value, -apart.high, -apart.low)


def decided(apart: Difference, slices: list[dict[str, Any]], test: dict[str, Any] | None = None, examples: int = FEWEST) -> str:
    """Ship where the second run is better by more than chance, and no slice is worse by more than chance. Of few examples a
    bootstrap's interval is too narrow: nothing is said of fewer than `FEWEST`, nor against McNemar's exact `test`."""
    sure = examples >= FEWEST and (test is None or test["p_value"] < 0.05)
    if slices or (sure and apart.high < 0):
        return KEEP
    return SHIP if sure and apart.low > 0 else UNKNOWN


def needed(apart: Difference, examples: int) -> int | None:
    """How many examples might tell, if the difference is as large as it looks; None where it looks like none."""
    half = (apart.high - apart.low) / 2
    if not apart.value or not math.isfinite(half) or (few := examples * (half / apart.value) ** 2) > 1e9:
        return None
    return max(examples + 1, math.ceil(few))


def mcnemar(old: np.ndarray, new: np.ndarray) -> dict[str, Any] | None:
    """McNemar's exact test: of the examples that one run alone answers rightly, could either have been it by chance?"""
    if not np.isfinite(old).any():
        return None
    won, lost = int(((new == 1) & (old == 0)).sum()), int(((new == 0) & (old == 1)).sum())
    chance = float(binomtest(won, won + lost).pvalue) if won + lost else 1.0
    return {"first_alone": lost, "second_alone": won, "p_value": chance}


def flipped(old: Side, new: Side, columns: Any, run: Opened, rows: np.ndarray) -> dict[str, Any]:
    """Examples that one run answers rightly and the other does not; those that were lost come first."""
    lost, won = np.flatnonzero((old.right == 1) & (new.right == 0)), np.flatnonzero((old.right == 0) & (new.right == 1))
    cells = columns[next(iter(run.predictor.task.inputs))]
    told = [
        {"where": whole.place(cells, int(rows[at])), "first": old.words[at], "second": new.words[at], "better": better}
        for places, better in ((lost, False), (won, True))
        for at in places[:SHOWN].tolist()
    ]
    return {"lost": len(lost), "won": len(won), "examples": told}


def worse_slices(old: Side, new: Side, groups: dict[str, Column]) -> list[dict[str, Any]]:
    """The groups in which fewer answers are right than before, by more than chance, of all that were looked at."""
    looked = []
    for name, column in groups.items():
        parts = grouping(column)
        for code, label in enumerate(parts.labels):
            inside = (parts.codes == code) & np.isfinite(old.right) & np.isfinite(new.right)
            if inside.sum() >= FEWEST:
                looked.append((name, label, int(inside.sum()), mcnemar(old.right[inside], new.right[inside])))
    return [
        {"column": name, "value": label, "examples": count, **test}
        for name, label, count, test in looked
        if test and test["first_alone"] > test["second_alone"] and test["p_value"] * len(looked) < 0.05
    ]
