"""What the doctor says of labels that tell anomalies from normal examples."""

from collections.abc import Iterator, Sequence

import numpy as np

from fukami.core.errors import quoted
from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.anomaly.words import wanted_of
from fukami.fields.labels import listed, meant

FEW = 20
"""With fewer anomalies no metric says much."""


def problems(column: Column, index: np.ndarray, labels: Sequence[str], normal: Sequence[str], asked: str) -> Iterator[Problem]:
    """Everything about the labels of one column; `index` is each cell's, -1 where there is none."""
    if not labels:
        return
    absent = [label for label in wanted_of(asked) if label not in labels]
    if absent:
        yield _absent(column, absent, labels)
    if not normal:
        if not absent:
            yield _undecided(column, labels)
        return
    is_normal = np.isin(index, [labels.index(label) for label in normal])
    others = [label for label in labels if label not in normal]
    yield _taken(column, normal, others, asked)
    odd = int((~is_normal & (index >= 0)).sum())
    if not is_normal.any():
        yield _none_normal(column, others)
    elif odd > is_normal.sum() and not asked:
        yield _mostly_odd(column, odd, int(is_normal.sum()))
    if 0 < odd < FEW:
        yield _few(column, odd)
    if odd == 0:
        yield _never(column, normal)
    unknown = np.flatnonzero(index < 0)
    if len(unknown):
        yield _unlabelled(column, unknown)


def _absent(column: Column, absent: Sequence[str], labels: Sequence[str]) -> Problem:
    return Problem(
        code="F-ANOMALY-ABSENT",
        severity="error",
        what=_("no example has the label that is to be normal: {names}").format(names=", ".join(absent)),
        where=cells.place(column),
        expected=listed(labels),
        got=", ".join(absent),
        fix=meant(absent, labels) or f"--set normal={quoted(labels[0])}",
    )


def _undecided(column: Column, labels: Sequence[str]) -> Problem:
    return Problem(
        code="F-ANOMALY-NORMAL",
        severity="error",
        what=_("nothing says which of the labels are normal"),
        where=cells.place(column),
        expected=_("a label such as normal, good or 0, or --set normal=…"),
        got=listed(labels),
        fix=_(" or ").join(f"--set normal={quoted(label)}" for label in labels[:4]),
    )


def _taken(column: Column, normal: Sequence[str], others: Sequence[str], asked: str) -> Problem:
    return Problem(
        code="F-ANOMALY-TAKEN",
        severity="note",
        what=_("normal: {normal}; anomalies: {others}").format(normal=listed(normal), others=listed(others) or "–"),
        where=cells.place(column),
        fix="" if asked else f"--set normal={quoted((others or normal)[0])}",
    )


def _none_normal(column: Column, others: Sequence[str]) -> Problem:
    return Problem(
        code="F-ANOMALY-NO-NORMAL",
        severity="error",
        what=_("no example is normal, and normal examples are what is learned from"),
        where=cells.place(column),
        expected=_("normal examples"),
        got=listed(others),
        fix=f"--set normal={quoted(others[0])}" if others else "",
    )


def _mostly_odd(column: Column, odd: int, normal: int) -> Problem:
    return Problem(
        code="F-ANOMALY-MOSTLY",
        severity="warning",
        what=_("there are more anomalies than normal examples: perhaps the labels mean the opposite"),
        where=cells.place(column),
        expected=_("mostly normal examples"),
        got=_("{odd} anomalies, {normal} normal").format(odd=f"{odd:,}", normal=f"{normal:,}"),
        fix=_("say which labels are normal: --set normal=…"),
    )


def _few(column: Column, odd: int) -> Problem:
    return Problem(
        code="F-ANOMALY-FEW",
        severity="note",
        what=_n(
            "only {n} example is known to be an anomaly, so what is found of them is uncertain",
            "only {n} examples are known to be anomalies, so what is found of them is uncertain",
            odd,
        ),
        where=cells.place(column),
        expected=_("{n} or more").format(n=FEW),
        got=str(odd),
        count=odd,
    )


def _never(column: Column, normal: Sequence[str]) -> Problem:
    return Problem(
        code="F-ANOMALY-NEVER",
        severity="note",
        what=_("no example is known to be an anomaly: only false alarms can be judged"),
        where=cells.place(column),
        got=listed(normal),
    )


def _unlabelled(column: Column, rows: np.ndarray) -> Problem:
    return Problem(
        code="F-ANOMALY-UNLABELLED",
        severity="note",
        what=_n(
            "{n} example has no label: it is learned from as if it were normal, and judged by nothing",
            "{n} examples have no label: they are learned from as if they were normal, and judged by nothing",
            len(rows),
        ),
        where=cells.places(column, rows),
        count=len(rows),
    )
