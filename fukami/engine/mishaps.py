"""What can go wrong in a step without the training being lost, and how the run tells it.

The loop raises, the keeper mends (`engine/keeper.py`); what was mended is an `Event` of the next progress.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from fukami.core.errors import FukamiError
from fukami.core.language import N_, _
from fukami.core.shortage import is_shortage


class NotFinite(Exception):
    """The loss, or the norm of its gradient, of a step was not a finite number. The weights had not changed yet.

    With `told`, what is not finite are the answers after the step, and that is what is said if nothing mends it.
    """

    def __init__(self, *, step: int, rows: np.ndarray, loss: float, norm: float, told: FukamiError | None = None):
        super().__init__(f"step {step}: loss {loss}, gradient norm {norm}")
        self.step, self.rows, self.loss, self.norm, self.told = step, rows, loss, norm, told


class TornUpdate(Exception):
    """Memory ran out while the weights were being changed, so that some of them are new and some old."""


class BeginAgain(Exception):
    """Memory ran out in one of several processes: all begin again from the checkpoint, `micro_batch` examples at a time."""

    def __init__(self, micro_batch: int):
        super().__init__(f"micro-batch {micro_batch}")
        self.micro_batch = micro_batch


class TooLarge(Exception):
    """Memory ran out with a single example in the micro-batch."""


class NotPrepared(Exception):
    """Memory ran out while the batch of a step was prepared. Nothing had changed yet."""


@dataclass(frozen=True)
class Event:
    """Something that happened before a step, and was mended. `kind` is a key of `SENTENCES`."""

    step: int
    kind: str
    values: dict[str, Any] = field(default_factory=dict)

    def sentence(self) -> str:
        """What the run says of it.

        >>> Event(7, "out-of-memory", {"micro_batch": 32, "parts": 4}).sentence()
        'step 7: memory ran out; repeated in 4 parts of at most 32 examples'
        """
        return _(SENTENCES[self.kind]).format(step=self.step, **self.values)

    def as_dict(self) -> dict[str, Any]:
        """The line that `history.jsonl` and `run.json` have of it: `at`, since the steps of a history are those done."""
        return {"at": self.step, "event": self.kind, **self.values}

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Event:
        """The inverse of `as_dict`."""
        return cls(told["at"], told["event"], {k: v for k, v in told.items() if k not in ("at", "event")})


SENTENCES = {
    "out-of-memory": N_("step {step}: memory ran out; repeated in {parts} parts of at most {micro_batch} examples"),
    "rolled-back": N_(
        "step {step}: the loss was not a finite number; back to step {back}, learning rate times {share}, try {tries} of {most}"
    ),
    "began-again": N_("a process was lost; all began again, from step {step}"),
    "began-smaller": N_(
        "memory ran out in one of the processes; all began again, from step {step}, in parts of at most {micro_batch} examples"
    ),
    "other-number": N_(
        "step {step}: going on in {size} processes instead of {before}: sums are rounded in another order and draws inside the "
        "network (dropout) are others, so the weights will not be those of an undisturbed training to the bit"
    ),
    "left-graphs": N_(
        "step {step}: what was compiled for whole steps cannot compute them in parts; from now on the network is not compiled"
    ),
    "torn-update": N_(
        "step {step}: memory ran out in the update; back to step {back}, in parts of at most {micro_batch} examples"
    ),
    "disk-full": N_(
        "step {step}: the checkpoint could not be written ({reason}); the one of step {kept} is whole, and training goes on"
    ),
    "disk-full-first": N_("step {step}: no checkpoint could be written yet ({reason}); training goes on"),
    "not-prepared": N_("step {step}: memory ran out while the batch was prepared; from now on no batch is prepared ahead"),
    "checkpoint-damaged": N_("the last checkpoint was damaged ({reason}); going on from the one before, of step {step}"),
    "no-snapshot": N_("step {step}: memory ran out for a snapshot; the one of step {kept} stays"),
    "stalled-flat": N_("step {step}: the training loss does not fall; `fukami diagnose {run}` looks for the cause"),
    "stalled-rising": N_("step {step}: the training loss rises; `fukami diagnose {run}` looks for the cause"),
    "stalled-vanished": N_(
        "step {step}: the training loss does not fall, its gradient is almost zero; `fukami diagnose {run}` looks for the cause"
    ),
    "overfitting": N_(
        "step {step}: since epoch {epoch} the validation loss rises ({before} → {now}) while the training loss falls ({train}):"
        " it learns by heart; `fukami diagnose {run}` says what mends it"
    ),
    "stalled-guessing": N_(
        "step {step}: the validation is no better than guessing; `fukami diagnose {run}` looks for the cause"
    ),
}


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out: CUDA's own, or what a processor's allocators say."""
    return isinstance(error, torch.OutOfMemoryError) or is_shortage(error)
