"""Examples that stand in two parts: taken out of the earlier one, counted, and shown to be gone.

Near copies are counted and told, not moved: a fingerprint of nearness errs too often to decide.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from fukami.core.errors import DataError
from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import ACROSS, PARTS, Column, Spans, Table, covered
from fukami.data.near import near_pairs
from fukami.fields import personal
from fukami.fields.cells import combined
from fukami.fields.contract import InputField
from fukami.tasks.contract import Task

_SHOWN = 5


@dataclass(frozen=True)
class Case:
    """What a split depends on. `hashes` (uint64, N) are equal where all inputs are."""

    table: Table
    columns: dict[str, list[Column]]
    task: Task
    choices: DataChoices
    hashes: np.ndarray
    seed: int

    @property
    def by_span(self) -> bool:
        """Whether parts are stretches of time because examples were cut from a sequence; not where groups keep apart."""
        return self.table.spans is not None and not self.choices.group

    @cached_property
    def groups(self) -> list[Any] | None:
        """What keeps examples together, a value for each, None for those that stand alone: a column that the user named, what
        the task says, or the rows that they were cut from, where these do not lie one behind the other anyhow. None where
        nothing does."""
        if self.choices.group:
            return [None if cell == "" else cell for cell in self.table.columns[self.choices.group].values.tolist()]
        if not self.choices.time and (told := self.task.together(self.task, self.columns)) is not None:
            return told
        cut = self.table.origin is not None and self.table.order is None and self.table.spans is None
        return self.table.origin.tolist() if cut and not self.choices.time else None  # type: ignore[union-attr]

    @property
    def group_column(self) -> Column | None:
        """The column that says it: named by the user, or the target's where the task says so; none where rows do."""
        if self.choices.group:
            return self.table.columns.get(self.choices.group)
        asks = self.task.together(self.task, self.columns) is not None
        return self.columns[self.task.target.name][0] if asks else None


class Proven(NamedTuple):
    """Rows of each part; how many were taken out of each; the figures of the proof; what the doctor should report."""

    parts: dict[str, np.ndarray]
    copies: dict[str, int]
    told: dict[str, Any]
    problems: list[Problem]


def proven(labels: np.ndarray, case: Case, *, given: bool) -> Proven:
    """Rows of each part of `labels`, without the copies of later parts, and the figures that prove it.

    Rows labelled "-" are copies that were found before the parts were complete.
    """
    hashes, table = case.hashes, case.table
    parts = {part: np.flatnonzero(labels == part) for part in PARTS}
    before = {part: len(rows) for part, rows in parts.items()}
    before["train"] += int((labels == "-").sum())
    parts["valid"] = parts["valid"][~np.isin(hashes[parts["valid"]], hashes[parts["test"]])]
    later = np.concatenate([hashes[parts["valid"]], hashes[parts["test"]]])
    parts["train"] = parts["train"][~np.isin(hashes[parts["train"]], later)]
    copies = {part: before[part] - len(parts[part]) for part in ("train", "valid")}
    if not len(parts["train"]) and not given:
        require_different(hashes, table, case.choices)
    _require_train(parts, copies, table, case.choices)
    near, near_problems = _near(case, parts)
    told = {
        "copies_left": _copies_left(hashes, parts),
        "copies_inside": {part: int(len(rows) - len(np.unique(hashes[rows]))) for part, rows in parts.items()},
        "near_copies": near,
        "content": {part: content(case.task, case.columns, rows, hashes) for part, rows in parts.items()},
        **({"group": _across(case.groups, case.group_column, parts)} if case.groups is not None else {}),
        **({"time": case.choices.time} if case.choices.time else {}),
        **({} if table.spans is None else {"spans": _shared(table.spans, parts, labels)}),
    }
    problems = [*_copy_problems(copies, table, given=given), *near_problems, *_group_problems(told)]
    problems += _across_problems(told.get("spans", {}).get("left_out", 0), parts, table)
    return Proven(parts, copies, told, problems)


