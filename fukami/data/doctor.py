"""The doctor: every problem of a data set, gravest first, each with its place and its mend.

Three kinds of witnesses are heard: the reader (what it noticed while reading), each field about its own cells, and the checks
in `checks/`, one file each, which look at examples as wholes. Time is bounded: costly checks look at a sample of 20,000.
"""

from collections.abc import Callable, Iterable, Iterator

from fukami.core import rooms
from fukami.core.errors import FukamiError
from fukami.core.language import _
from fukami.core.problems import SEVERITIES, Problem
from fukami.core.tables import Column, Table
from fukami.data.evidence import Evidence, gathered
from fukami.data.split import Split
from fukami.tasks.contract import Task

MOST_ALIKE = 6
"""Problems of one code that are told one by one; the rest is counted."""


def examine(task: Task, table: Table, columns: dict[str, list[Column]], split: Split | None = None) -> list[Problem]:
    """Every problem of the data.

    `columns` are all rows as they were read, usable or not; `split` numbers the usable ones, as does `table` where rows were
    taken out. Without a split (new data for a finished run) only what concerns examples by themselves is asked.
    """
    found = list(table.problems)
    for name, field in task.fields.items():
        if name in columns:
            found += _heard(field.check, columns[name])
    try:
        evidence = gathered(task, table, columns, split)
    except FukamiError as error:
        return told([*found, _as_problem(error)])
    for check in checks():
        found += _heard(check, evidence)
    return told(found)


def checks() -> tuple[Callable[[Evidence], Iterable[Problem]], ...]:
    """The `check` of every file in `checks/`, by name."""
    return tuple(rooms.loaded(file).check for _name, file in sorted(rooms.files("data/checks").items()))


def _heard(check: Callable[..., Iterable[Problem]], subject: object) -> Iterator[Problem]:
    """What a check yields; cells so wrong that it cannot even look at them are a problem too."""
    try:
        yield from check(subject)
    except FukamiError as error:
        yield _as_problem(error)


def _as_problem(error: FukamiError) -> Problem:
    return Problem(
        code=error.code,
        severity="error",
        what=error.what,
        where=error.where,
        expected=error.expected,
        got=error.got,
        fix=error.fix,
    )


def told(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once, gravest first; of many with one code the first, and how many more there are.

    >>> note = Problem(code="F-A", severity="note", what="a", where="x")
    >>> fault = Problem(code="F-B", severity="error", what="b", where="x")
    >>> [p.code for p in told([note, fault, note])]
    ['F-B', 'F-A']
    """
    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in dict.fromkeys(problems):
        groups.setdefault((problem.code, problem.severity), []).append(problem)
    out = []
    for alike in groups.values():
        out += alike[:MOST_ALIKE]
        rest = alike[MOST_ALIKE:]
        if rest:
            out.append(
                Problem(
                    code=rest[0].code,
                    severity=rest[0].severity,
                    what=_("{n} more problems of this kind").format(n=len(rest)),
                    where=", ".join(dict.fromkeys(p.where for p in rest[:12])) + (", …" if len(rest) > 12 else ""),
                    count=sum(p.count for p in rest),
                )
            )
    return sorted(out, key=lambda problem: SEVERITIES.index(problem.severity))
