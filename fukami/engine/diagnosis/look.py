"""Looks for every symptom whose file is in `symptoms/`, and ranks what was found: causes before what follows from them."""

import time
from dataclasses import dataclass, replace
from typing import Any

from fukami.core.cards import cards, load
from fukami.core.language import _
from fukami.engine.diagnosis.case import Case
from fukami.engine.diagnosis.contract import Finding, LeftOut, Look
from fukami.engine.mishaps import is_out_of_memory

ROOM = "engine/diagnosis/symptoms"
SURE = 0.5
"""Least score of a cause that is taken to explain others."""


@dataclass(frozen=True)
class Diagnosis:
    """What was found, the likeliest cause first, and what was looked at: symptom → figures, seconds, or why it was left out."""

    findings: tuple[Finding, ...]
    tests: dict[str, dict[str, Any]]

    @property
    def healthy(self) -> bool:
        """Whether something was looked at, and nothing found."""
        return not self.findings and any("left_out" not in told for told in self.tests.values())


def diagnose(case: Case) -> Diagnosis:
    """Looks for every symptom in turn, the cheap ones first."""
    found, tests = [], {}
    for name, known in sorted(cards(ROOM).items(), key=lambda item: item[1].trials):
        started = time.monotonic()
        look, reason = _looked(name, case)
        if look.finding is not None:
            found.append(look.finding)
        told = {"looked_for": _(known.summary), **look.figures, "seconds": round(time.monotonic() - started, 2)}
        tests[name] = told | ({"left_out": reason} if reason else {})
    return Diagnosis(ranked(found), tests)


def _looked(name: str, case: Case) -> tuple[Look, str]:
    """The look for one symptom, or why it was left out."""
    if case.left() <= 0:
        return Look(), _("the time was up")
    try:
        return load(ROOM, name).look(case), ""
    except LeftOut as reason:
        return Look(), str(reason)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return Look(), _("memory did not suffice for it")


def ranked(findings: list[Finding]) -> tuple[Finding, ...]:
    """The findings with the likeliest cause first; what another one explains comes after all that stand for themselves."""
    sure = [finding for finding in findings if finding.score >= SURE]
    told = []
    for finding in findings:
        roots = [one for one in sure if finding.cause in cards(ROOM)[one.cause].explains]
        root = max(roots, key=lambda one: one.score, default=None)
        told.append(replace(finding, follows=root.cause if root else ""))
    return tuple(sorted(told, key=lambda finding: (bool(finding.follows), -finding.score)))
