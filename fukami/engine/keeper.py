"""Snapshots of a training in memory: what is saved to disk, and where a training goes back to when a step breaks.

A snapshot is taken every few steps, at steps that depend on the recipe alone. A checkpoint is a snapshot on disk, so that a
training that was killed and resumed goes back, should it have to, to where the undisturbed one would have gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch

from fukami.core.errors import RunError
from fukami.core.language import _
from fukami.engine.loop import Learner, Progress, train
from fukami.engine.mishaps import Event, NotFinite, TooLarge, TornUpdate

TRIES = 5
"""How often a training goes back before it is given up."""
LOWER = 0.25
"""Going back lowers the learning rate to this share: five times make a thousandth."""


class Part(Protocol):
    """Something whose state belongs to a snapshot. What `state` gives is never changed in place afterwards."""

    def state(self) -> dict[str, Any]: ...

    def load(self, state: dict[str, Any]) -> None: ...


@dataclass
class Keeper:
    """Runs a learner's steps and keeps it whole. `parts` are further states that go back with it (the best validation).

    `every` is the number of steps between snapshots.

    >>> # for progress in Keeper(learner, every=50).steps(): …
    """

    learner: Learner
    every: int = 50
    parts: dict[str, Part] = field(default_factory=dict)
    tries: int = 0
    snapshot: dict[str, Any] = field(default_factory=dict)

    def steps(self) -> Iterator[Progress]:
        """The progress of `train`; where a step breaks, the training goes back to the last snapshot and tries again.

        Raises `RunError` F-LOSS-NONFINITE after `TRIES` tries, F-MEMORY where a single example is too large.
        """
        self.take()
        while True:
            try:
                for progress in train(self.learner):
                    yield progress
                    if progress.step % self.every == 0:  # after the caller has validated and judged this step
                        self.take()
                return
            except NotFinite as error:
                self._lower(error)
            except TornUpdate:
                self._halve()
            except TooLarge:
                raise _too_large(self.learner) from None

    def take(self) -> None:
        """Keeps the present state as the one to go back to."""
        own = {"tries": self.tries, "learner": copied(state_of(self.learner))}
        self.snapshot = own | {name: part.state() for name, part in self.parts.items()}

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Puts a snapshot back: this keeper's own, or one that was saved."""
        self.tries = snapshot["tries"]
        put_back(self.learner, copied(snapshot["learner"]))
        for name, part in self.parts.items():
            part.load(snapshot[name])
        self.snapshot = snapshot

    def _lower(self, error: NotFinite) -> None:
        if self.tries >= TRIES:
            raise broken(self.learner, error) from None
        tries, scale = self.tries + 1, self.learner.rate_scale * LOWER
        self.restore(self.snapshot)
        self.tries, self.learner.rate_scale = tries, scale
        # kept with the snapshot: what breaks again before the next one must not begin with the old rate
        self.snapshot = self.snapshot | {"tries": tries}
        self.snapshot["learner"] = self.snapshot["learner"] | {"rate_scale": scale}
        told = {"back": self.learner.step, "share": f"{scale:.2g}", "tries": tries, "most": TRIES}
        self.learner.events.append(Event(error.step + 1, "rolled-back", told))

    def _halve(self) -> None:
        step = self.learner.step
        whole = self.learner.micro_batch or self.learner.order.batch_size
        if whole <= 1:
            raise _too_large(self.learner) from None
        self.restore(self.snapshot)
        self.learner.micro_batch = -(-whole // 2)
        self.snapshot["learner"] = self.snapshot["learner"] | {"micro_batch": self.learner.micro_batch}
        told = {"back": self.learner.step, "micro_batch": self.learner.micro_batch}
        self.learner.events.append(Event(step + 1, "torn-update", told))


# -- a learner's state ---------------------------------------------------------------------------------------------------
def state_of(learner: Learner) -> dict[str, Any]:
    """Everything that changes while a learner learns, as a tree of tensors and numbers (not copied)."""
    return {
        "step": learner.step,
        "micro_batch": learner.micro_batch,
        "rate_scale": learner.rate_scale,
        "network": learner.network.state_dict(),
        "optimizer": learner.optimizer.state_dict(),
        "ema": learner.ema.state() if learner.ema else {},
    }


def put_back(learner: Learner, state: dict[str, Any]) -> None:
    """The inverse of `state_of`. The optimiser takes the tensors of `state` for its own."""
    learner.step, learner.micro_batch, learner.rate_scale = state["step"], state["micro_batch"], state["rate_scale"]
    learner.network.load_state_dict(state["network"])
    learner.optimizer.load_state_dict(state["optimizer"])
    for weight, told in learner.optimizer.state.items():
        for name, value in told.items():
            # a file knows no memory order; fused updates read weight and state side by side
            if isinstance(value, torch.Tensor) and value.shape == weight.shape and value.stride() != weight.stride():
                told[name] = torch.empty_like(weight, dtype=value.dtype).copy_(value)
    if learner.ema:
        learner.ema.load(state["ema"])


def copied(tree: Any) -> Any:
    """The tree with every tensor copied, memory order included."""
    return _mapped(tree, lambda t: t.detach().clone(memory_format=torch.preserve_format))


def _mapped(tree: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    if isinstance(tree, torch.Tensor):
        return change(tree)
    if isinstance(tree, dict):
        return {key: _mapped(value, change) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(_mapped(value, change) for value in tree)
    return tree


# -- when it cannot be mended --------------------------------------------------------------------------------------------
def broken(learner: Learner, error: NotFinite) -> RunError:
    """What is said when lowering the rate did not help."""
    return RunError(
        "F-LOSS-NONFINITE",
        _("the loss or its gradient is not a finite number any more"),
        where=_("step {step}, examples {rows} …").format(step=error.step + 1, rows=", ".join(map(str, error.rows[:8]))),
        got=_("loss {loss}, gradient norm {norm}").format(loss=error.loss, norm=error.norm),
        fix=_("a lower rate: --set learning_rate=…; or look at those examples"),
    )


def _too_large(learner: Learner) -> RunError:
    return RunError(
        "F-MEMORY",
        _("memory does not suffice for a single example"),
        where=_("step {step}").format(step=learner.step + 1),
        fix=_("a smaller model, smaller pictures or shorter texts: `fukami plan` tells what each takes"),
    )
