"""Which column of a table feeds which input or target of a task.

In this order: what the user named; what the layout implies; the names people usually give; what the cells look like; and, for
tables whose every other column is an input, the last column as the target. Where two readings are possible nothing is guessed.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from fukami.core.cards import card, cards
from fukami.core.errors import DataError, UsageError, nearest, quoted
from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices, whole_names
from fukami.core.tables import Column, Table
from fukami.data import places
from fukami.data.names import OFTEN_TARGETS, WEAK_TARGETS, plain, usual
from fukami.fields.cells import sample
from fukami.fields.contract import Field
from fukami.tasks.contract import Task, is_read

_LIKELY = 0.5
"""From this score on, `Field.recognise` means that the cells may well be of that kind."""
_OFTEN = frozenset(map(plain, OFTEN_TARGETS))
_MARGIN = 0.15
"""Two columns whose scores are closer than this are equally likely."""


def bind(table: Table, task: Task, choices: DataChoices, *, with_targets: bool = True) -> dict[str, list[Column]]:
    """Input or target name → its columns: one, or many for fields that read rows.

    `choices.columns` holds what the user named: `{"image": "file"}`, `{"target": "income"}`; several columns are divided by
    commas. Raises `UsageError` for a column that is not there, for two that would do, and where nothing says what the target
    is. Without `with_targets` (prediction) targets are bound only where they are named, and an absent one is no error.
    """
    return _Binding(table, task, choices, strict=with_targets).all()


class _Binding:
    """One table and one task; `free` are the columns that nothing has claimed yet, in the table's order."""

    def __init__(self, table: Table, task: Task, choices: DataChoices, *, strict: bool):
        self.table, self.task, self.choices, self.strict = table, task, choices, strict
        self.ignore = whole_names(choices.ignore, table.columns)
        self.bound: dict[str, list[Column]] = {}
        self.free = list(table.columns)
        self.kept: list[str] | None = None
        self.files: dict[Path, places.Places] = {}

    def all(self) -> dict[str, list[Column]]:
        self._set_aside()
        for name, field in self.task.fields.items():
            if not is_read(field):
                self.bound[name] = [drawn(name, len(self.table))]
        asked = [name for name in self.task.fields if name not in self.bound and name not in self.task.same]
        for name in asked:
            self._take(name, self._named(name))
        for name in asked:
            if name not in self.bound:
                self._take(name, self._hinted(name))
        many = [name for name, field in self.task.inputs.items() if name in asked and _reads_many(field)]
        for name in many:
            self._keep_learned(self.task.inputs[name])
        if self.strict:
            for name, field in self.task.targets.items():
                if name not in self.bound and name in asked:
                    self._take(name, self._usual(field, name, target=True))
        for name, field in self.task.inputs.items():
            if name not in self.bound and name not in many:
                self._take(name, self._usual(field, name, target=False) or self._alike(field, name, target=False))
        if self.strict:
            for name, field in self.task.targets.items():
                if name not in self.bound and name in asked and not self.task.is_optional(name):
                    self._take(name, self._last(field, name) if many else self._alike(field, name, target=True))
                elif name not in self.bound and name in asked:  # none of these examples has it
                    self.bound[name] = [Column(name, pa.nulls(len(self.table), pa.string()))]
        for name in many:
            self._take_rest(name)
        self.bound |= {name: self.bound[source] for name, source in self.task.same.items() if source in self.bound}
        return {name: self.bound[name] for name in self.task.fields if name in self.bound}

    # -- what the user and the layout say ----------------------------------------------------------------------------
    def _set_aside(self) -> None:
        """Columns that are no inputs: those to divide by, and those to leave out."""
        aside = [*self.ignore, *filter(None, (self.choices.group, self.choices.time))]
        for name in (*aside, *whole_names(self.choices.groups, self.table.columns)):
            if name not in self.table.columns and self.strict:
                raise self._no_column(name, "ignore" if name in self.ignore else "group")
        self.free = [name for name in self.free if name not in aside]

    def _named(self, name: str) -> list[str]:
        role = "target" if name in self.task.targets else "input"
        only = len(self.task.targets if role == "target" else self.task.inputs) == 1
        wanted = self.choices.columns.get(name) or (self.choices.columns.get(role) if only else None)
        if not wanted:
            return []
        columns = whole_names([part.strip() for part in str(wanted).split(",")], self.table.columns)
        missing = [column for column in columns if column not in self.table.columns]
        if missing and (self.strict or role == "input"):
            raise self._no_column(missing[0], self._option(name, target=role == "target"))
        return [column for column in columns if column in self.table.columns]

    def _hinted(self, name: str) -> list[str]:
        field = self.task.fields[name]
        role = "target" if name in self.task.targets else "input"
        for key in (name, field.kind, role):
            column = self.table.hints.get(key)
            # a layout means labels by its target: a task whose target is of another kind looks further
            if column in self.free and (key != role or self._score(field, column) > 0):
                return [column]
        return []

    def _no_column(self, name: str, option: str) -> UsageError:
        close = nearest(name, self.table.columns)
        return UsageError(
            "F-COLUMN-NAME",
            _("there is no column called {name}").format(name=name),
            where=self.table.name,
            expected=_("one of {names}").format(names=_listed(self.table.columns)),
            got=name,
            fix=f"--set {option}={quoted(close[0])}" if close else "",
        )

    # -- what can be told from names and cells -----------------------------------------------------------------------
    def _usual(self, field: Field, name: str, *, target: bool) -> list[str]:
        """The only free column with a usual name whose cells may be of the kind. Several are an error."""
        known = usual(field.kind, target=target) | {plain(name)}
        found = [c for c in self.free if plain(c) in known and self._score(field, c) > 0]
        own = [c for c in found if plain(c) == plain(name)]
        if not target and own:
            return own[:1]
        if len(found) > 1:
            found = self._likelier(field, found)
        if target and len(found) == 1:
            found += self._rivals(field, found[0])
        if len(found) > 1:
            raise self._ambiguous(name, found, target=target)
        if not found and target:
            often = [c for c in self.free if plain(c) in OFTEN_TARGETS and self._score(field, c) >= _LIKELY]
            found = often if len(often) == 1 else []
        return found

    def _rivals(self, field: Field, chosen: str) -> list[str]:
        """Columns that could as well be meant as the target that merely has one of the names that other columns have too: what
        is nearly always predicted, and in a table of features the last one."""
        if plain(chosen) not in WEAK_TARGETS:
            return []
        many = any(map(_reads_many, self.task.inputs.values()))
        others = [c for c in self.free if c != chosen and (plain(c) in _OFTEN or (many and c == self.free[-1]))]
        return [c for c in others if self._score(field, c) >= _LIKELY]

    def _likelier(self, field: Field, columns: list[str]) -> list[str]:
        """Those of `columns` whose cells look as much like the kind as the best one's."""
        scores = {c: self._score(field, c) for c in columns}
        best = max(scores.values())
        return [c for c in columns if best - scores[c] < _MARGIN]

    def _alike(self, field: Field, name: str, *, target: bool) -> list[str]:
        """The free column whose cells look most like the kind. Where it is the only one left, it need not look much like it."""
        if len(self.free) == 1 and self._score(field, self.free[0]) > 0:
            return list(self.free)
        likely = [c for c in self.free if self._score(field, c) >= _LIKELY]
        best = self._likelier(field, likely) if likely else []
        if len(best) > 1:
            raise self._ambiguous(name, best, target=target)
        if not best:
            raise self._nothing(name, target=target)
        return best

    def _last(self, field: Field, name: str) -> list[str]:
        """The last column, as tables usually have their target there, if its cells may be of the kind."""
        if self.free and self._score(field, self.free[-1]) >= _LIKELY and len(self.free) > 1:
            return self.free[-1:]
        likely = [c for c in self.free if self._score(field, c) >= _LIKELY]
        if len(likely) == 1 and len(self.free) > 1:
            return likely
        raise self._ambiguous(name, likely, target=True) if likely else self._nothing(name, target=True)

    def _score(self, field: Field, name: str) -> float:
        column, kind = self.table.columns[name], type(field)
        score = kind.recognise(column)
        if score < _LIKELY and _names_files(field, column):
            score = max(score, kind.recognise(places.mended(sample(column), self._places(field, column))))
        return score

    def _places(self, field: Field, column: Column) -> places.Places:
        assert column.base is not None
        if column.base not in self.files:
            self.files[column.base] = places_of(field, column)
        return self.files[column.base]

    # -- claiming ----------------------------------------------------------------------------------------------------
    def _take(self, name: str, columns: list[str]) -> None:
        if columns:
            self.bound[name] = [self._mended(self.task.fields[name], self.table.columns[c]) for c in columns]
            self.free = [c for c in self.free if c not in columns]

    def _mended(self, field: Field, column: Column) -> Column:
        return places.mended(column, self._places(field, column)) if _names_files(field, column) else column

    def _keep_learned(self, field: Field) -> None:
        """Columns that a learned row knows can be no target: `free` keeps them apart until the rest is bound."""
        learned = _learned(field)
        if learned:
            loosely = {name.strip().lower() for name in learned}  # as the field itself finds them again
            self.kept = [c for c in self.free if c.strip().lower() in loosely]
            self.free = [c for c in self.free if c not in self.kept]

    def _take_rest(self, name: str) -> None:
        if name in self.bound:
            return
        columns = self.free if self.kept is None else self.kept
        learned = _learned(self.task.inputs[name])
        if self.kept is not None and not self.strict and len(self.kept) < len(learned):
            columns = [*self.kept, *self.free]  # what is missing is told beside all that is there
        if not columns:
            raise DataError(
                "F-BIND-INPUTS",
                _("no column is left to learn from"),
                where=self.table.name,
                expected=_("the columns {names}").format(names=_listed(learned))
                if learned
                else _("at least one besides the target"),
                got=_listed(self.table.columns),
            )
        self._take(name, list(columns))
        if self.kept is not None:
            self.bound[name] = [self.table.columns[c] for c in columns]

    # -- errors ------------------------------------------------------------------------------------------------------
    def _ambiguous(self, name: str, columns: list[str], *, target: bool) -> UsageError:
        option = self._option(name, target=target)
        return UsageError(
            "F-BIND-AMBIGUOUS",
            _("more than one column could be the {name}").format(name=option),
            where=self.table.name,
            expected=_("one column"),
            got=_listed(columns),
            fix=_(" or ").join(f"--set {option}={quoted(c)}" for c in columns[:4]),
        )

    def _nothing(self, name: str, *, target: bool) -> UsageError:
        option = self._option(name, target=target)
        fix = f"--set {option}=COLUMN"
        if target and self.table.layout == "folder":
            fix = _("put the files of each class into a folder of its own")
        return UsageError(
            "F-BIND-NOTHING",
            _("no column looks like the {name}").format(name=option),
            where=self.table.name,
            expected=_("a column that holds the {name} of each example").format(name=option),
            got=_listed(self.table.columns),
            fix=fix,
        )

    def _option(self, name: str, *, target: bool) -> str:
        return "target" if target and len(self.task.targets) == 1 else name


