"""Raw inputs that few examples are like, asked of both: what the run answers has to become the same tensors, what it refuses
has to be refused.

They come from the field (`probes`), so that a wrong preprocessing is found which ordinary examples would not show.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fukami.core.errors import DataError, GateError
from fukami.core.given import settled
from fukami.core.language import _
from fukami.export import assemble
from fukami.export.raw_inputs import columns_of, probes_of
from fukami.fields import batch as trees
from fukami.predictor import Predictor

TENSORS = 1e-3
"""Largest difference of two numbers of an input as the network takes it."""


Read = Callable[[Sequence[Sequence[Any]]], list[dict[str, np.ndarray] | str]]
"""What gives the tensors of each list of raw inputs, as an exported program makes them, or why it refuses them."""


class Probe(NamedTuple):
    """A raw input, and the batch that the run makes of it: None where it refuses it."""

    value: Any
    batch: dict[str, Any] | None


def probes(predictor: Predictor, folder: Path, *, fixed: bool = False) -> list[Probe]:
    """What the run makes of its fields' probes, one at a time, in the size that never varies where `fixed`.

    Their files go into `folder`.
    """
    task, found = predictor.task, []
    for value in probes_of(task, folder):
        try:
            columns = columns_of(task, [settled(value)])
            batch = predictor.batch(columns, np.arange(1)) if task.usable(columns).all() else None
        except DataError:
            batch = None
        if batch is not None and fixed:
            batch = {name: task.inputs[name].padded(own) for name, own in batch.items()}
        found.append(Probe(value, batch))
    return found


def in_process(told: dict[str, Any]) -> Read:
    """The pieces of a program, put together here; `told` is the input's part of `preprocessing.json`."""

    def read(values: Sequence[Any]) -> dict[str, np.ndarray] | str:
        try:
            return assemble.read(told, values)
        except (ValueError, OSError) as error:
            return str(error) or type(error).__name__

    return lambda parts: [read(values) for values in parts]


def require_alike(found: Sequence[Probe], read: Read) -> None:
    """Raises `GateError` where the exported preprocessing, which `read` asks, does otherwise."""
    for (value, batch), theirs in zip(found, read([[probe.value] for probe in found]), strict=True):
        if isinstance(theirs, str):
            if batch is None:
                continue
            raise refused(value, theirs)
        if batch is None:
            raise GateError(
                "F-EXPORT-PROBE",
                _("the exported preprocessing takes an input that the run refuses, so nothing was written"),
                where=_short(value),
            )
        require_equal(trees.named(batch), theirs, [value])


def refused(value: Any, reason: str) -> GateError:
    """The error for an input that only the run takes."""
    return GateError(
        "F-EXPORT-PROBE",
        _("the exported preprocessing refuses an input that the run takes, so nothing was written"),
        where=_short(value),
        got=reason[:200],
    )


def require_equal(own: dict[str, Any], theirs: dict[str, np.ndarray], values: Sequence[Any]) -> None:
    """Raises `GateError` where tensors of the same inputs differ. Whole numbers have to be equal, others to `TENSORS`."""
    for name in own.keys() & theirs.keys():
        left, right = own[name].numpy(), np.asarray(theirs[name])
        bad, got = np.arange(len(values)), f"{name}: {left.shape} ≠ {right.shape}"
        if left.shape == right.shape:
            apart = np.abs(left.astype(np.float64) - right).reshape(len(left), -1).max(1, initial=0.0)
            bad = np.flatnonzero(~(apart <= (TENSORS if left.dtype.kind == "f" else 0)))
            got = f"{name}: {apart.max():.3g}"
        if len(bad):
            raise GateError(
                "F-EXPORT-INPUT",
                _("the exported preprocessing makes another tensor of an input than the run does, so nothing was written"),
                where=_short(values[bad[0]]),
                expected=_("at most {most:g} apart").format(most=TENSORS),
                got=got,
            )


def _short(value: Any) -> str:
    return repr(value)[:200]
