"""Judges a model in one pass over its answers, none of which are kept beyond what each metric's state needs.

B examples of a batch, R bootstrap replicates.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fukami.core.cards import card, cards, suits
from fukami.core.errors import RunError, UsageError
from fukami.core.language import _, _n
from fukami.core.tables import Column
from fukami.evaluate import details
from fukami.evaluate.evaluation import Evaluation, Value
from fukami.evaluate.groups import Grouping, grouping
from fukami.evaluate.spool import Batch
from fukami.fields import batch as trees
from fukami.metrics import bootstrap
from fukami.metrics.contract import Running

if TYPE_CHECKING:
    from fukami.fields.contract import TargetField

_GATHER_EXAMPLES, _GATHER_BYTES = 4096, 16_000_000
_REPLICATE_CELLS = 8_000_000
_GROUP_ROOM = 1 / 16


def judge(
    target: "TargetField",
    metric_names: Sequence[str],
    stream: Iterable[Batch],
    *,
    groups: Mapping[str, Grouping | Column] | None = None,
    seed: int = 0,
    replicates: int = 200,
    keep_mistakes: int = 24,
) -> Evaluation:
    """Evaluates `stream` by the named metrics.

    Arguments: `target` is the learned target field; `stream` yields `(answers, truth, rows)` in its form, where the rows number
    the examples in the table that `groups` were made from and never repeat; `groups` are columns of that table, or what
    `groups.grouping` made of them; `seed` and `replicates` of the bootstrap.
    Raises `UsageError` for a metric that does not apply to the target, `RunError` where an answer is not of finite numbers.
    """
    check_metrics(metric_names, target.kind)
    replicates = min(replicates, max(20, _REPLICATE_CELLS // (3 * target.num_statistics)))  # many thousand classes
    detail = details.of_kind(target.kind)(target, seed=seed, keep=keep_mistakes)
    whole = Running(metric_names, target, replicates=replicates, also=detail.states())
    parts = {
        name: _Part(grouping(by) if isinstance(by, Column) else by, metric_names, target, replicates)
        for name, by in (groups or {}).items()
    }
    examples, keys = 0, 0
    for answers, truth, rows in _gathered(stream):
        _require_finite(answers, rows)
        weights_RB = bootstrap.weights(seed, rows, replicates)
        whole.update(answers, truth, weights_RB)
        detail.update(answers, truth, rows)
        for part in parts.values():
            part.update(answers, truth, rows, weights_RB)
        examples += len(rows)
        keys = (keys + int(bootstrap.row_keys(seed, rows, "examples").sum(dtype=np.uint64))) % 2**64
    return Evaluation(
        examples=examples,
        metrics=_measured(whole),
        details=detail.told(whole),
        groups={name: part.told() for name, part in parts.items()},
        replicates=whole.values(),
        drawn=f"{seed}:{examples}:{keys:016x}",
    )


def check_metrics(names: Sequence[str], kind: str) -> None:
    """Raises `UsageError` for a metric that is unknown, or does not apply to targets of that kind."""
    fitting = sorted(name for name, known in cards("metrics").items() if suits(known, kind))
    for name in names:
        if not suits(card("metrics", name), kind):
            raise UsageError(
                "F-METRIC-KIND",
                _("the metric {name} does not apply to a target of the kind {kind}").format(name=name, kind=kind),
                expected=_("one of {names}").format(names=", ".join(fitting)),
                got=name,
            )


class _Part:
    """The metrics for each group of one column."""

    def __init__(self, grouping: Grouping, names: Sequence[str], target: "TargetField", replicates: int):
        self.grouping = grouping
        self.running = [Running(names, target, replicates=replicates, room=_GROUP_ROOM) for _label in grouping.labels]

    def update(self, answers: Any, truth: Any, rows: np.ndarray, weights_RB: np.ndarray) -> None:
        codes_B = self.grouping.codes[rows]
        for code in np.unique(codes_B):
            member = np.flatnonzero(codes_B == code)
            self.running[code].update(trees.taken(answers, member), trees.taken(truth, member), weights_RB[:, member])

    def told(self) -> list[dict[str, Any]]:
        return [
            {
                "value": label,
                "examples": round(running.weight),
                "metrics": {name: vars(value) for name, value in _measured(running).items()},
            }
            for label, running in zip(self.grouping.labels, self.running, strict=True)
            if running.weight > 0
        ]


def _measured(running: Running) -> dict[str, Value]:
    out = {}
    for name, values in running.values().items():
        known = running.cards[name]
        low, high = bootstrap.interval(values, low=known.low, high=known.high, num_examples=running.weight)
        out[name] = Value(float(values[0]), low, high)
    return out


def _gathered(stream: Iterable[Batch]) -> Iterator[Batch]:
    """The same examples in batches of a few thousand, so that each pass through the metrics is worth its overhead."""
    held: list[Batch] = []
    size = weight = 0
    for batch in stream:
        answers, truth, rows = batch
        held.append(batch)
        size, weight = size + len(rows), weight + trees.num_bytes((answers, truth))
        if size >= _GATHER_EXAMPLES or weight >= _GATHER_BYTES:
            yield trees.joined(held)
            held, size, weight = [], 0, 0
    if size:
        yield trees.joined(held)


def _require_finite(answers: Any, rows: np.ndarray) -> None:
    bad = np.flatnonzero(~trees.finite(answers, len(rows)))
    if len(bad):
        raise RunError(
            "F-EVAL-FINITE",
            _n(
                "the model's answers are not finite numbers for {n} example",
                "the model's answers are not finite numbers for {n} examples",
                len(bad),
            ),
            where=_("row {row}").format(row=int(rows[bad[0]]) + 1),
            expected=_("finite numbers"),
            got=str(trees.part(answers, bad[0], bad[0] + 1))[:80],
            fix=_("train again with a lower learning rate"),
        )
