"""Raw inputs as other programs give them: of the only input its values, of several what each is by its name."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fukami.core.errors import DataError
from fukami.core.given import settled
from fukami.core.tables import Column
from fukami.fields.contract import InputField
from fukami.tasks.contract import Columns, Task


def values_of(task: Task, columns: Mapping[str, Sequence[Column]], rows: np.ndarray, folder: Path) -> list[Any]:
    """Raw inputs of some rows; files go into `folder`."""
    found = {name: one.as_inputs(columns[name], rows, _place(task, folder, name)) for name, one in task.inputs.items()}
    return _together(task, found)


def columns_of(task: Task, values: Sequence[Any]) -> Columns:
    """Raw inputs as columns."""
    if len(task.inputs) == 1:
        return {name: one.gather(values) for name, one in task.inputs.items()}
    return {name: one.gather([value[name] for value in values]) for name, one in task.inputs.items()}


def probes_of(task: Task, folder: Path) -> list[Any]:
    """Raw inputs that few examples are like (`InputField.probes`): of several each probe of one beside what the others take."""
    each = {name: one.probes(_place(task, folder, name)) for name, one in task.inputs.items()}
    if len(each) == 1:
        return next(iter(each.values()))
    usual = {name: next((v for v in values if _is_taken(task.inputs[name], v)), None) for name, values in each.items()}
    return [{**usual, name: value} for name, values in each.items() for value in values]


def _is_taken(field: InputField, value: Any) -> bool:
    try:
        return bool(field.usable(field.gather([settled(value)])).all())
    except DataError:
        return False


def _place(task: Task, folder: Path, name: str) -> Path:
    """Where files of an input lie: those of several may have the same names."""
    if len(task.inputs) == 1:
        return folder
    (folder / name).mkdir(parents=True, exist_ok=True)
    return folder / name


def _together(task: Task, found: Mapping[str, list[Any]]) -> list[Any]:
    if len(task.inputs) == 1:
        return next(iter(found.values()))
    return [dict(zip(found, values, strict=True)) for values in zip(*found.values(), strict=True)]
