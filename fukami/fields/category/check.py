"""What the doctor finds in labels: a single class, one for each example, rare ones, one name in two spellings."""

from collections.abc import Iterator, Sequence

import numpy as np

from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells, personal
from fukami.fields.labels import UNLABELLED, alike, listed, meant, named, positions

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
            what=_("labels differ only in case, spaces, or in how letters or numbers are written"),
            where=cells.places(column, rows),
            expected=_("one spelling for each class"),
            got=listed(group),
            fix=_("write {label} everywhere, if they mean the same").format(label=repr(group[0].strip())),
            count=len(rows),
        )


def check_words(column: Column, unlabelled: Sequence[str]) -> Iterator[Problem]:
    """Words that programs write for a missing value and people for a class: which of both they were taken for."""
    codes, names = named(column)
    doubtful = {word.casefold() for word in UNLABELLED}
    found = {name: i for i, name in enumerate(names) if name is not None and name.casefold() in doubtful}
    for name in found:
        rows = np.flatnonzero(np.isin(codes, [i for i, other in enumerate(names) if other == name]))
        missing = name in unlabelled
        others = [word for word in found if word != name and word in unlabelled]
        yield Problem(
            code="F-CATEGORY-WORD",
            severity="warning",
            what=_("the label {name} is taken for a missing one").format(name=name)
            if missing
            else _("the label {name} is taken for a class").format(name=name),
            where=cells.places(column, rows),
            expected=_("labels that can be no word for a missing one"),
            got=name,
            fix=_("if it is a class: --set unlabelled={words}").format(words=",".join(others))
            if missing
            else _("if it means missing: --set unlabelled={words}").format(words=",".join([*others, name])),
            count=len(rows),
        )


def check_personal(column: Column) -> Iterator[Problem]:
    """Classes are what a model answers, so they stand in the run as they are: told where they say who somebody is."""
    if found := personal.kind_of(column):
        yield Problem(
            code="F-CATEGORY-PERSONAL",
            severity="warning",
            what=_("the labels look like personal data ({what}); a run and its report show the names of its classes").format(
                what=_(found)
            ),
            where=cells.place(column),
            fix=_("write a number or a pseudonym instead of each of them"),
            count=len(column),
        )


def check_known(column: Column, index: np.ndarray, classes: list[str], learned: Sequence[str]) -> Iterator[Problem]:
    """Labels that are none of the `learned` ones: `index` (N) is each example's place in `classes`."""
    known = positions(learned)
    strange = [i for i, label in enumerate(classes) if label not in known]
    rows = np.flatnonzero(np.isin(index, strange))
    if len(rows):
        yield unknown(column, rows, [classes[i] for i in strange], learned)


def unknown(column: Column, rows: np.ndarray, strange: Sequence[str], learned: Sequence[str]) -> Problem:
    """The problem of `rows` whose labels are `strange`."""
    close = meant(strange, learned)
    return Problem(
        code="F-CATEGORY-UNKNOWN",
        severity="warning",
        what=_n(
            "{n} example has a label that the training did not have; it is left out",
            "{n} examples have a label that the training did not have; they are left out",
            len(rows),
        ),
        where=cells.places(column, rows),
        expected=listed(learned),
        got=listed(strange),
        fix=_("did you mean {names}?").format(names=close) if close else "",
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
