"""From what a person hands over to answers: files, tables of many, text, JSON, standard input.

A table's path stands for all its rows; `-` reads standard input; anything else is one raw input, which the fields take
as it is.
"""

import io
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fukami.core.beforehand import TABLES, is_table, missing_input
from fukami.core.cards import card, known
from fukami.core.errors import DataError, UsageError, nearest
from fukami.core.given import exists, is_file, parsed, settled, shortened
from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column, Table
from fukami.fields.contract import Field
from fukami.opened import Opened
from fukami.tasks.contract import Task

Columns = dict[str, list[Column]]


def predict_inputs(run: Opened, inputs: Sequence[Any]) -> list[dict[str, Any]]:
    """`{"input", …answer}` for each input, in order. Raises `DataError` naming the first input that cannot be read."""
    predictor = run.predictor
    answers: list[dict[str, Any]] = []
    for names, columns in grouped(run, inputs):
        require_usable(predictor.task, columns, names, before=len(answers))
        tell_unfamiliar(predictor.task, columns)
        told = predictor.predict(columns)
        answers += [{"input": name, **answer} for name, answer in zip(names, told, strict=True)]
    return answers


def grouped(run: Opened, inputs: Sequence[Any]) -> Iterator[tuple[list[Any], Columns]]:
    """Inputs as columns: single ones together, each table by itself."""
    single: list[tuple[Any, Any]] = []
    name = "+".join(run.predictor.task.inputs)
    for number, value in enumerate(spread(run.predictor.task, inputs)):
        many = as_many(run, value)
        if many is None:
            single.append((shown(value, f"{name}[{number}]"), as_single(value, run.predictor.task)))
            continue
        if single:
            yield gathered(run.predictor.task, single)
            single = []
        yield many
    if single:
        yield gathered(run.predictor.task, single)


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


def as_many(run: Opened, value: Any) -> tuple[list[Any], Columns] | None:
    """A table of inputs, where `value` is one: a path, standard input that holds one, or a DataFrame."""
    if isinstance(value, str) and value == "-":
        return from_stream(run, sys.stdin.buffer.read() if sys.stdin is not None else b"")
    if isinstance(value, (str, Path)) and is_table(str(value)) and is_file(value):
        return from_table(run, value, str(value))
    if isinstance(value, str) and is_table(value) and len(value.split()) == 1 and not exists(value):
        raise missing_input(value)
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


def from_table(run: Opened, source: Any, name: str) -> tuple[list[Any], Columns]:
    """Every row of a table."""
    from fukami.data import read
    from fukami.data.bind import bind

    predictor = run.predictor
    table: Table = read(source, predictor.recipe.data, kinds=predictor.task.card.inputs)
    for problem in table.problems:  # rows that are left out get no answer: silence would shift all that follow
        tell(problem if name != "-" else replace(problem, where=problem.where.replace(str(source), "-")))
    columns = bind(table, predictor.task, predictor.recipe.data, with_targets=False)
    columns = {key: columns[key] for key in predictor.task.inputs}
    table, columns = predictor.task.questions(predictor.task, table, columns, predictor.recipe.data)
    first = next(iter(columns.values()))[0]
    numbers = first.rows if first.rows is not None else np.arange(len(first)) + 1
    return [f"{name}:{number}" if name else f"[{number - 1}]" for number in numbers], columns


def from_stream(run: Opened, content: bytes) -> tuple[list[Any], Columns]:
    """Standard input: a binary file, JSON (an object, a list, or one a line), a CSV table, or lines of text."""
    task = run.predictor.task
    if not content.strip():
        raise UsageError("F-INPUT-EMPTY", _("standard input is empty"), fix="… | fukami predict RUN -")
    text = as_text(content)
    if text is None:
        return gathered(task, [("-", content)])
    values = from_json(text, task)
    if values is None and any(field.takes_rows for field in task.inputs.values()):
        with tempfile.TemporaryDirectory(prefix="fukami-") as folder:
            place = Path(folder) / "stdin.csv"
            place.write_bytes(content)
            return from_table(run, place, "-")
    if values is None:
        values = [line for line in text.splitlines() if line.strip()]
    return gathered(task, [(f"-:{number}", value) for number, value in enumerate(values, 1)])


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


def require_usable(task: Task, columns: Columns, names: list[Any], *, before: int = 0) -> None:
    """Raises `DataError` for the first input that its field cannot use; `before` counts the inputs before these."""
    for name, field in task.inputs.items():
        usable = field.usable(columns[name])
        if usable.all():
            continue
        row = int(np.flatnonzero(~usable)[0])
        problem = next((p for p in field.check([c.take(np.array([row])) for c in columns[name]]) if p.severity != "note"), None)
        value = shortened(names[row]) if str(names[row]).strip() else _("input {n}").format(n=before + row + 1)
        close = nearest(Path(value).name, [p.name for p in Path(value).parent.glob("*")]) if not exists(value) else []
        raise DataError(
            problem.code if problem else "F-INPUT-UNUSABLE",
            problem.what if problem else _("an input cannot be used"),
            where=value,
            expected=problem.expected if problem else "",
            got=problem.got if problem else "",
            fix=_("did you mean {names}?").format(names=", ".join(close)) if close else (problem.fix if problem else ""),
        )