def drawn(name: str, total: int) -> Column:
    """Cells of a field whose values are drawn: a number for each example, from which its draws follow."""
    return Column(name, np.arange(total))


def _names_files(field: Field, column: Column) -> bool:
    """Whether the cells of a table may be paths of files that lie beside it."""
    told = card("fields", field.kind)
    return (
        bool(told.extensions)
        and told.files_are == "path"
        and column.base is not None
        and column.files is None
        and not column.is_array
    )


def places_of(field: Field, column: Column) -> places.Places:
    """The files beside a table that hold this kind of data."""
    return places.Places(column.base or Path(), frozenset(card("fields", field.kind).extensions))


def taken_files(table: Table, task: Task, columns: dict[str, list[Column]]) -> list[Problem]:
    """What is worth saying of the files that cells were taken to mean."""
    pairs = [
        (field, table.columns.get(columns[name][0].name), columns[name][0])
        for name, field in task.inputs.items()
        if columns.get(name)
    ]
    return [
        problem
        for field, given, taken in pairs
        if given is not None and _names_files(field, given)
        for problem in places.remarks(given, taken, places_of(field, given))
    ]


def _reads_many(field: Field) -> bool:
    return card("fields", field.kind).columns == "many"


def _learned(field: Field) -> list[str]:
    """Names of the columns that a field of many columns learned from; none before it has learned."""
    return [told["name"] for told in field.state.get("columns", ()) if isinstance(told, dict)]


