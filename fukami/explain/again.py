"""Training examples looked at again: read from where the training read them, for as long as they lie there unchanged.

A run keeps the names of training examples and nothing of what they hold, so the nearest of an input are shown only to people
who have the training data. Where that is gone, would have to be downloaded, or has changed, their names stand alone.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

import numpy as np

from fukami.core.errors import FukamiError
from fukami.core.tables import Column
from fukami.data.catalogue import HUB, is_at_hand, located
from fukami.evaluate.examples import bound
from fukami.fields.contract import InputField
from fukami.opened import Opened

LARGEST = 1 << 28
"""Bytes of a file up to which it is read once more for the sake of a few examples."""
LETTERS = 120


@dataclass(frozen=True)
class Again:
    """One training example: `html` as its field renders it, and its target in words."""

    html: str
    target: str

    @property
    def text(self) -> str:
        """What it says in words; empty for a picture.

        >>> Again('<table><tr><th>age</th><td>3</td></tr><tr><th>sex</th><td>–</td></tr></table>', "").text
        'age = 3, sex = –'
        """
        return words(self.html)


def words(html: str) -> str:
    """The words of a fragment, shortened."""
    cells = html.replace("</th><td>", " = ").replace("</td></tr><tr>", ", ")
    text = " ".join(unescape(re.sub(r"<[^>]*>", "", cells)).split())
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"


def seen_again(run: Opened, names: Iterable[str]) -> dict[str, Again]:
    """The training examples of these names that can still be read, and that the run was trained on as they are now."""
    source, wanted = run.recipe.data.source, set(names)
    if not wanted or not is_near(source, run.recipe.data.layout):
        return {}
    task = run.predictor.task
    try:
        _table, columns = bound(run, source, run.recipe)
        first = next(iter(task.inputs.values()))  # whichever: an example stands in one place
        rows = rows_of(first, columns[first.name], wanted, source)
        found = {name: [column.take(np.array([*rows.values()], np.int64)) for column in own] for name, own in columns.items()}
        hashes = task.identity_of(found)
    except (FukamiError, OSError):  # the data is another one by now: the names are all that can be told
        return {}
    seen = np.load(run.path / "reference" / "seen.npy", allow_pickle=False)
    targets = found[task.target.name]
    return {
        name: Again(
            "".join(one.render(found[own], row) for own, one in task.inputs.items()), words(task.target.render(targets, row))
        )
        for row, name in enumerate(rows)
        if hashes[row] in seen
    }


def is_near(source: str, layout: str) -> bool:
    """Whether data can be read quickly and without the network."""
    if not source or source.startswith(HUB):
        return False
    try:
        place = located(source, layout=layout)
    except FukamiError:  # it has gone, or been renamed
        return False
    if isinstance(place, Path):
        return place.is_dir() or place.stat().st_size <= LARGEST
    return is_at_hand(place)


def rows_of(field: InputField, columns: Sequence[Column], names: set[str], source: str) -> dict[str, int]:
    """The rows of these names, as `nearest.named` gives them; a file may have been typed another way then."""
    column = replace(columns[0], name="")
    wanted = {_last(name): name for name in names}
    places = (column.where(row) for row in range(len(column)))
    found = {f"{source}{place}" if place.startswith("[") else place: row for row, place in enumerate(places)}
    rows = {wanted[_last(place)]: row for place, row in found.items() if _last(place) in wanted}
    if column.base is not None and not field.takes_rows:
        rows |= {cell: row for row, cell in enumerate(column.strings()) if cell in names}
    return rows


def _last(place: str) -> str:
    return place.replace("\\", "/").rpartition("/")[2]
