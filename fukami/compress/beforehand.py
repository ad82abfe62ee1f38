"""What a run's files already rule out of a compression, said before torch is loaded."""

import json
import struct
from pathlib import Path
from typing import Any

from fukami.compress.asked import Asked
from fukami.core.cards import card
from fukami.core.errors import UsageError
from fukami.core.extras import require
from fukami.core.language import _
from fukami.models import registry


def require_possible(run: Path, told: dict[str, Any], asked: Asked) -> None:
    """Raises `UsageError` where `asked` cannot be done with the run in folder `run`, whose `run.json` is `told`."""
    asked.require_metrics(told["task"])
    for way in asked.steps:
        require(way.extra)
    if asked.distill:
        task = card("tasks", told["task"])
        registry.resolve(asked.distill, takes=task.asked, needs=task.needs)
    for flag, value in (("--epochs", asked.epochs), ("--set", asked.settings)):
        if value and not (asked.wishes or any(way.learns for way in asked.steps)):
            what = _("{flag} says how a student or a pruned model learns, and here nothing learns").format(flag=flag)
            raise UsageError("F-COMPRESS-LEARNS", what, expected="--distill MODEL | --prune 0.5")
    if asked.prune and not asked.unstructured:
        require_widths(run)


def require_widths(run: Path) -> None:
    """Raises `UsageError` F-PRUNE-NOTHING where names and shapes of weights show that nothing can be taken out.

    Of any other network `compress/pruning.py` finds it out, which has to follow what depends on what.
    """
    shapes = shapes_of(run / "model" / "model.safetensors")
    recurrent = any(".weight_hh_l" in f".{name}" for name in shapes)
    several = len(shapes.get("head.weight", ())) == 3  # an ensemble whose members share their layers
    if recurrent or several:
        raise no_widths(str(run))


def shapes_of(file: Path) -> dict[str, tuple[int, ...]]:
    """Name → shape of the tensors in a safetensors file, from its header; none where there is no such file."""
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            told = json.loads(stream.read(length))
    except (OSError, ValueError, struct.error):
        return {}
    return {name: tuple(part["shape"]) for name, part in told.items() if name != "__metadata__"}


def no_widths(where: str) -> UsageError:
    """The error for a network without channels or hidden widths that can be taken out."""
    return UsageError(
        "F-PRUNE-NOTHING",
        _("this network has no channels or hidden widths that can be taken out"),
        where=where,
        expected=_("convolutions, or feed-forward parts between linear layers"),
        fix=_("--unstructured makes single weights zero; --to int8 and --distill suit any network"),
    )
