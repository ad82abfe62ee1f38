"""What the doctor finds in pairs of texts: columns that are not read, texts that are the same, and leaks between parts."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from fukami.core.language import _, _n
from fukami.core.percent import percent
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.text.tokenization import has_text

MANY = 0.02
"""Share of the pairs from which on the same text twice is odd."""


def of_each(found: Sequence[Sequence[Problem]]) -> Iterator[Problem]:
    """What was found in each column. A text that is always the same is a question to which the other is the answer."""
    constant = [any(problem.code == "F-TEXT-CONSTANT" for problem in own) for own in found]
    for problem in (problem for own in found for problem in own):
        if problem.code == "F-TEXT-CONSTANT" and not all(constant):
            problem = replace(problem, severity="warning")
        yield problem


def unread(columns: Sequence[Column], both: Sequence[Column]) -> Iterator[Problem]:
    """Columns that stand beside the texts and are no part of the pair."""
    names = [column.name for column in columns if all(column is not one for one in both)]
    if names:
        yield Problem(
            code="F-PAIR-UNREAD",
            severity="note",
            what=_("{first} and {second} are compared; other columns are not read").format(
                first=both[0].name, second=both[1].name
            ),
            where=both[0].file or both[0].name,
            got=", ".join(names[:20]),
            fix="--set pair=COLUMN,COLUMN",
        )


def alike(both: Sequence[Column]) -> Iterator[Problem]:
    """Pairs of which both texts are the same."""
    first, second = (cells.strings(column) for column in both)
    same = [row for row, (a, b) in enumerate(zip(first, second, strict=True)) if a.strip() == b.strip() and has_text(a)]
    if len(same) == len(first) or len(same) > max(2, MANY * len(first)):
        yield Problem(
            code="F-PAIR-SAME",
            severity="error" if len(same) == len(first) > 1 else "warning",
            what=_n("{n} pair holds the same text twice", "{n} pairs hold the same text twice", len(same)),
            where=cells.places(both[1], same),
            expected=_("two texts that differ"),
            got=first[same[0]][:60],
            fix=_("see whether a column was copied, or name both: --set pair=COLUMN,COLUMN"),
            count=len(same),
        )


def shared(both: Sequence[Column], train: np.ndarray, held: np.ndarray) -> Iterator[Problem]:
    """Pairs kept aside that training knows the other way round, or of which it knows a text."""
    first, second = (np.array(cells.strings(column), dtype=object) for column in both)
    known = {*zip(first[train], second[train], strict=True)}
    turned = [row for row in held if (second[row], first[row]) in known and (first[row], second[row]) not in known]
    if turned:
        yield Problem(
            code="F-PAIR-TURNED",
            severity="warning",
            what=_n(
                "{n} pair that is kept aside stands among the training pairs the other way round",
                "{n} pairs that are kept aside stand among the training pairs the other way round",
                len(turned),
            ),
            where=cells.places(both[0], turned),
            fix=_("keep pairs of the same texts in one part: --set group=COLUMN"),
            count=len(turned),
        )
    texts = {*first[train], *second[train]}
    seen = [row for row in held if first[row] in texts or second[row] in texts]
    if len(seen) > 0.2 * len(held):
        yield Problem(
            code="F-PAIR-TEXTS",
            severity="note",
            what=_("{share} of the pairs kept aside hold a text that stands in a training pair as well").format(
                share=percent(len(seen) / len(held))
            ),
            where=cells.places(both[0], seen),
            fix=_("if texts will be new in use, divide by them: --set group=COLUMN"),
            count=len(seen),
        )