def _listed(names: Iterable[str], most: int = 30) -> str:
    names = list(names)
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


GUESSED = ("F-BIND-TARGET", "F-BIND-LAST")
"""Codes of what is said of a target that nobody named."""


def remarks(table: Table, task: Task, choices: DataChoices, columns: dict[str, list[Column]]) -> list[Problem]:
    """What is worth saying about the choice of columns: a target that was taken because it stands last, or that would better
    suit another kind of target (a number of many values where a class is wanted, a few words where a number is)."""
    found = []
    for name, field in task.targets.items():
        for column in columns.get(name, ())[:1] if name not in task.same else ():
            named = choices.columns.get(name) or choices.columns.get("target") or column.name in table.hints.values()
            known = (usual(field.kind, target=True) | {plain(name)}) - WEAK_TARGETS
            if not named and plain(column.name) not in known:
                is_called = plain(column.name) in WEAK_TARGETS | _OFTEN
                found.append(_guessed(column, table, is_called=is_called, many=any(map(_reads_many, task.inputs.values()))))
            found += _misfit(field, column, table)
    return [*found, *_unused_labels(table, task, choices, columns), *_aside(table, task, choices)]


def _unused_labels(table: Table, task: Task, choices: DataChoices, columns: dict[str, list[Column]]) -> list[Problem]:
    """A warning where the data have labels and the task learns without any: what is made follows no class."""
    if any(field.discrete for field in task.targets.values()) or any(map(_reads_many, task.inputs.values())):
        return []
    bound = {column.name for own in columns.values() for column in own}
    aside = {*choices.ignore, *choices.groups, choices.group, choices.time}
    known = usual("category", target=True)
    labels = [c for c in table.columns if (c == table.hints.get("target") or plain(c) in known) and c not in bound | aside]
    if not labels:
        return []
    fix = _("nothing, if that is meant (--set ignore={name} says so); `fukami tasks` lists tasks that learn labels")
    what = _("the labels {name} are not used: this task learns without them").format(name=_listed(labels))
    fix = fix.format(name=",".join(labels))
    return [Problem(code="F-BIND-LABELS", severity="warning", what=what, where=table.name, fix=fix)]


