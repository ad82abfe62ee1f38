"""A folder that holds a table: one file, or one per part (`train.csv`, `test.csv`; `train-00000-of-00004.parquet`).

Relative paths in its cells are relative to the table, so pictures may stand beside it.
"""

from pathlib import Path

from fukami.core.errors import UsageError
from fukami.core.language import N_, _
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import Table
from fukami.data.files import is_junk, suffix
from fukami.data.joined import joined
from fukami.data.parts import part_in, part_named
from fukami.data.readers import delimited, json_lines, parquet, spreadsheet

TOLD = N_("a table in the folder")
_EXTENSIONS = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".data", ".test", ".psv"), delimited),
    **dict.fromkeys(json_lines.EXTENSIONS, json_lines),
    **dict.fromkeys(parquet.EXTENSIONS, parquet),
    **dict.fromkeys(spreadsheet.EXTENSIONS, spreadsheet),
}
_BY_PREFERENCE = (".parquet", ".pq", ".jsonl", ".ndjson", ".json", ".csv", ".tsv")


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    if not source.is_dir():
        return 0.0
    files = _tables(source)
    if any(part_in(p.stem.split(".")[0]) for p in files):
        return 0.9
    return 0.85 if files else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    files = _tables(source)
    if not files:
        from fukami.data.readers import _nobody

        raise _nobody(source)
    divided = {p: part_of(p) for p in files}
    named = [p for p in files if divided[p]]
    problems = []
    if named and len(named) < len(files):
        others = [p.name for p in files if not divided[p]]
        what = _("tables whose names say no part were left out")
        problems.append(
            Problem(code="F-TABLES-OTHERS", severity="note", what=what, where=str(source), got=", ".join(others[:8]))
        )
    chosen = _one_form(named, source) if named else files
    if not named and len(files) > 1:
        raise UsageError(
            "F-TABLES-SEVERAL",
            _("the folder holds several tables, and their names say no part"),
            where=str(source),
            expected=_("one table, or train.csv, valid.csv and test.csv"),
            got=", ".join(p.name for p in files[:10]),
            fix=_("name one file: {path}").format(path=files[0]),
        )
    order = {"train": 0, "": 1, "valid": 2, "test": 3}
    chosen = sorted(chosen, key=lambda p: (order[divided[p]], str(p)))
    tables = [(divided[p], _EXTENSIONS[suffix(p)].read(p, choices, kinds=kinds)) for p in chosen]
    table = joined(tables, name=str(source), layout="tables") if len(tables) > 1 else tables[0][1]
    return delimited.with_problems(table, problems)


def part_of(path: Path) -> str:
    """The part that a table's name says, or else the folder it stands in."""
    return part_in(path.name.split(".")[0]) or part_named(path.parent.name)


def _tables(folder: Path) -> list[Path]:
    """Tables in the folder, in its `data` folder, or one in each folder of a part."""
    found = _inside(folder)
    for child in sorted(folder.iterdir()) if not found else ():
        if child.is_dir() and (child.name == "data" or part_named(child.name)):
            found += _inside(child)
    return found


def _inside(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if not is_junk(p.name) and suffix(p) in _EXTENSIONS and p.is_file())


def _one_form(files: list[Path], source: Path) -> list[Path]:
    """Where the same parts stand in several forms, the richest one; where one form stands twice, the user chooses."""
    forms: dict[str, list[Path]] = {}
    for path in files:
        forms.setdefault(suffix(path), []).append(path)
    if len(forms) > 1:
        best = next((form for form in _BY_PREFERENCE if form in forms), next(iter(forms)))
        covered = {part_of(p) for p in forms[best]}
        if any({part_of(p) for p in others} - covered for others in forms.values()):
            return files
        return forms[best]
    return files
