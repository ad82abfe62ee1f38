"""Snapshots of a training in memory: what is saved to disk, and where a training goes back to when a step breaks.

A snapshot is taken every few steps, at steps that depend on the recipe alone. A checkpoint is a snapshot on disk, so that a
training that was killed and resumed goes back, should it have to, to where the undisturbed one would have gone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from threading import RLock
from typing import Any, Protocol

import torch

from fukami.core.errors import FukamiError, RunError
from fukami.core.language import _, _n
from fukami.data.source import Source
from fukami.engine.learner import Learner
from fukami.engine.loop import Progress, train
from fukami.engine.mishaps import Event, NotFinite, NotPrepared, TooLarge, TornUpdate, is_out_of_memory
from fukami.engine.not_finite import broken, finite_batch
from fukami.engine.spread import divided_state
from fukami.engine.step import halve, release

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

    `every` is the number of steps between snapshots. `name` says which example a row of the store is, as a person knows it.
    `tries` counts how often the rate was lowered, `returns` how often the training has gone back for whatever reason.

    >>> # for progress in Keeper(learner, every=50).steps(): …
    """

    learner: Learner
    every: int = 50
    parts: dict[str, Part] = field(default_factory=dict)
    name: Callable[[int], str] = str
    tries: int = 0
    returns: int = 0
    snapshot: dict[str, Any] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)
    """Held while the snapshot changes or is written."""
    busy: bool = False
    """Whether the snapshot is being changed: an interrupt would tear it."""
    _alone_at: int = -1
    _refused: FukamiError | None = None

    def steps(self) -> Iterator[Progress]:
        """The progress of `train`; where a step breaks, the training goes back to the last snapshot and tries again.

        Raises `RunError` F-LOSS-NONFINITE after `TRIES` tries, F-MEMORY where a single example is too large.
        """
        self.take()
        while True:
            try:
                for progress in train(self.learner):
                    yield progress
                    self._require_accepted(progress)
                    if progress.step % self.every == 0:  # after the caller has validated and judged this step
                        self._require_finite(progress)
                        self.take()
                return
            except NotFinite as error:
                mend = partial(self._lower, error.with_traceback(None))
            except NotPrepared:
                mend = self._prepare_alone
            except TooLarge:
                raise _too_large(self.learner) from None
            except (TornUpdate, RuntimeError, MemoryError) as error:
                # whatever ran out of memory elsewhere in a step may have left it half done, as in the update
                if not isinstance(error, TornUpdate) and not is_out_of_memory(error):
                    raise
                mend = self._halve
            mend()  # outside the handlers: an exception in flight holds on to the tensors of the pass that failed

    def refuse(self, told: FukamiError) -> None:
        """Says that the state after the present step cannot be used, as a validation found: the training goes back.

        `told` is raised where going back does not help.
        """
        self._refused = told

    def take(self) -> None:
        """Keeps the present state as the one to go back to; where memory does not suffice for it, the older one stays."""
        with self.lock:
            self.busy = True
            try:
                self._take()
            finally:
                self.busy = False

    def _take(self) -> None:
        try:
            # into the memory of the snapshot before: fresh memory costs more than the copy
            state = copied(state_of(self.learner), self.snapshot.get("learner"))
        except (RuntimeError, MemoryError) as error:
            # several processes must go back to the same snapshot
            if not is_out_of_memory(error) or not self.snapshot or self.learner.ranks.size > 1:
                raise
            kept = {"kept": self.snapshot["learner"]["step"]}
            self.learner.events.append(Event(self.learner.step, "no-snapshot", kept))
            return
        own = {"tries": self.tries, "returns": self.returns, "learner": state}
        self.snapshot = own | {name: part.state() for name, part in self.parts.items()}

    def stands_at(self) -> tuple[int, int]:
        """The step of the snapshot, and how often the training had gone back by then; together they tell snapshots apart."""
        return self.snapshot["learner"]["step"], self.snapshot["returns"]

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Puts a snapshot back: this keeper's own, or one that was saved."""
        self.tries, self.returns = snapshot["tries"], snapshot["returns"]
        if self.learner.ranks.sharded:
            snapshot = snapshot | {"learner": divided_state(self.learner, snapshot["learner"])}
        put_back(self.learner, snapshot["learner"])
        for name, part in self.parts.items():
            part.load(snapshot[name])
        self.snapshot = snapshot

    def _return(self, **changes: Any) -> None:
        """Goes back to the snapshot, with `changes` to it.

        They are kept with the snapshot: what breaks again before the next one must not begin as it did before.
        """
        returns, learner = self.snapshot["returns"] + 1, self.snapshot["learner"]
        own = {name: changes.pop(name) for name in ("tries",) if name in changes}
        self.restore(self.snapshot | own | {"returns": returns, "learner": learner | changes})

    def _lower(self, error: NotFinite) -> None:
        learner = self.learner
        # the same examples come again whatever the rate is
        if self.tries >= TRIES or (learner.device.type == "cpu" and not finite_batch(learner, error.step)):
            raise error.told or broken(learner, self._pinpointed(error), self.name)
        tries, scale = self.tries + 1, learner.rate_scale * LOWER
        self._return(tries=tries, rate_scale=scale)
        told = {"back": learner.step, "share": f"{scale:.2g}", "tries": tries, "most": TRIES}
        learner.events.append(Event(error.step + 1, "rolled-back", told))

    def _halve(self) -> None:
        step = self.learner.step
        try:
            halve(self.learner, self.learner.order.batch_size)
        except TooLarge:
            raise _too_large(self.learner) from None
        release(self.learner)
        self._return(micro_batch=self.learner.micro_batch)
        told = {"back": self.learner.step, "micro_batch": self.learner.micro_batch}
        self.learner.events.append(Event(step + 1, "torn-update", told))

    def _prepare_alone(self) -> None:
        """Lets the step's batch be prepared again with nothing in memory that could be elsewhere."""
        step = self.learner.step
        if self._alone_at == step:
            raise _no_batch(self.learner)
        self._alone_at = step
        release(self.learner)
        self.learner.plan = replace(self.learner.plan, batches_ahead=0)
        self.learner.events.append(Event(step + 1, "not-prepared", {}))

    def _require_accepted(self, progress: Progress) -> None:
        """Raises `NotFinite` where the caller refused the state after this step."""
        if self._refused is not None:
            told, self._refused = self._refused, None
            rows, step = self.learner.order.at(progress.step - 1), progress.step - 1
            raise NotFinite(step=step, rows=rows, loss=float(progress.loss), norm=float(progress.gradient_norm), told=told)

    # -- devices whose loss is looked at every few steps ------------------------------------------------------------------
    def _require_finite(self, progress: Progress) -> None:
        """Raises `NotFinite` where the state after this step is not one to go back to."""
        if self.learner.device.type == "cpu":  # looked at before the step changed anything
            return
        loss, norm = float(progress.loss), float(progress.gradient_norm)
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise NotFinite(step=progress.step - 1, rows=self.learner.order.at(progress.step - 1), loss=loss, norm=norm)

    def _pinpointed(self, error: NotFinite) -> NotFinite:
        """The first step that broke, with the learner as it was before it: the loss was looked at some steps later."""
        learner = self.learner
        if learner.device.type == "cpu":
            return error
        self.restore(self.snapshot)
        try:
            for progress in train(learner) if learner.step <= error.step else ():
                self._require_finite(progress)
                if progress.step > error.step:  # it does not break again: devices do not round alike each time
                    break
        except NotFinite as first:
            error = first.with_traceback(None)
        self.restore(self.snapshot)
        for progress in train(learner) if learner.step < error.step else ():
            if progress.step == error.step:
                break
        return error


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
        "source": learner.store.state() if isinstance(learner.store, Source) else {},
    }


