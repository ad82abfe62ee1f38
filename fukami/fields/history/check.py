"""What the doctor says of histories, and what stands beside answers about somebody new."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from fukami.core.errors import nearest
from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.history.asking import numbered, numbers, offsets_of, parts


def problems(columns: Sequence[Column], state: Mapping[str, Any]) -> Iterator[Problem]:
    """Of a field that has learned: who is not known and has no history either."""
    if not state:
        return
    users, items = parts(columns)
    own = numbers(users, state["users"])
    lost = np.flatnonzero((own == 0) & (np.diff(numbered(items, state["items"]).offsets) == 0))
    if not len(lost):
        return
    user, given = users[int(lost[0])].as_py(), items[int(lost[0])].as_py()
    close = nearest(user, state["users"])
    yield Problem(
        code="F-HISTORY-UNKNOWN",
        severity="error",
        what=_("the run knows neither this user nor any item of the history"),
        where=cells.places(columns[0], lost),
        expected=_("a user of the training, or a history of items of its catalogue"),
        got=user or ", ".join(map(str, (given or [])[:5])),
        fix=_("did you mean {names}?").format(names=", ".join(close)) if close else "--history ITEM,ITEM",
        count=len(lost),
    )


def unfamiliar(columns: Sequence[Column], state: Mapping[str, Any]) -> Iterator[Problem]:
    """Items that are not in the catalogue are left out; a user of whom only the history is known."""
    users, items = parts(columns)
    missing = numbers(items.flatten(), state["items"]) == 0
    if missing.any():
        names = list(dict.fromkeys(np.array(items.flatten().to_pylist(), object)[missing].tolist()))
        count = int(missing.sum())
        yield Problem(
            code="F-HISTORY-ITEMS",
            severity="warning",
            what=_n(
                "{n} item is not in the catalogue that was learned from, and was left out",
                "{n} items are not in the catalogue that was learned from, and were left out",
                count,
            ),
            where=cells.place(columns[1]),
            got=", ".join(map(str, names[:5])) + (", …" if len(names) > 5 else ""),
            count=count,
        )
    new = (numbers(users, state["users"]) == 0) & (np.diff(offsets_of(items)) > 0) & (np.array(users.to_pylist()) != "")
    if new.any():
        yield Problem(
            code="F-HISTORY-USER",
            severity="note",
            what=_("users whom training did not know are answered by their history alone"),
            where=cells.places(columns[0], np.flatnonzero(new)),
            got=", ".join(dict.fromkeys(np.array(users.to_pylist(), object)[new][:5].tolist())),
            count=int(new.sum()),
        )
