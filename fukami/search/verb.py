"""`search`: what a question is most like, among a run's own examples or what lies in a folder; copies and series in a folder.

Every run whose answers are vectors can be searched, whatever its inputs are.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fukami.answers import Columns, grouped, require_usable, unusable
from fukami.core.errors import DataError, UsageError
from fukami.core.language import _, _n
from fukami.fields.vectors import vectors
from fukami.opened import Opened
from fukami.predictor import BATCH
from fukami.search.groups import connected, pairs_from
from fukami.search.index import Index, opened, vectors_of

COPY, SIMILAR = "copy", "similar"


class Answered(NamedTuple):
    """N examples that were answered: their names, their vectors, and their cells, group by group."""

    names: list[Any]
    vectors: np.ndarray
    columns: list[Columns]
    notes: list[str]


def search_run(run: Opened, inputs: Sequence[Any], *, top: int = 5, place: Path | None = None) -> dict[str, Any]:
    """The `top` examples that each of `inputs` is most like: of the run's own, or of the folder or table `place`.

    Raises:
        UsageError: F-TARGET-VECTORS where answers are no vectors, F-SEARCH-INDEX where the run keeps no index.
        DataError: an input cannot be used.
    """
    target = vectors(run.predictor.task.target, _("searching"))
    asked = answered(run, inputs, strict=True)
    index, notes = (own_index(run), []) if place is None else folder_index(run, place)
    if place is None and len(index) < index.total:
        told = _("the run keeps {n} of {total} examples, drawn by chance; `--in FOLDER` looks through all that a folder holds")
        notes = [told.format(n=f"{len(index):,}", total=f"{index.total:,}")]
    same = target.same_from
    results = []
    for name, vector_D in zip(asked.names, asked.vectors, strict=True):
        found = index.nearest(vector_D, top, but="" if place is None else str(name))
        if same is not None:
            found = [{**one, "same": one["similarity"] >= same} for one in found]
        results.append({"input": name, "found": found})
    return {
        "run": str(run.path),
        "task": run.task,
        "searched": len(index),
        "in": None if place is None else str(place),
        "same_from": None if same is None else round(same, 4),
        "results": results,
        "notes": [*asked.notes, *notes],
    }


def duplicates_run(run: Opened, place: Path, *, near: float | None = None) -> dict[str, Any]:
    """Groups of examples in the folder or table `place` that are copies, or that are similar from `near` on; the best of each.

    Without `near` it is the similarity from which on the validation examples counted as the same.

    Raises:
        UsageError: F-TARGET-VECTORS, F-SEARCH-NEAR where nothing says from where on.
    """
    task = run.predictor.task
    target = vectors(task.target, _("searching"))
    bound = target.same_from if near is None else near
    if bound is None:
        raise UsageError("F-SEARCH-NEAR", _("nothing says from which similarity on examples belong together"), fix="--near 0.9")
    found = answered(run, [str(place)], strict=False)
    pairs = pairs_from(found.vectors, bound)
    content = np.concatenate([task.identity_of(columns) for columns in found.columns])
    order = np.argsort(content, kind="stable")
    again = np.flatnonzero(content[order][1:] == content[order][:-1])
    left, right = np.concatenate([pairs.left, order[again]]), np.concatenate([pairs.right, order[again + 1]])
    groups = [told(group, found, content, task) for group in connected(len(found.names), left, right)]
    return {
        "run": str(run.path),
        "task": run.task,
        "searched": len(found.names),
        "in": str(place),
        "near": round(float(bound), 4),
        "groups": groups,
        "notes": found.notes,
    }


def told(group: list[int], found: Answered, content: np.ndarray, task: Any) -> dict[str, Any]:
    """One group: the best of it, and every other with how similar it is to the best."""
    quality = quality_in(group, found, task)
    best = group[0] if quality is None else max(zip(quality, group, strict=True), key=lambda one: one[0])[1]
    others = [
        {
            "input": found.names[row],
            "similarity": round(float(found.vectors[row] @ found.vectors[best]), 4),
            "kind": COPY if content[row] == content[best] else SIMILAR,
        }
        for row in group
        if row != best
    ]
    return {"best": found.names[best], "others": sorted(others, key=lambda one: -one["similarity"])}


def quality_in(group: list[int], found: Answered, task: Any) -> list[float] | None:
    """How good the examples of a group are, as the input's field says; None where it does not: then the first is taken."""
    (name,), (field,) = task.inputs.keys(), task.inputs.values()
    if not hasattr(field, "quality"):
        return None
    starts = np.cumsum([0, *(len(columns[name][0]) for columns in found.columns)])
    places = np.searchsorted(starts, group, "right") - 1
    own = zip(places.tolist(), (np.array(group) - starts[places]).tolist(), strict=True)
    cells = [[column.take(np.array([row])) for column in found.columns[at][name]] for at, row in own]
    return [float(field.quality(one)[0]) for one in cells]


# -- what is looked through ----------------------------------------------------------------------------------------------
def own_index(run: Opened) -> Index:
    """The index that the run keeps. Raises `UsageError` F-SEARCH-INDEX where it keeps none."""
    found = opened(run.path / "index")
    if found is None:
        raise UsageError(
            "F-SEARCH-INDEX",
            _("the run keeps no examples to search in"),
            where=str(run.path),
            fix=f"fukami search {run.path} INPUT --in FOLDER",
        )
    return found


def folder_index(run: Opened, place: Path) -> tuple[Index, list[str]]:
    found = answered(run, [str(place)], strict=False)
    return Index(found.vectors, found.names, total=len(found.names)), found.notes


def answered(run: Opened, inputs: Sequence[Any], *, strict: bool) -> Answered:
    """The vectors of all `inputs`. What cannot be used raises its error where this is `strict`, and is told otherwise."""
    names: list[Any] = []
    parts: list[np.ndarray] = []
    kept: list[Columns] = []
    notes: list[str] = []
    task = run.predictor.task
    for group in grouped(run, inputs):
        if strict:
            require_usable(task, group)
        errors = {**group.errors, **unusable(task, group)}
        rows = [row for row, at in enumerate(group.read) if at not in errors]
        notes += left_out([errors[at] for at in sorted(errors)])
        if rows:
            columns = group.rows(rows)
            names += [group.names[group.read[row]] for row in rows]
            kept.append(columns)
            parts += [vectors_of(run.predictor, columns, part) for part in _batches(len(rows))]
    if not parts:
        raise DataError(
            "F-SEARCH-NOTHING", _("there is nothing that could be looked through"), where=", ".join(map(str, inputs))
        )
    return Answered(names, np.concatenate(parts), kept, notes)


def left_out(errors: list[Any]) -> list[str]:
    """What is said of inputs that cannot be used."""
    if not errors:
        return []
    what = _n("{n} input cannot be used and was left out", "{n} inputs cannot be used and were left out", len(errors))
    return [f"{what}: " + ", ".join(f"{error.where} ({error.what})" for error in errors[:5])]


def _batches(count: int) -> Iterator[np.ndarray]:
    for start in range(0, count, BATCH):
        yield np.arange(start, min(start + BATCH, count))