def _aside(table: Table, task: Task, choices: DataChoices) -> list[Problem]:
    """A column that divides the examples is no input, where it would have been one."""
    aside = [name for name in (choices.time, choices.group) if name in table.columns]
    if not any(field.takes_rows for field in task.inputs.values()):
        return []
    return [
        Problem(
            code="F-BIND-ASIDE",
            severity="note",
            what=_("the column {name} divides the examples, so it is no input").format(name=name),
            where=table.name,
            fix=_("if it has to be an input as well, give it a second time under another name"),
        )
        for name in aside
    ]


def _guessed(column: Column, table: Table, *, is_called: bool, many: bool) -> Problem:
    """What is predicted, and why, where nobody said it."""
    if is_called:
        what = _("the column {name} is predicted, because targets are often called so")
    elif many:
        what = _("the column {name} was taken as the target because nothing says what is to be predicted")
    else:
        what = _("the column {name} is predicted, because of all columns it looks most like a target")
    code = "F-BIND-LAST" if many and not is_called else "F-BIND-TARGET"
    return Problem(code=code, severity="note", what=what.format(name=column.name), where=table.name, fix="--set target=COLUMN")


def _misfit(field: Field, column: Column, table: Table) -> list[Problem]:
    """A warning where the cells look much more like another kind of target."""
    from fukami.fields.registry import field_class

    own = type(field).recognise(column)
    if own >= _LIKELY:
        return []
    kinds = [kind for kind, told in cards("fields").items() if told.usual_targets and kind != field.kind]
    others = {kind: field_class(kind).recognise(column) for kind in kinds}
    kind, score = max(others.items(), key=lambda item: item[1])
    if score < _LIKELY or score - own < 2 * _MARGIN:
        return []
    return [
        Problem(
            code="F-BIND-KIND",
            severity="warning",
            what=_("the target {name} looks like another kind of target: {kind}").format(name=column.name, kind=kind),
            where=f"{table.name} ({column.name})",
            expected=field.kind,
            got=kind,
            fix=_("choose the task for this kind of target (`fukami tasks`), or another column: --set target=COLUMN"),
        )
    ]
