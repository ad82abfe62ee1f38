"""The second stage: run the loop, validate after every epoch, keep the best weights, save so that nothing is lost.

An unfinished training lives in a hidden folder beside its run: `recipe.toml` with every choice resolved,
`checkpoint.safetensors`, `history.jsonl`, TensorBoard events. `--resume` finds it there.
"""

import math
import time
from collections import deque
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fukami.core.cards import card
from fukami.core.errors import RunError
from fukami.core.language import _
from fukami.core.unfinished import CHECKPOINT, Interrupted
from fukami.engine import checkpoint
from fukami.engine.events import Events
from fukami.engine.history import History, read
from fukami.engine.keeper import Keeper
from fukami.engine.learner import Learner
from fukami.engine.loop import Progress
from fukami.engine.mishaps import Event
from fukami.engine.progress import Display
from fukami.engine.ranks import Ranks
from fukami.engine.spread import whole
from fukami.evaluate.judge import judge
from fukami.models.contract import Network
from fukami.objectives.contract import mean_loss
from fukami.predictor import Predictor
from fukami.training.asked import Telling
from fukami.training.interrupts import Asked, interruptible
from fukami.training.prepare import Prepared
from fukami.training.sharing import Sharing
from fukami.training.watching import validation_metrics, watching

LOSS = "loss"
"""What a validation by loss is called, where a metric's name would stand."""
SAVE_EVERY_S = 20.0
"""Least time between two checkpoints: a step takes much less than writing one."""


@dataclass
class Best:
    """The best validation so far, and the weights that had it."""

    metric: str
    value: float | None = None
    step: int = 0
    weights: dict[str, torch.Tensor] = field(default_factory=dict)
    stale: int = 0
    window: int = 1
    """Of so many validations the mean is compared, so that a lucky one decides nothing."""
    recent: tuple[float, ...] = ()

    def seen(self, value: float, step: int, network: torch.nn.Module) -> None:
        self.recent = (*self.recent, value)[-self.window :]
        value = sum(self.recent) / len(self.recent)
        sign = -1 if self.metric == LOSS or not card("metrics", self.metric).higher_is_better else 1
        # weights with which the metric is no number are worse than any, and nothing could be better than what is no number
        gain = -math.inf if math.isnan(value) else math.inf if self.value is None else sign * (value - self.value)
        self.stale = 0 if gain > 0 else self.stale + 1
        # of equally good weights the later are kept: the rate was lower, and a small validation set cannot tell them apart
        if gain >= 0:
            self.value, self.step = value, step
            self.weights = {name: t.detach().cpu().clone() for name, t in whole(network.state_dict()).items()}

    def state(self) -> dict[str, Any]:
        """What a snapshot keeps; `weights` are replaced by better ones, never changed."""
        told = {"value": self.value, "step": self.step, "stale": self.stale, "weights": self.weights}
        return told | {"recent": list(self.recent)}

    def load(self, state: dict[str, Any]) -> None:
        """Takes back what `state` gave."""
        self.value, self.step, self.stale, self.weights = (state[name] for name in ("value", "step", "stale", "weights"))
        self.recent = tuple(state.get("recent", ()))


@dataclass
class Waiting:
    """Seconds that steps waited for data since a training began: each time it goes back the loop counts from 0 again.

    >>> waiting = Waiting(10.0)
    >>> waiting.seconds(1.0, 0), waiting.seconds(2.0, 0), waiting.seconds(0.5, 1), waiting.seconds(1.5, 1)
    (11.0, 12.0, 12.5, 13.5)
    """

    before: float = 0.0
    _last: float = 0.0
    _returns: int | None = None

    def seconds(self, waited: float, returns: int) -> float:
        """All that was waited, where the loop has waited for `waited`, and the training has gone back `returns` times."""
        if self._returns is not None and returns != self._returns:
            self.before += self._last
        self._last, self._returns = waited, returns
        return self.before + waited


