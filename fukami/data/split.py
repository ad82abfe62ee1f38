"""Which examples train, validate and test; and the proof that none stands in two of these parts.

Copies (equal inputs, by `Field.fingerprint`) never stand in two parts. Where the parts are drawn here, copies are drawn
together. Where the data names its parts, the test part stays whole, so that figures compare with others': its copies are taken
out of the training and validation parts, and the validation part's copies out of the training part (`split_proof.py`).
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from fukami.core.errors import DataError
from fukami.core.language import N_, _, _n
from fukami.core.percent import percent
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import ACROSS, PARTS, Column, Table
from fukami.data import draws
from fukami.data.moments import doubts, moments, order_of
from fukami.data.split_proof import Case, proven
from fukami.tasks.contract import Task

__all__ = ["Split", "folds", "split"]
ASIDE = "aside"
"""The label of an example that may not be learned from and is not judged on."""
FEW = 10
"""Examples by which a part may always miss its share."""


@dataclass(frozen=True)
class Split:
    """Row numbers of each part, ascending. `method` is given, stratified, grouped, by time, in order or random.

    `copies` counts, by part, the rows that were taken out because a later part holds the same inputs. `proof()` tells the whole
    as JSON; `problems` are what the doctor should report. `drawn_from` holds the sizes of the parts that these were drawn from,
    where not all examples are used (see `limit`).
    """

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    method: str
    seed: int = 0
    copies: dict[str, int] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    drawn_from: dict[str, int] = field(default_factory=dict)

    def rows(self) -> np.ndarray:
        """The rows of all parts, ascending.

        >>> Split(np.array([0, 4]), np.array([3]), np.array([1]), "random").rows().tolist()
        [0, 1, 3, 4]
        """
        return np.sort(np.concatenate([getattr(self, part) for part in PARTS]))

    def among(self, rows: np.ndarray) -> "Split":
        """The same parts of a table that has only `rows` (ascending) of the old one.

        >>> Split(np.array([0, 4]), np.array([3]), np.array([1]), "random").among(np.array([1, 3, 4])).sizes()
        {'train': 1, 'valid': 1, 'test': 1}
        """
        train, valid, test = (np.searchsorted(rows, np.intersect1d(getattr(self, part), rows)) for part in PARTS)
        return replace(self, train=train, valid=valid, test=test)

    def sizes(self) -> dict[str, int]:
        """Examples in each part.

        >>> Split(np.arange(8), np.arange(8, 9), np.arange(9, 10), "random").sizes()
        {'train': 8, 'valid': 1, 'test': 1}
        """
        return {part: len(getattr(self, part)) for part in PARTS}

    def proof(self) -> dict[str, Any]:
        """For `proofs/split.json`: what is claimed, how it was tested, and the figures."""
        return {
            "claim": N_("no example of the test or validation part has the same inputs as one that was trained on"),
            "test": N_("hashes of the inputs of every example, compared across the parts after the split was made"),
            **({"held": self.told["copies_left"] == 0} if "copies_left" in self.told else {}),
            "method": self.method,
            "seed": self.seed,
            "examples": self.sizes(),
            **({"drawn_from": self.drawn_from} if self.drawn_from else {}),
            "removed_copies": self.copies,
            **self.told,
        }


def split(table: Table, columns: dict[str, list[Column]], task: Task, choices: DataChoices, *, seed: int) -> Split:
    """Divides the examples of `table`; `columns` are those that `bind` chose.

    Parts that the data names are respected: a missing validation part is drawn from the training part; where there are only two
    parts, the one that is not for training is the test (a validation part that was given beside examples of which nothing is
    said stays one, and the test is drawn from those). `choices.group` keeps equal values together, and so do rows of which
    several examples were cut (`Table.origin`); `choices.time` puts the newest examples into the test part; examples that were
    cut from something longer (`Table.order`) are divided along it; else classes are divided in proportion, numbers by tenths of
    their range. Deterministic in the data and `seed`. Of examples that were cut from a sequence the newest test as well, and
    those that reach over the border between two parts are left out, which the proof tells. Raises `DataError` where nothing
    would be left to train on.
    """
    case = _case(table, columns, task, choices, seed)
    given, taught = _given(table), _taught(case)
    if given is not None:
        kept, notes = _judging(given, taught, table)
        return _finished(_completed(kept, case), "given", case, [*_given_notes(given, table), *notes])
    labels = np.full(len(table), "test", dtype="<U5")
    shares = {"valid": choices.valid_fraction, "test": choices.test_fraction}
    labels[taught], method = _parts_of(np.flatnonzero(taught), case, **shares)
    return _finished(labels, method, case, _share_notes(labels[taught], method, case))


def folds(table: Table, columns: dict[str, list[Column]], task: Task, choices: DataChoices, *, seed: int) -> list[Split]:
    """`choices.folds` splits for cross-validation: every example outside a given test part is tested exactly once.

    By time, folds follow each other and each is judged by a training on what lies before it, so the oldest are never tested.
    Validation parts are drawn from what is left to train.
    """
    case = _case(table, columns, task, choices, seed)
    given, count, taught = _given(table), choices.folds, _taught(case)
    rows = np.arange(len(table)) if given is None else np.flatnonzero(given != "test")
    number = _fold_numbers(rows, case)
    made = []
    for fold in range(count):
        labels = np.full(len(table), "", dtype="<U5")
        before = number < fold if choices.time or case.by_span else number != fold
        labels[rows[before & (number != NEVER)]] = "train"
        labels[rows[number == fold]] = "test"
        labels[(labels == "train") & ~taught] = ASIDE
        made.append(_finished(_with_valid(labels, case), f"fold {fold + 1} of {count}", case))
    return made


def _case(table: Table, columns: dict[str, list[Column]], task: Task, choices: DataChoices, seed: int) -> Case:
    return Case(table, columns, task, choices, task.identity_of(columns), seed)


def _finished(labels: np.ndarray, method: str, case: Case, notes: list[Problem] | None = None) -> Split:
    parts, copies, told, problems = proven(labels, case, given=method == "given")
    told_of = {"copies": copies, "told": told, "problems": (*(notes or ()), *_time_notes(method, case), *problems)}
    return Split(parts["train"], parts["valid"], parts["test"], method, case.seed, **told_of)


def _time_notes(method: str, case: Case) -> list[Problem]:
    """That the order of the dates is in doubt by which parts were drawn; an input that has the column tells it itself."""
    time, inputs = case.choices.time, (column for name in case.task.inputs for column in case.columns[name])
    if not time or method == "given" or case.by_span or any(column.name == time for column in inputs):
        return []
    return list(doubts(case.table.columns[time], order_of(case.task)))


def _taught(case: Case) -> np.ndarray:
    """Which examples may be learned from (bool)."""
    task = case.task
    return np.ones(len(case.table), bool) if task.taught is None else task.taught(task, case.columns)


def _judging(given: np.ndarray, taught: np.ndarray, table: Table) -> tuple[np.ndarray, list[Problem]]:
    """The given parts without what may not be learned from, and what is to be said of it. A validation part is whole where it
    is going to be the test."""
    learned_from = ("train", "valid") if (given == "test").any() else ("train",)
    odd = ~taught & np.isin(given, learned_from)
    if not odd.any():
        return given, []
    count = int(odd.sum())
    what = _n(
        "{n} example of the parts that are learned from may only judge, and was left out",
        "{n} examples of the parts that are learned from may only judge, and were left out",
        count,
    )
    told = Problem(code="F-SPLIT-JUDGING", severity="note", what=what, where=table.name, count=count)
    return np.where(odd, ASIDE, given), [told]


# -- what is given -------------------------------------------------------------------------------------------------------
def _given(table: Table) -> np.ndarray | None:
    """The parts as the data names them; rows of which nothing is said train. None where it names fewer than two."""
    if table.parts is None:
        return None
    parts = np.where(table.parts == "", "train", table.parts).astype("<U5")
    return parts if len(np.unique(parts[parts != ACROSS])) > 1 else None


def _is_rest_open(table: Table) -> bool:
    """Whether a validation part was given beside examples of which nothing is said: a test part can be drawn from those."""
    assert table.parts is not None
    return set(np.unique(table.parts)) == {"", "valid"}


def _given_notes(given: np.ndarray, table: Table) -> list[Problem]:
    if (given == "test").any() or not (given == "valid").any() or _is_rest_open(table):
        return []
    return [
        Problem(
            code="F-SPLIT-VALID-IS-TEST",
            severity="note",
            what=_("the data has no test part, so its validation part is the final test and another one was drawn"),
            where=table.name,
        )
    ]


def _share_notes(labels: np.ndarray, method: str, case: Case) -> list[Problem]:
    """Parts that were drawn by chance and are far from their shares, because copies and groups stay whole."""
    asked = {"valid": case.choices.valid_fraction, "test": case.choices.test_fraction}
    found = {part: float((labels == part).mean()) for part in asked}
    far = [part for part, share in asked.items() if abs(found[part] - share) * len(labels) > max(share * len(labels) / 2, FEW)]
    if not far or method not in ("stratified", "random", "grouped"):
        return []
    return [
        Problem(
            code="F-SPLIT-SHARES",
            severity="note",
            what=_("parts are far from the shares that were asked for: copies of one input, and groups, stay in one part"),
            where=case.table.name,
            expected=", ".join(f"{part} {percent(share)}" for part, share in asked.items()),
            got=", ".join(f"{part} {percent(share)}" for part, share in found.items()),
            fix=_("remove copies, or name a group column with more values"),
        )
    ]


def _completed(given: np.ndarray, case: Case) -> np.ndarray:
    """Given parts with what they lack: a training part among valid and test alone, a test part, a validation part."""
    labels = given.copy()
    if not (labels == "train").any():
        labels[labels == "valid"] = "train"
    if not (labels == "test").any() and _is_rest_open(case.table):
        rows = np.flatnonzero((labels == "train") & ~np.isin(case.hashes, case.hashes[labels == "valid"]))
        labels[rows] = _parts_of(rows, case, valid=0.0, test=case.choices.test_fraction)[0]
    elif not (labels == "test").any():
        labels[labels == "valid"] = "test"
    if not (labels == "valid").any():
        # Copies of test examples go first ("-"), or the drawn validation part would lose them afterwards.
        labels[(labels == "train") & np.isin(case.hashes, case.hashes[labels == "test"])] = "-"
        labels = _with_valid(labels, case)
    return labels


def _with_valid(labels: np.ndarray, case: Case) -> np.ndarray:
    """`labels` with a validation part drawn from the training part."""
    rows = np.flatnonzero(labels == "train")
    share = case.choices.valid_fraction
    if not share or len(rows) < 2:
        return labels
    labels = labels.copy()
    labels[rows] = _parts_of(rows, case, valid=share, test=0.0)[0]
    return labels


# -- what is drawn -------------------------------------------------------------------------------------------------------
def _parts_of(rows: np.ndarray, case: Case, *, valid: float, test: float) -> tuple[np.ndarray, str]:
    """The part of each of `rows`, and how it was found. `valid` and `test` are the shares of these parts."""
    if valid + test >= 1:
        raise DataError(
            "F-SPLIT-FRACTIONS",
            _("validation and test part leave nothing to train"),
            expected=_("valid_fraction and test_fraction below 1 together"),
            got=f"{valid:g} + {test:g}",
            fix="--set valid_fraction=0.1 --set test_fraction=0.2",
        )
    table, choices, seed = case.table, case.choices, case.seed
    if case.by_span:
        assert table.spans is not None
        return draws.by_span(table.spans.when[rows], table.spans.moments, valid, test), "by time"
    if choices.time:
        return draws.by_time(moments(table.columns[choices.time], order_of(case.task))[rows], valid, test), "by time"
    if case.groups is not None:
        return draws.by_group(_together(case)[rows], valid, test, seed=seed), "grouped"
    if table.order is not None:
        return draws.by_time(table.order[rows], valid, test), "in order"
    strata = draws.strata(case.task, case.columns)[rows]
    method = "stratified" if len(np.unique(strata)) > 1 else "random"
    return draws.by_stratum(strata, _together(case)[rows], valid, test, seed=seed), method


NEVER = -2
"""The fold of examples that reach over a border between folds: in none of them do they train or test."""


def _fold_numbers(rows: np.ndarray, case: Case) -> np.ndarray:
    """Fold of each of `rows`; -1 for those that only train."""
    count, choices = case.choices.folds, case.choices
    together = _together(case)[rows]
    units = len(np.unique(together))
    if not 2 <= count <= units:
        raise DataError(
            "F-SPLIT-FOLDS",
            _("the examples cannot be divided into {n} folds").format(n=count),
            where=case.table.name,
            expected=_("from 2 to {n} folds").format(n=units),
            got=str(count),
            fix="--folds 5",
        )
    if case.by_span:
        assert case.table.spans is not None
        first, last = case.table.spans.when[rows].T
        number = draws.in_order(first, count + 1) - 1
        begins = np.array([first[number >= fold].min(initial=np.inf) for fold in range(count)])
        return np.where(np.searchsorted(begins, last, "right") - 1 == number, number, NEVER)
    if choices.time:
        return draws.in_order(moments(case.table.columns[choices.time], order_of(case.task))[rows], count + 1) - 1
    if case.groups is not None:
        return draws.group_folds(together, count, seed=case.seed)
    if case.table.order is not None:
        return draws.in_order(case.table.order[rows], count)
    return draws.folds(draws.strata(case.task, case.columns)[rows], together, count, seed=case.seed)


def _together(case: Case) -> np.ndarray:
    """Numbers that are equal for examples that have to stand in the same part: copies, or members of a group."""
    if case.groups is None:
        return np.unique(case.hashes, return_inverse=True)[1]
    seen: dict[Any, int] = {}
    # A missing group says nothing: such an example stands for itself.
    keys = (("", i) if cell is None else cell for i, cell in enumerate(case.groups))
    return np.array([seen.setdefault(key, len(seen)) for key in keys], np.int64)
