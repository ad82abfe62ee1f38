"""Too few examples to learn from, or to judge by."""

from collections.abc import Iterator

from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.data.evidence import Evidence

FEW = 50
FEW_TO_JUDGE = 30


def check(evidence: Evidence) -> Iterator[Problem]:
    """The sizes of the data and of its test part."""
    if evidence.split is None or len(evidence) == 0:
        return
    if len(evidence) < FEW:
        yield Problem(
            code="F-DATA-FEW",
            severity="warning",
            what=_n(
                "there is only {n} example, too few to learn much from",
                "there are only {n} examples, too few to learn much from",
                len(evidence),
            ),
            where=evidence.table.name,
            expected=_("{n} examples or more").format(n=FEW),
            got=str(len(evidence)),
            fix=_("add examples"),
        )
    tested = len(evidence.split.test)
    if tested < FEW_TO_JUDGE:
        yield Problem(
            code="F-DATA-FEW-TEST",
            severity="warning" if tested == 0 else "note",
            what=_n(
                "the test part has only {n} example, so every figure is uncertain",
                "the test part has only {n} examples, so every figure is uncertain",
                tested,
            ),
            where=evidence.table.name,
            expected=_("{n} examples or more").format(n=FEW_TO_JUDGE),
            got=str(tested),
            fix=_("add examples, or judge by cross-validation: --folds 5"),
        )
