"""Why examples cannot be judged, in words: unreadable inputs, no answer to compare with, one that the run does not know."""

from dataclasses import replace
from typing import Any, cast

import numpy as np

from fukami.core.language import _n
from fukami.core.percent import percent
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.tasks.contract import Task


def reasons(task: Task, columns: dict[str, list[Column]]) -> list[str]:
    """A sentence for each reason, with the share of all examples that it concerns. None is left out in silence: a model is
    flattered where what it does not know is not asked about."""
    asked = [name for name in task.fields if name in columns and not task.is_optional(name)]
    usable = {name: task.fields[name].usable(columns[name]) for name in asked}
    readable = np.logical_and.reduce([usable[name] for name in asked if name in task.inputs])
    total, told = len(readable), []
    if unread := int((~readable).sum()):
        told.append(
            _n(
                "{n} example ({share} of those given) is not judged: its input cannot be read",
                "{n} examples ({share} of those given) are not judged: their inputs cannot be read",
                unread,
                n=f"{unread:,}",
                share=percent(unread / total),
            )
        )
    for name in asked:
        if name in task.targets:
            there = cast(Any, replace(cast(Any, task.fields[name]), state={})).usable(columns[name])
            absent, strange = readable & ~there, readable & there & ~usable[name]
            told += _of_target(int(absent.sum()), int(strange.sum()), total, unknown(task, name, columns))
    return told


def unknown(task: Task, name: str, columns: dict[str, list[Column]]) -> Problem | None:
    """What the target's doctor says of answers that were not learned."""
    problems = task.fields[name].check(columns[name])
    return next((problem for problem in problems if problem.code.endswith("-UNKNOWN")), None)


def _of_target(absent: int, strange: int, total: int, problem: Problem | None) -> list[str]:
    told = []
    if absent:
        told.append(
            _n(
                "{n} example ({share} of those given) is not judged: it has no answer to compare with",
                "{n} examples ({share} of those given) are not judged: they have no answer to compare with",
                absent,
                n=f"{absent:,}",
                share=percent(absent / total),
            )
        )
    if strange:
        sentence = _n(
            "{n} example ({share} of those given) is not judged: the run does not know its answer {got} {fix}",
            "{n} examples ({share} of those given) are not judged: the run does not know their answers {got} {fix}",
            strange,
            n=f"{strange:,}",
            share=percent(strange / total),
            got=problem.got if problem else "",
            fix=f"({problem.fix})" if problem and problem.fix else "",
        )
        told.append(sentence.rstrip())
    return told