def put_back(learner: Learner, state: dict[str, Any]) -> None:
    """The inverse of `state_of`. `state` is copied, as far as possible into the memory that the learner has already."""
    learner.step, learner.micro_batch, learner.rate_scale = state["step"], state["micro_batch"], state["rate_scale"]
    learner.network.load_state_dict(state["network"])
    learner.optimizer.load_state_dict(copied(state["optimizer"], learner.optimizer.state_dict()))
    for weight, told in learner.optimizer.state.items():
        for name, value in told.items():
            # a file knows no memory order; fused updates read weight and state side by side
            if isinstance(value, torch.Tensor) and value.shape == weight.shape and value.stride() != weight.stride():
                told[name] = torch.empty_like(weight, dtype=value.dtype).copy_(value)
    if learner.ema:
        learner.ema.load(state["ema"])
    if isinstance(learner.store, Source):
        learner.store.load(copied(state["source"]))


def copied(tree: Any, into: Any = None) -> Any:
    """The tree with every tensor copied; into the tensors of the tree `into`, which are then gone, where they fit.

    All memory is allocated before anything is copied: where it runs out, `into` is as it was.

    >>> old = {"w": torch.zeros(2)}
    >>> new = copied({"w": torch.ones(2), "n": 1}, old)
    >>> new["w"] is old["w"], new
    (True, {'w': tensor([1., 1.]), 'n': 1})
    """
    pairs: list[tuple[torch.Tensor, torch.Tensor]] = []
    made = _with_room(tree, into, pairs)
    with torch.no_grad():
        for room, tensor in pairs:
            room.copy_(tensor)
    return made


def _with_room(tree: Any, into: Any, pairs: list[tuple[torch.Tensor, torch.Tensor]]) -> Any:
    if isinstance(tree, torch.Tensor):
        tensor = tree.detach()
        fits = isinstance(into, torch.Tensor) and (into.shape, into.dtype, into.device) == (
            tensor.shape,
            tensor.dtype,
            tensor.device,
        )
        room = into if fits else torch.empty_like(tensor)
        pairs.append((room, tensor))
        return room
    if isinstance(tree, dict):
        inner = into if isinstance(into, dict) else {}
        return {key: _with_room(value, inner.get(key), pairs) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        beside = into if isinstance(into, (list, tuple)) and len(into) == len(tree) else [None] * len(tree)
        return type(tree)(_with_room(value, room, pairs) for value, room in zip(tree, beside, strict=True))
    return tree


# -- when it cannot be mended --------------------------------------------------------------------------------------------
def _too_large(learner: Learner) -> RunError:
    return RunError(
        "F-MEMORY",
        _("memory does not suffice for a single example"),
        where=_("step {step}").format(step=learner.step + 1),
        fix=_("a smaller model, smaller pictures or shorter texts: `fukami plan` tells what each takes"),
    )


def _no_batch(learner: Learner) -> RunError:
    size = learner.order.batch_size
    return RunError(
        "F-MEMORY",
        _("memory does not suffice to prepare the examples of a step"),
        where=_("step {step}").format(step=learner.step + 1),
        got=_n("{n} example", "{n} examples", size),
        fix=f"--set batch_size={max(1, size // 2)}",
    )
