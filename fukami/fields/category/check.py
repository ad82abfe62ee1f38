"""What the doctor finds in labels: a single class, one for each example, rare ones, one name in two spellings."""

from collections.abc import Iterator

import numpy as np

from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.labels import alike, listed

FEW = 100
"""A class with fewer examples than this is worth a warning."""
UNEVEN = 10
"""A class this many times rarer than the most frequent one is worth a warning."""


def check_classes(column: Column, index: np.ndarray, classes: list[str], counts: np.ndarray) -> Iterator[Problem]:
    """Problems of the classes that are to be learned: `index` (N) is each example's class, `counts` (K) how many have each."""
    where = cells.place(column)
    if len(classes) == 1:
        yield Problem(
            code="F-CATEGORY-ONE-CLASS",
            severity="error",
            what=_("every example has the same label, so there is nothing to tell apart"),
            where=where,
            expected=_("two classes or more"),
            got=listed(classes),
            count=len(column),
        )
        return
    labelled = int(counts.sum())
    if len(classes) > max(20, labelled // 2):
        yield Problem(
            code="F-CATEGORY-UNIQUE",
            severity="error",
            what=_("nearly every example has a label of its own: {k} classes in {n} examples").format(
                k=len(classes), n=labelled
            ),
            where=where,
            expected=_("several examples in each class"),
            got=listed(classes),
            fix=_("name the column that holds the class, or predict a number"),
        )
        return
    yield from _check_counts(column, index, classes, counts)
    for group in alike(classes):
        group.sort(key=lambda label: -counts[classes.index(label)])  # the usual spelling first
        rows = np.flatnonzero(np.isin(index, [classes.index(label) for label in group[1:]]))
        yield Problem(
            code="F-CATEGORY-ALIKE",
            severity="warning",
            what=_("labels differ only in case, spaces or the form of characters"),
            where=cells.places(column, rows),
            expected=_("one spelling for each class"),
            got=listed(group),
            fix=_("write {label} everywhere, if they mean the same").format(label=repr(group[0].strip())),
            count=len(rows),
        )


def _check_counts(column: Column, index: np.ndarray, classes: list[str], counts: np.ndarray) -> Iterator[Problem]:
    def told(found: np.ndarray) -> str:
        return ", ".join(f"{classes[k]!r} {counts[k]}" for k in found[:8]) + (", …" if len(found) > 8 else "")

    single, few = np.flatnonzero(counts < 2), np.flatnonzero(counts < FEW)
    if len(single):
        yield Problem(
            code="F-CATEGORY-SINGLE",
            severity="warning",
            what=_n(
                "{n} class has only one example, so it cannot be both learned and tested",
                "{n} classes have only one example, so they cannot be both learned and tested",
                len(single),
            ),
            where=cells.places(column, [int(np.argmax(index == k)) for k in single[:4]]),
            got=listed([classes[k] for k in single]),
            fix=_("add examples, or merge or remove these classes"),
            count=len(single),
        )
    if len(few):
        yield Problem(
            code="F-CATEGORY-FEW",
            severity="warning",
            what=_n("{n} class has fewer than {few} examples", "{n} classes have fewer than {few} examples", len(few), few=FEW),
            where=cells.place(column),
            expected=_("{few} examples or more in each class").format(few=FEW),
            got=told(few),
            fix=_("add examples, or start from pretrained weights"),
            count=len(few),
        )
    rare = np.flatnonzero(counts * UNEVEN < counts.max())
    if len(rare):
        yield Problem(
            code="F-CATEGORY-UNEVEN",
            severity="warning",
            what=_("the classes are uneven: the most frequent has {most} examples, the rarest {least}").format(
                most=counts.max(), least=counts.min()
            ),
            where=cells.place(column),
            got=told(rare),
            fix=_("judge by f1_macro; rare classes count more in training unless imbalance=none"),
            count=len(rare),
        )