def require_different(hashes: np.ndarray, table: Table, choices: DataChoices) -> None:
    """Raises `DataError` where equal inputs, which stay in one part, are why there is nothing to train on or to judge by."""
    different, time = len(np.unique(hashes)), choices.time
    if different < len(hashes) / 2:
        raise DataError(
            "F-DATA-SAME-INPUTS",
            _("the examples have nearly all the same inputs, so nothing tells them apart and none can be kept aside"),
            where=table.name,
            expected=_("inputs that differ from example to example"),
            got=_("{n} different inputs in {total} examples").format(n=different, total=len(hashes)),
            fix=_("add columns to learn from: {name} divides the examples and is no input").format(name=time) if time else "",
        )


def _require_train(parts: dict[str, np.ndarray], copies: dict[str, int], table: Table, choices: DataChoices) -> None:
    if len(parts["train"]):
        return
    if copies["train"]:
        raise DataError(
            "F-SPLIT-COPIES",
            _("every training example also stands in the test part, so nothing is left to learn from"),
            where=table.name,
            expected=_("parts without common examples"),
            got=_("{n} copies").format(n=copies["train"]),
            fix=_("give the test part examples of its own, or name the training part alone as DATA"),
        )
    raise DataError(
        "F-SPLIT-EMPTY",
        _("the split leaves no example to train on"),
        where=table.name,
        expected=_("at least one training example"),
        got=", ".join(f"{part} {len(rows)}" for part, rows in parts.items()),
        fix=_("add examples")
        if not choices.group
        else _("choose a column with more groups, or smaller valid_fraction and test_fraction"),
    )


def _copies_left(hashes: np.ndarray, parts: dict[str, np.ndarray]) -> int:
    """Examples of the test and validation parts whose inputs stand in an earlier part as well: counted anew, must be 0."""
    train, valid, test = (hashes[parts[part]] for part in PARTS)
    return int(np.isin(test, np.concatenate([train, valid])).sum() + np.isin(valid, train).sum())


def content(task: Task, columns: dict[str, list[Column]], rows: np.ndarray, hashes: np.ndarray | None = None) -> str:
    """SHA-256 of what `rows` hold, inputs and targets, whatever their order. `hashes` are those of the inputs of all rows."""

    def of(name: str) -> np.ndarray:
        return task.fields[name].fingerprint([column.take(rows) for column in columns[name]])

    inputs = task.identity({name: of(name) for name in task.identifying()}) if hashes is None else hashes[rows]
    targets = [of(name) for name in task.targets if name in columns]
    each = np.sort(combined([inputs, *targets]))
    return hashlib.sha256(each.astype("<u8").tobytes()).hexdigest()


def _near(case: Case, parts: dict[str, np.ndarray]) -> tuple[dict[str, Any], list[Problem]]:
    """Test examples of which nearly the same stands in the training part, by every input that knows nearness."""
    train, test, columns = parts["train"], parts["test"], case.columns
    found: set[int] = set()
    complete, asked = True, False
    shown: list[list[str]] = []
    for name, one in case.task.inputs.items():
        marks = _near_marks(one, columns[name], train, test)
        if marks is None:
            continue
        asked = True
        pairs = near_pairs(*marks, distance=one.near_bits)
        complete &= pairs.complete
        left, right = test[pairs.left], train[pairs.right]
        indeed = one.nearly_same(columns[name], left, right)
        for i, j in zip(left[indeed].tolist(), right[indeed].tolist(), strict=True):
            if i not in found and len(shown) < _SHOWN:
                shown.append([columns[name][0].where(i), columns[name][0].where(j)])
            found.add(i)
    if not asked:
        return {"asked": False}, []
    told = {"asked": True, "test_examples": len(found), "complete": complete, "examples": shown}
    if not found:
        return told, []
    problem = Problem(
        code="F-SPLIT-NEAR",
        severity="warning" if len(found) > len(test) / 100 else "note",
        what=_("{n} test examples are nearly the same as a training example").format(n=len(found)),
        where="; ".join(" ≈ ".join(pair) for pair in shown[:3]),
        fix=_("if they come from the same patient, camera or page, name it in a column of a table: --set group=COLUMN"),
        count=len(found),
    )
    return told, [problem]


