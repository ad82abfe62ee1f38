"""Pairs that show the same or not: a table of two columns of files and one that says which, as verification is often labelled.

What is learned from are identities, so pairs that are the same are joined: whatever a chain of them connects is one identity,
and what stands in no such pair is one of its own. Pairs that are told different then follow, unless a chain says otherwise,
which is told with the rows. Each file becomes one example.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa

from fukami.core.cards import cards
from fukami.core.errors import DataError
from fukami.core.language import N_, _, _n
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data.names import plain
from fukami.data.readers import delimited
from fukami.fields.labels import label_of

TOLD = N_("pairs of files, each with whether both show the same")
FOR = ("embedding",)
SAME = tuple(map(plain, ("same", "is_same", "match", "matched", "issame", "label", "target", "同一", "一致")))
YES, NO = (
    frozenset({"1", "true", "yes", "same", "同一", "はい"}),
    frozenset({"0", "-1", "false", "no", "different", "異なる", "いいえ"}),
)


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Sure of a table with two columns of files, where vectors are to be learned."""
    if not set(FOR) & set(kinds) or not source.is_file() or not delimited.claims(source, kinds):
        return 0.0
    return 0.9 if _columns(delimited.read(source, DataChoices())) else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """A column of files and one of identities. Raises `DataError` F-PAIRS-ANSWER for what is neither the same nor different."""
    table = delimited.read(source, choices)
    found = _columns(table)
    if found is None:
        raise DataError(
            "F-PAIRS-COLUMNS",
            _("the table has no two columns of files and one that says whether both show the same"),
            where=str(source),
            expected="image1,image2,same",
            got=", ".join(table.columns),
        )
    left, right, same = (table.columns[name] for name in found)
    said = [label_of(cell) for cell in same.strings()]
    strange = [row for row, word in enumerate(said) if (word or "").lower() not in YES | NO]
    if strange:
        raise DataError(
            "F-PAIRS-ANSWER",
            _("a pair is neither the same nor different"),
            where=same.where(strange[0]),
            expected="1 | 0",
            got=str(said[strange[0]]),
        )
    is_same = np.array([(word or "").lower() in YES for word in said])
    files, place = np.unique(np.array([*left.strings(), *right.strings()], dtype=object).astype(str), return_inverse=True)
    first, second = place[: len(said)], place[len(said) :]
    identity = _identities(len(files), first[is_same], second[is_same])
    against = np.flatnonzero(~is_same & (identity[first] == identity[second]))
    columns = {
        "image": Column("image", pa.array(files.tolist(), pa.string()), base=left.base),
        "identity": Column("identity", pa.array([f"{number}" for number in identity.tolist()], pa.string())),
    }
    problems = (*table.problems, *_told(source, len(said), len(files), identity, same, against))
    return Table(name=table.name, columns=columns, problems=problems, hints={"target": "identity"}, layout="alike-pairs")


def _columns(table: Table) -> tuple[str, str, str] | None:
    """The names of both columns of files, and of that which says whether they are the same."""
    endings = tuple(ending for card in cards("fields").values() for ending in card.extensions)
    files = [
        name
        for name, column in table.columns.items()
        if (few := [cell for cell in column.take(np.arange(min(50, len(column)))).strings() if cell])
        and all(cell.lower().endswith(endings) for cell in few)
    ]
    same = [name for name in table.columns if plain(name) in SAME and name not in files]
    return (*files, *same) if len(files) == 2 and len(same) == 1 else None  # type: ignore[return-value]


def _identities(count: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """int64 (count): equal for files that a chain of the same pairs connects."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    return connected_components(coo_array((np.ones(len(left)), (left, right)), shape=(count, count)), directed=False)[1]


def _told(source: Path, pairs: int, files: int, identity: np.ndarray, same: Column, against: np.ndarray) -> list[Problem]:
    note = Problem(
        code="F-PAIRS-IDENTITIES",
        severity="note",
        what=_(
            "{pairs} pairs were read as {files} files of {identities} identities: what a chain of the same connects is one"
        ).format(pairs=pairs, files=files, identities=len(np.unique(identity))),
        where=str(source),
    )
    if not len(against):
        return [note]
    problem = Problem(
        code="F-PAIRS-AGAINST",
        severity="warning",
        what=_n(
            "{n} pair is told different, although a chain of the same connects both",
            "{n} pairs are told different, although chains of the same connect both",
            len(against),
        ),
        where=", ".join(same.where(int(row)) for row in against[:4]),
        fix=_("correct the pair, or one of those that connect it"),
        count=len(against),
    )
    return [note, problem]
