"""From what a person hands over to answers: files, tables of many, text, JSON, standard input.

A table's path stands for all its rows; `-` reads standard input; anything else is one raw input, which the fields take
as it is.
"""

import io
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fukami.core.beforehand import TABLES, is_table, missing_input, missing_inputs
from fukami.core.cards import card, known
from fukami.core.errors import DataError, FukamiError, UsageError, nearest
from fukami.core.given import exists, is_file, is_here, parsed, settled, shortened
from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column, Table
from fukami.fields.contract import Field
from fukami.opened import Opened
from fukami.tasks.contract import Task

Columns = dict[str, list[Column]]
Singles = list[tuple[Any, Any]]
"""Single inputs with their names; in the place of one that cannot be read, the error that says why."""
REFUSED = (DataError, UsageError)
"""Why an input is not answered, unlike what is wrong with the run or the machine."""


class Group(NamedTuple):
    """Inputs that are read together, each with its name: the columns of those that could be read, in order, and the errors of
    the others by their place. `table` is the name of the table whose rows they are, and `given` the table, as it was read."""

    names: list[Any]
    columns: Columns
    errors: dict[int, FukamiError] = {}
    table: str | None = None
    given: Table | None = None

    @property
    def read(self) -> list[int]:
        """The places of the inputs that `columns` hold."""
        return [place for place in range(len(self.names)) if place not in self.errors]

    def rows(self, rows: Sequence[int]) -> Columns:
        """The columns of some of these."""
        return {name: [column.take(np.array(rows, np.int64)) for column in own] for name, own in self.columns.items()}

    def part(self, first: int, end: int) -> "Group":
        """The inputs at places from `first` to before `end`."""
        errors = {place - first: error for place, error in self.errors.items() if first <= place < end}
        rows = [row for row, place in enumerate(self.read) if first <= place < end]
        return Group(self.names[first:end], self.rows(rows), errors)


def predict_inputs(run: Opened, inputs: Sequence[Any]) -> list[dict[str, Any]]:
    """`{"input", …answer}` for each input, in order, or `{"input", "error"}` for one that cannot be answered.

    Raises that error where the input is the only one.
    """
    return errors_told([one for _group, told in asked(run, inputs) for one in told])


def asked(run: Opened, inputs: Sequence[Any]) -> Iterator[tuple[Group, list[dict[str, Any]]]]:
    """Each group with what is told of its inputs, errors as they were raised; of a table that cannot be read, that alone."""
    before = 0
    for group in grouped(run, inputs):
        told = answered(run.predictor, group, before=before)
        yield group, told
        before += len(told)