@dataclass
class Session:
    """One training in progress: the learner, what it is judged by, and where its state is kept."""

    prepared: Prepared
    predictor: Predictor
    learner: Learner
    place: Path
    out: Path
    best: Best
    every: int = 50
    seconds: float = 0.0
    waited: float = 0.0

    watch: checkpoint.Watch | None = None
    shared: Path | None = None
    """Where the first of several processes keeps the state; `place` of the others is nobody's."""
    plain: Network | None = None
    """What takes the final weights, where they are divided among processes."""
    sharing: Sharing | None = None
    """What several processes share, and what it is worth."""
    on_step: Telling | None = None
    on_epoch: Telling | None = None
    """Whom the caller wants told; the training ends where one answers False."""
    notes: tuple[str, ...] = ()
    """What is to be said about the first weights."""

    def __post_init__(self) -> None:
        first = next(iter(self.prepared.task.inputs))
        column = self.prepared.columns[first][0]
        self.keeper = Keeper(self.learner, self.every, {"best": self.best}, column.where)
        self._saved: tuple[int, int] | None = None
        self._disk_full = False
        self._stalls = watching(self.prepared)

    @property
    def checkpoint(self) -> Path:
        return (self.shared or self.place) / CHECKPOINT

    @property
    def ranks(self) -> Ranks:
        return self.learner.ranks

    def save(self) -> None:
        """Writes the last snapshot, unless it stands there. What was saved before stays whole until this is.

        Raises `OSError` where the disk does not take it.
        """
        if not self._is_saved():
            self._write(self._state())

    def _state(self) -> dict[str, Any]:
        """What a checkpoint holds; weights that are divided among processes are put together, by all of them."""
        own = {"seconds": self.seconds, "waited": self.waited, "processes": self.ranks.size}
        return own | whole(self.keeper.snapshot)

    def _write(self, state: dict[str, Any]) -> None:
        with self.keeper.lock:
            if self.ranks.leads:
                checkpoint.save(self.checkpoint, state, watch=self.watch)
            self._saved = self.keeper.stands_at()

    def _is_saved(self) -> bool:
        return self._saved == self.keeper.stands_at()

    def _save(self, history: History) -> bool:
        """Saves what is new; on a full disk the training goes on, says so once, and tries again later."""
        if self._is_saved():
            return True
        state, before, reason = self._state(), self._saved, ""
        try:
            history.sync()  # a checkpoint must not know of lines that are lost
            self._write(state)
        except OSError as error:
            if error.errno not in checkpoint.DISK:
                raise
            reason = error.strerror or str(error)
        (full,) = self.ranks.any(bool(reason))
        if full:
            self._saved = before
            if not self._disk_full:
                kind, kept = ("disk-full", {"kept": before[0]}) if before else ("disk-full-first", {})
                self.learner.events.append(Event(self.learner.step, kind, {"reason": reason, **kept}))
        self._disk_full = full
        return not full

    def restore(self) -> None:
        """Continues from the saved state, where there is one."""
        if not checkpoint.exists(self.checkpoint):
            return
        state, damage = checkpoint.load_last(self.checkpoint)
        # what an older checkpoint does not say is as if there were nothing to say
        self.seconds, self.waited, before = state.pop("seconds"), state.pop("waited", 0.0), state.pop("processes", 1)
        self.keeper.restore(state)
        self._saved = self.keeper.stands_at()
        if damage:
            self.learner.events.append(Event(self.learner.step, "checkpoint-damaged", {"reason": damage}))
        if before != self.ranks.size:
            told = {"before": before, "size": self.ranks.size}
            self.learner.events.append(Event(self.learner.step, "other-number", told))

    def told(self) -> dict[str, Any]:
        """What the run says of its training: steps, seconds, the shares that waiting for data and padding took, and mishaps."""
        lines = read(self.place / "history.jsonl")
        shares = {"sharing": asdict(self.sharing)} if self.sharing else {}
        return shares | {
            "steps": self.learner.step,
            "seconds": round(self.seconds, 3),
            "best_step": self.best.step,
            "waited_share": round(self.waited / max(self.seconds, 1e-9), 4),
            "padding_share": round(self.learner.order.padding_share(), 4),
            "events": [line for line in lines if "event" in line],
        }

    def averaged(self) -> Any:
        """The network with the averaged weights in it, where the recipe keeps an average."""
        return self.learner.ema.swapped() if self.learner.ema else nullcontext(self.learner.network)

    def validate(self) -> dict[str, float | None]:
        """The headline metric and a loss over the validation examples, with the weights that would be kept."""
        rows, task = self.prepared.split.valid, self.prepared.task
        if len(rows) == 0 or task.card.validates == "nothing":
            return {}
        if task.card.validates == "loss":
            return self._validate_loss(rows)
        target = task.target
        with self.averaged() as network:
            stream = self.predictor.stream(self.prepared.store, rows)
            values: dict[str, float | None] = {}
            refused: RunError | None = None
            if self.ranks.leads:
                try:
                    found = judge(target, validation_metrics(self.prepared), stream, replicates=0, keep_mistakes=0)
                    values |= {name: m["value"] for name, m in found.as_dict()["metrics"].items()}
                except RunError as error:
                    if error.code != "F-EVAL-FINITE":
                        raise
                    refused = error
            deque(stream, maxlen=0)  # answering is shared, judging is for the first process
            if any(self.ranks.any(refused is not None)):
                self.keeper.refuse(refused or RunError("F-EVAL-FINITE", _("the model's answers are not finite numbers")))
                return {}
            values = self.ranks.told(lambda: values)
            if self.best.metric == LOSS:
                values[LOSS] = self._loss(network, rows)
            value = values[self.best.metric]
            if value is not None:
                self.best.seen(value, self.learner.step, network)
        return values

    def _validate_loss(self, rows: np.ndarray) -> dict[str, float | None]:
        """The mean of what is minimised over validation examples."""
        with self.averaged() as network:
            value = self._loss(network, rows)
            if math.isfinite(value):
                self.best.seen(value, self.learner.step, network)
        return {LOSS: value}

    def _loss(self, network: Any, rows: np.ndarray) -> float:
        """The mean of what is minimised over `rows`, with the same draws each time."""
        learner, total, training = self.learner, 0.0, network.training
        network.eval()
        with torch.no_grad(), learner.plan.autocast():
            for part, batch in self.prepared.store.in_order(rows, learner.order.batch_size, learner.device):
                rng = torch.Generator(learner.device).manual_seed(learner.seed)
                given = {name: learner.plan.arranged(value) for name, value in batch.items()}
                total += float(mean_loss(learner.objective, network, given, rng)) * len(part)
        network.train(training)
        return total / len(rows)

    def run(self) -> None:
        """Trains to the end, or to the recipe's patience. Ctrl-C and SIGTERM save the last snapshot and raise `Interrupted`.

        A step or a validation that goes on for long is broken off: nothing of it is in the snapshot.
        """
        display = Display(_("training"), total=self.learner.num_steps, unit=_("examples/s"))
        with (
            interruptible(patient=self.ranks.size > 1, busy=lambda: self.keeper.busy) as interrupt,
            History(self.place / "history.jsonl", resume_at=self.learner.step, returns=self.keeper.returns) as history,
            Events(self.place / "events", purge_step=self.learner.step) as events,
            display,
        ):
            try:
                self._steps(history, events, display, interrupt)
            except KeyboardInterrupt as error:
                if isinstance(error, Interrupted) or self.ranks.size > 1 or not self.keeper.snapshot:
                    raise
                raise self._interrupted(history) from None
            finally:
                self._tell(history, events, display)
        self._finish()

    def saved_apart(self, interrupt: KeyboardInterrupt) -> KeyboardInterrupt:
        """Saves the last snapshot from another thread, where this one computes and hears nothing; see `core.stopping`."""
        with self.keeper.lock:
            if not self.keeper.snapshot or not self.ranks.leads:
                return interrupt
            with suppress(OSError):  # then what was saved before is still there
                self.save()
            return self._told_interrupt() if self._is_saved() else interrupt

    def _steps(self, history: History, events: Events, display: Display, interrupt: Asked) -> None:
        started, saved = time.monotonic() - self.seconds, time.monotonic()
        waiting = Waiting(self.waited)
        for progress in () if self._exhausted() else self.keeper.steps():
            self.seconds, self.waited = time.monotonic() - started, waiting.seconds(progress.waited, self.keeper.returns)
            self._tell(history, events, display)
            if display.due() or progress.ends_epoch:
                loss = float(progress.loss)
                display.step(progress.step, loss=loss, examples=progress.examples, epoch=progress.epoch)
            values = self._log(progress, history, events)
            if values:
                display.valid(values)
            ends = self._told_caller(progress, values)
            interrupted, due, ended = self.ranks.any(interrupt.is_set(), time.monotonic() - saved > SAVE_EVERY_S, ends)
            if interrupted:
                raise self._interrupted(history)
            if ended or (progress.ends_epoch and self._exhausted()):
                break
            if due:
                self._save(history)
                saved = time.monotonic()
        self.keeper.take()
        self.keeper.snapshot = whole(self.keeper.snapshot)  # from here on the first process may save it alone
        if self._saved:  # long enough to be saved: what comes now may take long as well
            self._save(history)

    def _interrupted(self, history: History) -> Interrupted | RunError:
        """Saves, and gives what is to be raised where the training was interrupted."""
        # the last snapshot, not the present state: what goes back later goes back to where it would have gone
        if not self._save(history):
            return self._unsaved()
        return self._told_interrupt()

    def _told_interrupt(self) -> Interrupted:
        step, total, saved = self.learner.step, self.learner.num_steps, self.keeper.stands_at()[0]
        reached = _("step {step} of {total}; it goes on from step {saved}").format(step=step, total=total, saved=saved)
        return Interrupted(self.checkpoint.parent, self.out, reached=reached, begins=saved == 0)

    def _unsaved(self) -> RunError:
        """What is said where a training is interrupted while the disk is full."""
        fix = _("free some space; --resume goes on from step {step}").format(step=self._saved[0]) if self._saved else ""
        return RunError(
            "F-CHECKPOINT-SPACE",
            _("interrupted, and the state could not be saved: the disk does not take it"),
            where=str(self.checkpoint),
            got=_("step {step}").format(step=self.learner.step),
            expected=_("the checkpoint of step {step} is whole").format(step=self._saved[0]) if self._saved else "",
            fix=fix or _("free some space and train again: nothing had been saved yet"),
        )

    def _tell(self, history: History, events: Events, display: Display) -> None:
        """Says what went wrong and was mended before this step, where a person and where a program reads it."""
        for event in self.learner.events:
            if "back" in event.values:
                history.back_to(event.values["back"])
                events.back_to(event.values["back"])
            history.write(event.as_dict())
            display.note(event.sentence())
        self.learner.events.clear()

    def _log(self, progress: Progress, history: History, events: Events) -> dict[str, float | None]:
        """Writes what is due; the validation's values where an epoch ended."""
        step, epoch = progress.step, round(progress.epoch, 4)
        if progress.ends_epoch or step == 1 or step % max(1, progress.num_steps // 200) == 0:
            line = {
                "loss": float(progress.loss),
                "learning_rate": progress.learning_rate,
                "gradient_norm": float(progress.gradient_norm),
            }
            pace = {
                "examples_per_s": round(step * progress.examples / max(self.seconds, 1e-9), 1),
                "seconds": round(self.seconds, 3),
                "waited_s": round(self.waited, 3),
            }
            history.write({"step": step, "epoch": epoch, **line, **pace})
            events.write(step, line | pace)
            self._stalled(step, self._stalls.seen(epoch=progress.epoch, loss=line["loss"], norm=line["gradient_norm"]))
        values = self.validate() if progress.ends_epoch else {}
        if values:
            history.write({"step": step, "epoch": epoch, "valid": values})
            events.write(step, {f"valid/{name}": value for name, value in values.items()})
            self._stalled(step, self._stalls.validated(epoch=progress.epoch, values=values))
            if told := self._stalls.overfitting(epoch=progress.epoch):
                self.learner.events.append(Event(step, "overfitting", {"run": str(self.out), **told}))
        return values

    def _told_caller(self, progress: Progress, values: dict[str, float | None]) -> bool:
        """Tells the caller's functions of a step, and of an epoch where one ends; whether one of them ends the training."""
        if self.on_step is None and (self.on_epoch is None or not progress.ends_epoch):
            return False
        told = {"step": progress.step, "steps": progress.num_steps, "epoch": round(progress.epoch, 4)}
        told |= {"loss": float(progress.loss), "learning_rate": progress.learning_rate}
        answers = [self.on_step(told)] if self.on_step is not None else []
        if self.on_epoch is not None and progress.ends_epoch:
            answers.append(self.on_epoch(told | {"valid": values}))
        return any(answer is False for answer in answers)

    def _stalled(self, step: int, kind: str | None) -> None:
        """Has it told, with what looks for the cause, where a training does not learn."""
        if kind is not None:
            self.learner.events.append(Event(step, kind, {"run": str(self.out)}))

    def is_over(self) -> bool:
        """Whether no step is left to take."""
        return self.learner.step >= self.learner.num_steps or self._exhausted()

    def _exhausted(self) -> bool:
        patience = self.learner.learning.patience
        return bool(patience) and self.best.stale >= patience

    def _finish(self) -> None:
        """Leaves in the predictor's network the weights that the run keeps."""
        network = self.plain or self.learner.network
        if self.learner.learning.keep_best and self.best.weights:
            network.load_state_dict(self.best.weights)
        elif self.learner.ema or self.plain:
            with self.averaged() as learned:
                kept = {name: t.clone() for name, t in whole(learned.state_dict()).items()}
            network.load_state_dict(kept)
        if self.plain:
            self.predictor = replace(self.predictor, network=self.plain.to(self.learner.device))


def held_out(prepared: Prepared) -> tuple[np.ndarray, str]:
    """The rows that the run is judged on, and the name of their part: test where there is one, else validation."""
    if len(prepared.split.test):
        return prepared.split.test, "test"
    return prepared.split.valid, "valid"
