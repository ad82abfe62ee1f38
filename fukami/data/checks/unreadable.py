"""So many inputs that cannot be read that something is wrong with the data as a whole."""

from collections.abc import Iterator

from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.data.evidence import Evidence

MOST = 0.5


def check(evidence: Evidence) -> Iterator[Problem]:
    """An error where more than half of the inputs cannot be used."""
    unreadable = evidence.total - evidence.readable
    if evidence.total and unreadable > MOST * evidence.total:
        yield Problem(
            code="F-DATA-UNREADABLE",
            severity="error",
            what=_("{n} of {total} inputs cannot be used").format(n=unreadable, total=evidence.total),
            where=evidence.table.name,
            expected=_("at least half of them usable"),
            fix=_("see the other problems for what is wrong with them"),
            count=unreadable,
        )