def errors_told(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is told of all inputs, errors as plain values; an error that is all there is, is raised."""
    if len(told) == 1 and "error" in told[0]:
        raise told[0]["error"]
    return [{**one, "error": one["error"].as_dict()} if "error" in one else one for one in told]


def answered(
    predictor: Any, group: Group, *, before: int = 0, unfamiliar: Callable[[Task, Columns], None] | None = None
) -> list[dict[str, Any]]:
    """What is told of each input of a group, with errors as they were raised; `before` counts the inputs before these.

    `unfamiliar` looks at the inputs for what the training did not know; it is told on standard error unless given.
    """
    errors, told = dict(group.errors), []
    try:
        errors |= unusable(predictor.task, group, before=before)
        used = [row for row, place in enumerate(group.read) if place not in errors]
        kept = group.rows(used) if len(errors) > len(group.errors) else group.columns
        if len(errors) < len(group.names):
            (unfamiliar or tell_unfamiliar)(predictor.task, kept)
            told = predictor.predict(kept)
    except REFUSED as error:  # what shows only when inputs are made tensors
        if group.table is not None:
            return [{"input": group.table, "error": error}]
        if (total := len(group.names)) > 1:
            parts = (group.part(0, total // 2), 0), (group.part(total // 2, total), total // 2)
            both = (answered(predictor, part, before=before + first, unfamiliar=unfamiliar) for part, first in parts)
            return [one for told in both for one in told]
        errors[0] = error
    answers = iter(told)
    return [
        {"input": name, "error": errors[place]} if place in errors else {"input": name, **next(answers)}
        for place, name in enumerate(group.names)
    ]


def grouped(run: Opened, inputs: Sequence[Any]) -> Iterator[Group]:
    """Inputs as columns: single ones together, each table by itself."""
    single: Singles = []
    for name, value in named(run.predictor.task, inputs):
        found = taken(run, name, value)
        if not isinstance(found, Group):
            single += found
            continue
        if single:
            yield from together(run.predictor.task, single)
            single = []
        yield found
    if single:
        yield from together(run.predictor.task, single)


def named(task: Task, inputs: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """Each input that is held by what was handed over, with its name; an error where that cannot be taken apart."""
    name, numbers = "+".join(task.inputs), count()
    for given in inputs:
        try:
            values = list(spread(task, [given]))
        except REFUSED as error:
            yield shown(given, f"{name}[{next(numbers)}]"), error
            continue
        for value in values:
            yield shown(value, f"{name}[{next(numbers)}]"), value


def taken(run: Opened, name: Any, value: Any) -> "Group | Singles":
    """The rows of a table as a group; else the single inputs that `value` is, or the error that says why it is none."""
    if isinstance(value, FukamiError):
        return [(name, value)]
    try:
        if missing_inputs(run.told, [value]):
            raise missing_input(str(value))
        many = as_many(run, value)
        return [(name, as_single(value, run.predictor.task))] if many is None else many
    except REFUSED as error:
        return [(name, error)]


def together(task: Task, single: Singles) -> Iterator[Group]:
    """Single inputs as one group, or as several where not all can be read beside each other; errors among them stay errors."""
    errors = {place: value for place, (_name, value) in enumerate(single) if isinstance(value, FukamiError)}
    good, columns = [pair for place, pair in enumerate(single) if place not in errors], {}
    try:
        columns = gathered(task, good)[1] if good else {}
    except REFUSED as error:
        if len(single) > 1:
            yield from together(task, single[: len(single) // 2])
            yield from together(task, single[len(single) // 2 :])
            return
        errors[0] = error
    yield Group([name for name, _value in single], columns, errors)


def spread(task: Task, inputs: Sequence[Any]) -> Iterator[Any]:
    """The inputs one by one, those that hold several taken apart by the field that reads them."""
    if len(task.inputs) > 1:  # each holds them by their names
        yield from inputs
        return
    (field,) = task.inputs.values()
    for value in inputs:
        several = field.several(value)
        if several is None:
            several = inside(Path(value), field) if is_folder(value) else [value]
        yield from several


def is_folder(value: Any) -> bool:
    try:
        return isinstance(value, (str, Path)) and value != "" and Path(value).is_dir()
    except OSError:  # a text is mostly too long to be a path
        return False


def inside(folder: Path, field: Field) -> list[str]:
    """Every file of a folder, and of those in it, that is one input or a table of them. Others are told, not asked about."""
    from fukami.data.files import is_junk

    below = [path for path in sorted(folder.rglob("*")) if not any(map(is_junk, path.relative_to(folder).parts))]
    files = [path for path in below if path.is_file()]
    wanted = card("fields", field.kind).extensions
    fits = [path.suffix.lower() in wanted if wanted else is_table(path.name) for path in files]
    found, others = ([str(path) for path, fit in zip(files, fits, strict=True) if fit == side] for side in (True, False))
    kinds = ", ".join(sorted(wanted or TABLES))
    if not found:
        what = _("the folder holds no file that the run can read")
        got = ", ".join(path.name for path in files[:5]) or _("nothing")
        raise DataError("F-INPUT-FOLDER", what, where=str(folder), expected=kinds, got=got)
    if others:
        what = _n(
            "{n} file is of another kind and was left out", "{n} files are of another kind and were left out", len(others)
        )
        where = ", ".join(others[:5]) + (", …" if len(others) > 5 else "")
        tell(Problem(code="F-INPUT-OTHER", severity="warning", what=what, where=where, expected=kinds, count=len(others)))
    return found


def shown(value: Any, unnamed: str) -> Any:
    """How an answer names its input; `unnamed` for an array and whatever else has no words of its own."""
    if isinstance(value, (str, Path, int, float, bool, dict)):
        return str(value) if isinstance(value, Path) else value
    return unnamed


def as_many(run: Opened, value: Any) -> Group | Singles | None:
    """A table of inputs, where `value` is one: a path or a DataFrame; or what standard input holds."""
    if isinstance(value, str) and value == "-":
        return from_stream(run, sys.stdin.buffer.read() if sys.stdin is not None else b"")
    if isinstance(value, (str, Path)) and is_table(str(value)) and is_file(value):
        return from_table(run, value, str(value))
    if isinstance(value, str) and known("data/datasets", value) and not Path(value).exists():
        return from_table(run, value, value)
    if hasattr(value, "columns") and not isinstance(value, dict):
        return from_table(run, value, "")
    return None


def as_single(value: Any, task: Task) -> Any:
    """Text that is a JSON object means the object, where the task takes rows or the object names its input."""
    if not (isinstance(value, str) and value.lstrip().startswith("{")):
        return only(value, task)
    try:
        told = only(parsed(value), task)
    except ValueError:
        return value
    return (
        told
        if not isinstance(told, dict) or len(task.inputs) > 1 or any(field.takes_rows for field in task.inputs.values())
        else value
    )


def gathered(task: Task, single: list[tuple[Any, Any]]) -> tuple[list[Any], Columns]:
    names, values = [name for name, _value in single], [settled(value) for _name, value in single]
    if len(task.inputs) == 1:
        return names, {name: field.gather(values) for name, field in task.inputs.items()}
    for value in values:
        if not isinstance(value, dict) or not task.inputs.keys() <= value.keys():
            raise DataError(
                "F-INPUT-NAMES",
                _("an input has several parts, each of which has to be given by its name"),
                where=shortened(value),
                expected="{" + ", ".join(f'"{name}": …' for name in task.inputs) + "}",
            )
    return names, {name: field.gather([value[name] for value in values]) for name, field in task.inputs.items()}


def from_table(run: Opened, source: Any, name: str, *, say: Callable[[Problem], None] | None = None) -> Group:
    """Every row of a table. What is left out, or guessed, is said on standard error unless `say` is given."""
    say = say or tell
    from fukami.data import read
    from fukami.data.bind import bind, taken_files

    predictor = run.predictor
    table: Table = read(source, predictor.recipe.data, kinds=predictor.task.card.inputs)
    for problem in table.problems:  # rows that are left out get no answer: silence would shift all that follow
        say(problem if name != "-" else replace(problem, where=problem.where.replace(str(source), "-")))
    columns = bind(table, predictor.task, predictor.recipe.data, with_targets=False)
    columns = {key: columns[key] for key in predictor.task.inputs}
    for problem in taken_files(table, predictor.task, columns):
        say(problem)
    whole, (table, columns) = table, predictor.task.questions(predictor.task, table, columns, predictor.recipe.data)
    for problem in table.problems[len(whole.problems) :]:  # what making questions of the rows has found
        tell(problem)
    first = next(iter(columns.values()))[0]
    numbers = first.rows if first.rows is not None else np.arange(len(first)) + 1
    return Group(
        [f"{name}:{number}" if name else f"[{number - 1}]" for number in numbers],
        columns,
        table=name,
        given=whole if table is whole else None,
    )


def from_stream(run: Opened, content: bytes) -> Group | Singles:
    """Standard input: a binary file, JSON (an object, a list, or one a line), a CSV table, or lines of text."""
    task = run.predictor.task
    if not content.strip():
        raise UsageError("F-INPUT-EMPTY", _("standard input is empty"), fix="… | fukami predict RUN -")
    text = as_text(content)
    if text is None:
        return [("-", content)]
    values = from_json(text, task)
    if values is None and any(field.takes_rows for field in task.inputs.values()):
        with tempfile.TemporaryDirectory(prefix="fukami-") as folder:
            place = Path(folder) / "stdin.csv"
            place.write_bytes(content)
            return from_table(run, place, "-")
    if values is None:
        values = [line for line in text.splitlines() if line.strip()]
    return [(f"-:{number}", value) for number, value in enumerate(values, 1)]


def as_text(content: bytes) -> str | None:
    """Text where the bytes are text, in UTF-8 or the encoding of Japanese Windows; None where they are not."""
    if b"\0" in content[:4096]:
        return None
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def from_json(text: str, task: Task) -> list[Any] | None:
    """The inputs of JSON text: a list's items, one object, or the objects of JSON Lines; None where it is no JSON."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        told = parsed(text)
        values = told if isinstance(told, list) else [told]
    except ValueError:
        try:
            values = [parsed(line) for line in io.StringIO(text) if line.strip()]
        except ValueError:
            return None
    return [only(value, task) for value in values]


def only(value: Any, task: Task) -> Any:
    """An object that names the task's only input stands for what it holds: `{"text": "A fine film."}`."""
    if isinstance(value, dict) and len(task.inputs) == 1:
        ((name, field),) = task.inputs.items()
        if name in value and not field.takes_rows:
            return value[name]
    return value


def tell_unfamiliar(task: Task, columns: Columns) -> None:
    """One line on standard error for each thing that the inputs hold and the training did not know."""
    for name, field in task.inputs.items():
        for problem in field.unfamiliar(columns[name]):
            tell(problem)


def tell(problem: Problem) -> None:
    """One line on standard error, which leaves the answers alone."""
    place = ": ".join(filter(None, (problem.where, problem.got)))
    print(f"{problem.code}  {problem.what}  ({place})", file=sys.stderr, flush=True)


def require_usable(task: Task, group: Group, *, before: int = 0) -> None:
    """Raises the error of the first input that cannot be read or used."""
    errors = {**group.errors, **unusable(task, group, before=before)}
    if errors:
        raise errors[min(errors)]


def unusable(task: Task, group: Group, *, before: int = 0) -> dict[int, FukamiError]:
    """The errors of the inputs that were read but cannot be used, by their place; `before` counts the inputs before these."""
    errors: dict[int, FukamiError] = {}
    for name, field in task.inputs.items() if group.read else ():
        for row in np.flatnonzero(~field.usable(group.columns[name])):
            place = group.read[row]
            called = (
                shortened(group.names[place])
                if str(group.names[place]).strip()
                else _("input {n}").format(n=before + place + 1)
            )
            own = [column.take(np.array([row])) for column in group.columns[name]]
            errors.setdefault(place, _error(field, own, called, is_row=group.table is not None))
    return errors


def _error(field: Field, columns: list[Column], called: str, *, is_row: bool) -> DataError:
    """Why one input, told by its name `called`, cannot be used."""
    problem = next((p for p in field.check(columns) if p.severity != "note"), None)
    if problem is None:
        return DataError("F-INPUT-UNUSABLE", _("an input cannot be used"), where=called)
    is_place = is_row or exists(called) or not is_here()
    close = [] if is_place else nearest(Path(called).name, [p.name for p in Path(called).parent.glob("*")])
    fix = _("did you mean {names}?").format(names=", ".join(close)) if close else problem.fix
    return DataError(problem.code, problem.what, where=called, expected=problem.expected, got=problem.got, fix=fix)
