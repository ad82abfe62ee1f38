"""Answers beside the rows that were asked about, as one table: columns as they were given, the answer, the probability of each
class, and notes. Of inputs that are no rows of a table the first column is what they are called.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fukami.answered_pictures import written as with_files
from fukami.answers import Group, asked, errors_told, predict_inputs, tell
from fukami.core.extras import needed
from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.data.writing import FORMS, MOST_LETTERS, write
from fukami.fields.scored import native
from fukami.opened import Opened
from fukami.tasks.contract import Task

Cells = dict[str, list[Any]]
"""Name of a column → its cells, None where there is nothing."""
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,14})")
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d+)?")
_GROUPS = re.compile(r"-?[1-9]\d{0,2}(\.\d{3})+")
"""What may be 1250 as well as 1.25."""
_MOST_LOOKS = 2000
"""How often parts of a table are looked at for what the training did not know, before a note is put to all rows of a part."""


def answer_table(
    run: Opened, inputs: Sequence[Any], *, pictures: Path | None = None, as_written: bool = False
) -> tuple[list[dict[str, Any]], Cells, Cells]:
    """The predictions, the rows as they were given, and what is answered of each.

    Numbers of a text table are numbers, unless they are wanted `as_written`. `pictures` is a folder for pictures that are
    answered.
    """
    predictions: list[dict[str, Any]] = []
    given: Cells = {}
    answers: Cells = {"answer": [], "notes": []}
    for group, told in asked(run, inputs):
        told = told if pictures is None else with_files(told, pictures, run=run.path.name)
        _extend(given, rows_of(group, told, as_written=as_written), before=len(predictions), count=len(told))
        notes = notes_of(run.predictor.task, group, told)
        target = run.predictor.task.target
        found = [answer_cells(native(target, one)) | {"notes": note or None} for one, note in zip(told, notes, strict=True)]
        names = dict.fromkeys(name for one in found for name in one)
        _extend(answers, {name: [one.get(name) for one in found] for name in names}, before=len(predictions), count=len(told))
        predictions += told
    answers["notes"] = answers.pop("notes")  # behind what is answered
    return errors_told(predictions), given, {_free(name, given): cells for name, cells in answers.items()}


def _extend(table: Cells, more: Cells, *, before: int, count: int) -> None:
    """Puts `count` rows below the `before` of a table."""
    for name in dict.fromkeys([*table, *more]):
        table.setdefault(name, [None] * before).extend(more.get(name, [None] * count))


def _free(name: str, given: Cells) -> str:
    number = 2
    own = name
    while own in given:
        own, number = f"{name}_{number}", number + 1
    return own


def rows_of(group: Group, told: Sequence[dict[str, Any]], *, as_written: bool) -> Cells:
    """What was given: the columns of a table or of records, else what each input is called."""
    if group.given is not None and len(group.given) == len(told):
        found = {name: column.values.tolist() for name, column in group.given.columns.items()}
        textual = group.given.layout == "delimited" and not as_written
        return {name: numbers(cells) if textual else cells for name, cells in found.items()}
    called = [one["input"] for one in told]
    if not all(isinstance(one, dict) for one in called):
        return {"input": [json.dumps(one, ensure_ascii=False) if isinstance(one, dict) else one for one in called]}
    return {str(name): [one.get(name) for one in called] for name in dict.fromkeys(name for one in called for name in one)}


def numbers(cells: list[Any]) -> list[Any]:
    """Cells of a text table as numbers, where all of them are plain ones and can be no others; codes such as 00501 are none.

    >>> numbers(["1", None, "20"]), numbers(["1.5", "2"]), numbers(["00501", "1"]), numbers(["1.250", "12.500", "3"])
    ([1, None, 20], [1.5, 2.0], ['00501', '1'], ['1.250', '12.500', '3'])
    """
    pointed = [cell for cell in cells if cell is not None and "." in cell]
    if pointed and all(map(_GROUPS.fullmatch, pointed)):
        return cells
    for pattern, kind in ((_WHOLE, int), (_NUMBER, float)):
        if all(cell is None or pattern.fullmatch(cell) for cell in cells):
            return [cell if cell is None else kind(cell) for cell in cells]
    return cells


def answer_cells(told: dict[str, Any]) -> dict[str, Any]:
    """What is answered of one input: `answer`, `probability_CLASS` of each class, and what else the answer holds.

    >>> answer_cells({"input": 1, "label": "yes", "score": 0.75, "scores": {"no": 0.25, "yes": 0.75}})
    {'answer': 'yes', 'probability_no': 0.25, 'probability_yes': 0.75}
    """
    parts = {name: part for name, part in told.items() if name not in ("input", "error")}
    scores = parts.pop("scores", None)
    if isinstance(scores, dict):
        parts.pop("score", None)
    first = next((name for name, part in parts.items() if not isinstance(part, dict)), None)
    found = {"answer" if name == first else name: _flat(part) for name, part in parts.items()}
    if isinstance(scores, dict):
        return found | {f"probability_{label}": score for label, score in scores.items()}
    return found if scores is None else found | {"scores": _flat(scores)}


def _flat(part: Any) -> Any:
    """One cell: lists of words are divided by commas, whatever else is no single value stands as JSON."""
    if isinstance(part, list) and all(isinstance(one, str) and "," not in one for one in part):
        return ", ".join(part)
    return json.dumps(part, ensure_ascii=False) if isinstance(part, (dict, list)) else part


def notes_of(task: Task, group: Group, told: Sequence[dict[str, Any]]) -> list[str]:
    """Of each input why it is not answered, or what it holds that the training did not know."""
    notes = [f"{one['error'].code}  {one['error'].what}" if "error" in one else "" for one in told]
    if len(told) == len(group.names):
        rows = [(row, place) for row, place in enumerate(group.read) if "error" not in told[place]]
        for place, note in _unfamiliar(task, group, rows, [_MOST_LOOKS]):
            notes[place] = note
    return notes


def _unfamiliar(task: Task, group: Group, rows: list[tuple[int, int]], looks: list[int]) -> Iterator[tuple[int, str]]:
    looks[0] -= 1
    columns = group.rows([row for row, _place in rows])
    found = [problem for name, field in task.inputs.items() for problem in field.unfamiliar(columns[name])] if rows else []
    if found and len(rows) > 1 and looks[0] > 0:
        yield from _unfamiliar(task, group, rows[: len(rows) // 2], looks)
        yield from _unfamiliar(task, group, rows[len(rows) // 2 :], looks)
    elif found:
        note = "; ".join(f"{problem.what} ({problem.got})" if problem.got else problem.what for problem in found)
        yield from ((place, note) for _row, place in rows)


# -- towards files and programs --------------------------------------------------------------------------------------------
def written(run: Opened, inputs: Sequence[Any], out: Path) -> list[dict[str, Any]]:
    """The predictions, after they were written into the table `out`, or as pictures into the folder of that name."""
    if out.suffix.lower() in FORMS:
        as_written = out.suffix.lower() in (".csv", ".tsv")
        predictions, given, answers = answer_table(run, inputs, pictures=out.with_suffix(""), as_written=as_written)
        write({**given, **answers}, out)
        texts = (cell for column in (*given.values(), *answers.values()) for cell in column if isinstance(cell, str))
        if out.suffix.lower() == ".xlsx" and (cut := sum(len(text) > MOST_LETTERS for text in texts)):
            what = _n("{n} text is longer than a cell takes, and cut", "{n} texts are longer than a cell takes, and cut", cut)
            fix = _("write them as .csv or .parquet")
            tell(
                Problem(
                    code="F-OUT-CUT", severity="warning", what=what, where=str(out), expected=f"≤ {MOST_LETTERS:,}", got=fix
                )
            )
        return predictions
    plain = predict_inputs(run, inputs)
    predictions = with_files(plain, out, run=run.path.name)
    if predictions == plain:
        what = _("neither a picture nor a sound was answered, so nothing was written into the folder")
        fix = _("for a table of the answers: {option}").format(option="--out answers.csv")
        tell(Problem(code="F-OUT-NOTHING", severity="warning", what=what, where=str(out), got=fix))
    return predictions


def answer_frame(run: Opened, inputs: Any) -> Any:
    """The same as a DataFrame of pandas: a copy of the one that was given, with its index and types, where one was."""
    pandas: Any = needed("pandas", extra="pandas")
    predictions, given, answers = answer_table(run, inputs if isinstance(inputs, list) else [inputs])
    if isinstance(inputs, pandas.DataFrame) and len(inputs) == len(predictions):
        frame: Any = inputs
        return frame.assign(**{name: pandas.Series(cells, index=inputs.index) for name, cells in answers.items()})
    return pandas.DataFrame({**given, **answers})
