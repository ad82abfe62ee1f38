"""What the doctor found: one problem, its place and its remedy."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One finding. Errors stop a training, warnings go into the report. Sentences arrive translated, and know
    what from: put several together with `language.joined`, so that a report in the other language can tell them.

    `what` is one sentence; `where` names file, row or column; `count` says how many examples it concerns.
    """

    code: str
    severity: str
    what: str
    where: str
    expected: str = ""
    got: str = ""
    fix: str = ""
    count: int = 1

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def errors(problems: Iterable[Problem]) -> list[Problem]:
    return [p for p in problems if p.severity == "error"]
