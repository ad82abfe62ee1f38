"""What the doctor finds in identities: missing, a single one, one for each example, one name in two spellings."""

from collections.abc import Iterator

import numpy as np

from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells, personal
from fukami.fields.labels import alike, labels_of, listed

FEWEST = 20
"""With fewer identities none is kept aside as a whole: too few would be left to learn from, and to judge by."""


def check_identities(column: Column, *, learned: bool) -> Iterator[Problem]:
    """Problems of the cells that name identities. New examples, to a field that has `learned`, may be of any identity."""
    index, names = labels_of(column)
    where, counts = cells.place(column), np.bincount(index[index >= 0], minlength=len(names))
    missing = np.flatnonzero(index < 0)
    if len(missing) == len(column):
        yield Problem(
            code="F-EMBEDDING-MISSING",
            severity="error",
            what=_("no example says who or what it shows"),
            where=where,
            fix=_("name the column that holds the identities"),
            count=len(missing),
        )
        return
    if len(missing):
        yield Problem(
            code="F-EMBEDDING-MISSING",
            severity="warning",
            what=_n(
                "{n} example has no identity and is left out", "{n} examples have no identity and are left out", len(missing)
            ),
            where=cells.places(column, missing),
            fix=_("fill in the identities or delete the rows"),
            count=len(missing),
        )
    if counts.max() < 2 or (len(names) < 2 and not learned):
        yield Problem(
            code="F-EMBEDDING-ALIKE",
            severity="error",
            what=_("nothing says what is alike: that takes two identities, and one with two examples"),
            where=where,
            expected=_("several examples of each of several identities"),
            got=listed(names),
            fix=_("give examples of one identity the same name, such as a folder for each"),
            count=len(column),
        )
        return
    yield from _check_names(column, index, names, counts)
    if not learned and len(names) < FEWEST:
        yield Problem(
            code="F-EMBEDDING-FEW",
            severity="note",
            what=_n(
                "there is {n} identity: a part that the data does not name is drawn among its examples, so that it is judged "
                "on an identity that was learned",
                "there are {n} identities: parts that the data does not name are drawn among the examples of each, so that "
                "they are judged on identities that were learned",
                len(names),
            ),
            where=where,
            expected=_("{n} identities or more, of which some are kept aside").format(n=FEWEST),
            fix=_("give a folder `test` with identities of its own"),
            count=len(names),
        )


def _check_names(column: Column, index: np.ndarray, names: list[str], counts: np.ndarray) -> Iterator[Problem]:
    single = np.flatnonzero(counts < 2)
    if len(single):
        yield Problem(
            code="F-EMBEDDING-SINGLE",
            severity="warning" if len(single) > len(names) / 2 else "note",
            what=_n(
                "{n} identity has a single example, which is like no other",
                "{n} identities have a single example, which is like no other",
                len(single),
            ),
            where=cells.places(column, [int(np.argmax(index == k)) for k in single[:4]]),
            got=listed([names[k] for k in single]),
            fix=_("add examples of them"),
            count=len(single),
        )
    for group in alike(names)[:8]:
        yield Problem(
            code="F-EMBEDDING-SPELLING",
            severity="warning",
            what=_("identities whose names differ only in how they are written count as different"),
            where=cells.places(column, [int(np.argmax(index == names.index(name))) for name in group]),
            got=listed(group),
            fix=_("write one name for one identity"),
            count=int(sum(counts[names.index(name)] for name in group)),
        )
    if found := personal.kind_of(column):
        yield Problem(
            code="F-EMBEDDING-PERSONAL",
            severity="warning",
            what=_("the identities look like personal data ({what}); a run keeps the names of those that it learned").format(
                what=_(found)
            ),
            where=cells.place(column),
            fix=_("write a number or a pseudonym instead of each of them"),
            count=len(column),
        )
