"""Targets that lie on inputs (a mask on its picture), compared with what they lie on."""

from collections.abc import Iterator

from fukami.core.problems import Problem
from fukami.data.evidence import Evidence


def check(evidence: Evidence) -> Iterator[Problem]:
    """What each framed target finds between its cells and the places of its inputs."""
    framed = {name: field for name, field in evidence.targets.items() if field.framed}
    if not framed or not len(evidence):
        return
    found = {name: field.frame(evidence.columns[name]) for name, field in evidence.inputs.items()}
    frames = {name: frame for name, frame in found.items() if frame is not None}
    for name, field in framed.items():
        yield from field.check_on(evidence.columns[name], frames)