def _near_marks(
    one: InputField, columns: list[Column], train: np.ndarray, test: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    if not len(train) or not len(test):
        return None
    marks = one.near_fingerprint(columns)
    return None if marks is None else (marks[test], marks[train])


def _across(cells: list[Any], column: Column | None, parts: dict[str, np.ndarray]) -> dict[str, Any]:
    """How many groups each part has, and which stand in two (given parts may break groups). There is no column where
    the groups are rows that examples were cut from."""
    sets = {part: {cells[i] for i in rows if cells[i] not in (None, "")} for part, rows in parts.items()}
    broken = (sets["train"] & (sets["test"] | sets["valid"])) | (sets["valid"] & sets["test"])
    return {
        "column": column.name if column else "",
        "groups": {part: len(found) for part, found in sets.items()},
        "broken": len(broken),
        "examples": [] if column and personal.kind_of(column) else sorted(map(str, broken))[:_SHOWN],
    }


def _group_problems(told: dict[str, Any]) -> list[Problem]:
    broken = told.get("group", {}).get("broken", 0)
    if not broken:
        return []
    return [
        Problem(
            code="F-SPLIT-GROUP",
            severity="warning",
            what=_n(
                "{n} group stands in more than one of the parts that the data names",
                "{n} groups stand in more than one of the parts that the data names",
                broken,
            ),
            where=told["group"]["column"],
            expected=_("every group in one part"),
            got=", ".join(told["group"]["examples"]),
            fix=_("divide the data anew: give it as one table without parts"),
            count=broken,
        )
    ]


def _shared(spans: Spans, parts: dict[str, np.ndarray], labels: np.ndarray) -> dict[str, Any]:
    """How many examples reached over a border and were left out, and how many rows two parts are judged on: counted anew."""
    total = int(spans.rows.max(initial=0))
    judged = {part: covered(spans.rows[rows, 0], spans.rows[rows, 1], total) for part, rows in parts.items()}
    both = (judged["train"] & (judged["valid"] | judged["test"])) | (judged["valid"] & judged["test"])
    return {"left_out": int((labels == ACROSS).sum()), "rows_in_two_parts": int(both.sum())}


def _across_problems(left_out: int, parts: dict[str, np.ndarray], table: Table) -> list[Problem]:
    """Examples that were left out are told; a warning where they took a whole part with them."""
    if not left_out:
        return []
    return [
        Problem(
            code="F-SPLIT-ACROSS",
            severity="note" if all(map(len, parts.values())) else "warning",
            what=_n(
                "{n} example reaches over the border between two parts and was left out",
                "{n} examples reach over the border between two parts and were left out",
                left_out,
            ),
            where=table.name,
            got=", ".join(f"{part} {len(rows)}" for part, rows in parts.items()),
            count=left_out,
        )
    ]


def _copy_problems(copies: dict[str, int], table: Table, *, given: bool) -> list[Problem]:
    total = sum(copies.values())
    if not total:
        return []
    return [
        Problem(
            code="F-SPLIT-COPIES",
            severity="warning",
            what=_n(
                "{n} example stands in more than one part; it was taken out of the training and validation parts",
                "{n} examples stand in more than one part; they were taken out of the training and validation parts",
                total,
            )
            if given
            else _n(
                "{n} copy of a later example was taken out of the training and validation parts",
                "{n} copies of later examples were taken out of the training and validation parts",
                total,
            ),
            where=table.name,
            expected=_("parts without common examples"),
            got=", ".join(f"{part} {n}" for part, n in copies.items() if n),
            fix=_("nothing needs to be done; remove the copies to be rid of this message"),
            count=total,
        )
    ]
