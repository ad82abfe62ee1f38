"""Fits the baselines of a task."""

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np

from fukami.core.cards import BaselineCard, card, load, suits
from fukami.core.tables import Column
from fukami.data.store import frames_of
from fukami.evaluate.baselines.contract import Answers, Examples, Fitted, InputColumns
from fukami.fields import batch as trees
from fukami.fields.contract import NOTHING
from fukami.fields.frame import Frame

if TYPE_CHECKING:
    from fukami.fields.contract import InputField, TargetField

MAX_EXAMPLES = 100_000
"""More are never looked at by any baseline; each may take fewer."""
MAX_BYTES = 1 << 30
"""Most of their targets that are held: 16,000 masks of 256 × 256 px."""
LOOKED_AT = 64
"""Targets by which their size is estimated."""


def fit_baselines(
    names: Sequence[str],
    inputs: "dict[str, InputField]",
    input_columns: InputColumns,
    target: "TargetField",
    target_columns: list[Column],
    train_rows: np.ndarray,
    *,
    seed: int = 0,
    untrained: Answers | None = None,
) -> list[Fitted]:
    """Fits the named baselines on rows `train_rows` of the raw columns; those that do not apply to these fields are left out.

    Arguments: `inputs` and `target` are learned fields; every row of `train_rows` is usable; `untrained` asks the network that
    is judged with weights that have learned nothing, where it can be made anew.
    Raises `UsageError` for an unknown name.
    """
    rows = np.asarray(train_rows)
    wanted = [name for name in names if applies(card("evaluate/baselines", name), inputs, target, untrained)]
    if not wanted or not len(rows):
        return []

    def truths(rows: np.ndarray) -> Any:
        frames = frames_of(inputs, input_columns, rows) if target.framed else NOTHING
        return truth(target, [column.take(rows) for column in target_columns], frames)

    few = rows[:: -(-len(rows) // LOOKED_AT)]
    most = min(MAX_EXAMPLES, max(1, MAX_BYTES * len(few) // max(1, trees.num_bytes(truths(few)))))
    if len(rows) > most:
        from fukami.core.seeds import generator

        rows = np.sort(generator(seed, "baselines").choice(rows, most, replace=False))
    columns, targets = {name: [column.take(rows) for column in input_columns[name]] for name in inputs}, truths(rows)
    examples = Examples(inputs, columns, target, targets, seed, untrained)
    out = []
    for name in wanted:
        started = time.monotonic()
        with one_thread():
            answers = load("evaluate/baselines", name).fit(examples)
        out.append(Fitted(name, _alone(answers), len(examples), time.monotonic() - started))
    return out


def one_thread() -> AbstractContextManager:
    """Holds scikit-learn to one thread, which is enough for this much work.

    Its threads wait for each other after every tree and every gradient: on a busy machine of two cores, two of them were
    measured four to nine times slower than one.
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


def _alone(answers: Answers) -> Answers:
    def answer(columns: InputColumns) -> Any:
        with one_thread():
            return answers(columns)

    return answer


def applies(
    known: BaselineCard, inputs: "dict[str, InputField]", target: "TargetField", untrained: Answers | None = None
) -> bool:
    """Whether a baseline can judge that target, and all inputs give the features it needs."""
    if known.network and untrained is None:
        return False
    return suits(known, target.kind) and all(not known.needs or hasattr(field, known.needs) for field in inputs.values())


def truth(target: "TargetField", columns: list[Column], frames: Mapping[str, Frame] = NOTHING) -> Any:
    """The targets as they are judged; `frames` are those of the inputs that they lie on."""
    stored = target.encode(columns, frames=frames) if frames else target.encode(columns)
    return trees.arrays(target.truth(target.batch(stored, np.arange(len(columns[0])))))
