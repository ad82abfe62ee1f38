"""What symptoms look at: a training, begun anew and as it ended, with the measures that several of them need, each taken once.

B examples of a batch.
"""

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import nn

from fukami.core.errors import RunError
from fukami.core.language import _
from fukami.core.seeds import derive, generator
from fukami.data.store import Store
from fukami.engine import finder
from fukami.engine.diagnosis import attainable
from fukami.engine.diagnosis.contract import LeftOut
from fukami.engine.diagnosis.judging import Judged, judged
from fukami.engine.diagnosis.trial import Trial, train_briefly
from fukami.engine.learner import Learner
from fukami.engine.loop import prepare_batch
from fukami.fields import batch as trees
from fukami.objectives.contract import Turns, mean_loss
from fukami.tasks.contract import Task

SAMPLE = 512
"""Training examples that a loss is measured on: three digits of it."""
HELD = 2000
"""Examples kept aside that are judged."""
STEPS, FEWEST = 60, 20
"""Steps of a trial, and the fewest that say anything."""
SHARE = 0.16
"""Most of the whole time that one trial may take."""
SMALLEST = 8
"""Examples that a step is cut to at most, where whole batches take too long."""
ONE_BATCH = 32
"""Examples that a network which can learn at all learns by heart."""
FEW = 4
"""Batches that are gone through again and again where whole epochs teach too little in so few steps."""
BY_HEART = 0.8
"""What counts as by heart, on the scale from guessing to perfect."""
FALL = 0.05
"""Least fall of the loss in a range test that shows more than noise, on the same scale."""


@dataclass
class Case:
    """One training to diagnose.

    `learner` is the training begun anew. `trained` holds the weights it ended with, None where none were kept. `train` and
    `held` are rows of the store: trained on, and kept aside. `evaluation` (metric → value, low, high), `baselines` (name →
    metric → value), `split` and `problems` are what the training proved and the doctor found. `batch_size` is the number of
    examples that the network saw at a time, `batches_ahead` how many batches were prepared in advance. `mend(**settings)` gives
    the command that trains again with other settings, `check` the doctor's. `seconds` is how long the diagnosis may take.
    """

    task: Task
    learner: Learner
    trained: nn.Module | None
    train: np.ndarray
    held: np.ndarray
    headline: str
    history: list[dict[str, Any]]
    mend: Callable[..., str]
    check: str
    batch_size: int
    batches_ahead: int = 0
    evaluation: dict[str, Any] = field(default_factory=dict)
    baselines: dict[str, dict[str, float]] = field(default_factory=dict)
    split: dict[str, Any] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 25.0
    started: float = field(default_factory=time.monotonic)

    # -- examples ------------------------------------------------------------------------------------------------------------
    @property
    def seed(self) -> int:
        return self.learner.seed

    def some(self, rows: np.ndarray, most: int) -> np.ndarray:
        """At most `most` of the rows, drawn at random, in ascending order."""
        if len(rows) <= most:
            return rows
        return np.sort(generator(self.seed, "diagnosis").choice(rows, most, replace=False))

    def batch(self, rows: np.ndarray) -> dict[str, Any]:
        """The tensors of examples, as they are: neither augmented nor mixed."""
        found = self.learner.store.batch(rows, self.learner.device)
        return {name: self.learner.plan.arranged(value) for name, value in found.items()}

    def rng(self) -> torch.Generator:
        """What an objective draws from where nothing but the network is to differ."""
        return torch.Generator(self.learner.device).manual_seed(0)

    def inputs(self, batch: dict[str, Any]) -> dict[str, Any]:
        return {name: batch[name] for name in self.task.inputs}

    def step_batch(self, index: int) -> dict[str, Any]:
        """The batch of a trial's step, varied as the training varies it, cut where whole batches would take too long."""
        order = self.learner.order
        rng = torch.Generator(self.learner.device).manual_seed(derive(self.seed, "diagnosis", index))
        batch = prepare_batch(self.learner, order.at(index), rng)
        return batch if self._cut >= order.batch_size else trees.part(batch, 0, self._cut)

    @cached_property
    def sample(self) -> np.ndarray:
        """Training rows that losses are measured on, which happens after every trial."""
        return self.some(self.train, self._affordable(SAMPLE, SHARE / 4))

    # -- time ----------------------------------------------------------------------------------------------------------------
    def left(self) -> float:
        """Seconds that are left for the diagnosis."""
        return self.seconds - (time.monotonic() - self.started)

    @cached_property
    def step_seconds(self) -> float:
        """The time of one training step on a whole batch."""
        rng = torch.Generator(self.learner.device).manual_seed(derive(self.seed, "diagnosis", 0))
        batch = prepare_batch(self.learner, self.learner.order.at(0), rng)
        whole, few = trees.size(batch), trees.part(batch, 0, SMALLEST)
        estimate = self._timed(few) * whole / trees.size(few)  # too high for small networks, which are quick to time in full
        return self._timed(batch) if estimate < SHARE * self.seconds else estimate

    def _timed(self, batch: dict[str, Any]) -> float:
        return min(self._brief(self.learner.network, lambda _index: batch, rate=1e-6, steps=1).seconds for _again in range(2))

    @cached_property
    def _cut(self) -> int:
        whole, allowed = self.learner.order.batch_size, SHARE * self.seconds / STEPS
        return whole if self.step_seconds <= allowed else max(SMALLEST, int(whole * allowed / self.step_seconds))

    def _affordable(self, most: int, share: float) -> int:
        """How many examples can be answered within a share of the time: a third of what learning from them takes."""
        each = self.step_seconds / self.learner.order.batch_size / 3
        return max(64, min(most, int(share * self.seconds / max(each, 1e-9))))

    def steps(self, most: int = STEPS, *, size: int = 0) -> int:
        """The number of steps with `size` examples that a trial may take (0: a step's own).

        Raises `LeftOut` where too few fit into the time.
        """
        each = self.step_seconds * min(1.0, (size or self._cut) / self.learner.order.batch_size)
        fit = int(min(SHARE * self.seconds, self.left()) / max(each, 1e-9))
        if fit < FEWEST:
            raise LeftOut(_("there was no time for it: a step takes {seconds} s").format(seconds=f"{self.step_seconds:.2g}"))
        return min(most, fit)

    # -- losses --------------------------------------------------------------------------------------------------------------
    @torch.no_grad()
    def loss_of(self, network: nn.Module, rows: np.ndarray, *, size: int = 128, training: bool = False) -> float:
        """The mean loss of examples, as they are; `training` for what the network does while it trains."""
        was = network.training
        network.train(training)
        total, count = 0.0, 0
        try:
            for start in range(0, len(rows), size):
                part = rows[start : start + size]
                total += mean_loss(self.learner.objective, network, self.batch(part), self.rng()).item() * len(part)
                count += len(part)
        finally:
            network.train(was)
        return total / max(count, 1)

    def gradients(self, network: nn.Module, weights: list[nn.Parameter], index: int) -> list[torch.Tensor | None]:
        """The gradients of some weights in a trial's step, as the training would take it. Batch statistics stay as they are."""
        was = network.training
        network.train()
        kept = [(buffer, buffer.clone()) for buffer in network.buffers()]
        try:
            loss = mean_loss(self.learner.objective, network, self.step_batch(index), self.rng())
            return list(torch.autograd.grad(loss, weights, allow_unused=True))
        finally:
            network.train(was)
            for buffer, before in kept:
                buffer.copy_(before)

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The loss of guessing, and the lowest there could be."""
        rows = self.sample[:256] if len(self.sample) <= 256 else self.some(self.sample, 256)
        return self.ends_of(self.batch(rows))

    def ends_of(self, batch: dict[str, Any]) -> tuple[float, float]:
        """The loss of guessing and the lowest loss of one batch."""
        objective = self.learner.objective
        outputs = None
        if not isinstance(objective, Turns):
            with torch.no_grad():
                outputs = objective(self.learner.network.eval(), batch, self.rng()).outputs
        if isinstance(objective, Turns) or not self._is_free(outputs):
            raise LeftOut(_("the network's outputs are not one tensor, so its loss cannot be compared with guessing"))
        return attainable.guess(objective, batch, outputs), attainable.floor(objective, batch, outputs)

    def _is_free(self, outputs: Any) -> bool:
        """Whether outputs are a tensor for each target, so that any other numbers in their place would be outputs as well."""
        several = isinstance(outputs, dict) and outputs.keys() == self.task.targets.keys()
        return all(isinstance(one, torch.Tensor) for one in (outputs.values() if several else (outputs,)))

    def learned(self, loss: float | None, ends: tuple[float, float] | None = None) -> float:
        """How much of what can be learned a loss shows: 0 as guessing (or worse), 1 as knowing every example by heart."""
        guess, floor = ends or self.ends
        if loss is None or not math.isfinite(loss) or guess - floor < 1e-9:
            return 0.0
        return float(np.clip((guess - loss) / (guess - floor), 0.0, 1.0))

    @cached_property
    def trained_loss(self) -> float | None:
        """The trained network's loss on training examples."""
        return None if self.trained is None else self.loss_of(self.trained, self.sample)

    @cached_property
    def progress(self) -> float:
        """How much the whole training learned: by its last weights, or by the lowest loss of its history, whichever is more."""
        told = [line["loss"] for line in self.history if line.get("loss") is not None]
        window = min(5, max(1, len(told) // 4))
        smooth = np.convolve(told, np.ones(window) / window, "valid") if told else np.array([math.inf])
        return max(self.learned(self.trained_loss), self.learned(float(smooth.min())))

    # -- trials --------------------------------------------------------------------------------------------------------------
    def _brief(self, network: nn.Module, batch_at: Callable[[int], Any], **settings: Any) -> Trial:
        learner = self.learner
        return train_briefly(network, learner.objective, batch_at, learner.learning, seed=self.seed, **settings)

    def trial(
        self, *, rate: float, network: nn.Module | None = None, batch_at: Callable[[int], Any] | None = None, most: int = STEPS
    ) -> Trial:
        """A short training of a copy of `network` on `batch_at`; if not given, the first weights and the training's batches."""
        steps = self.steps(most)
        return self._brief(network or self.learner.network, batch_at or self.step_batch, rate=rate, steps=steps)

    def shown(self, trial: Trial) -> float:
        """How much a trial learned, on training examples as they are."""
        return 0.0 if trial.loss is None else self.learned(self.loss_of(trial.network, self.sample))

    def range_test(self, batch_at: Callable[[int], Any], network: nn.Module | None = None, *, size: int = 0) -> finder.Found:
        """The learning-rate range test. Raises `LeftOut` where the loss does not fall at any rate."""
        learner, steps = self.learner, self.steps(80, size=size)
        network = network or learner.network
        try:
            found = finder.find(network, learner.objective, batch_at, learner.learning, steps=steps, seed=self.seed)
        except RunError as error:
            raise LeftOut(error.what) from None
        guess, floor = self.ends
        if min(found.losses) > min(guess, found.losses[0]) - FALL * (guess - floor):
            raise LeftOut(_("in so few steps the loss falls at no learning rate"))
        return found

    @cached_property
    def found(self) -> finder.Found:
        """The range test over the training's own batches. Raises `LeftOut` where no rate lets the loss fall."""
        return self.range_test(self.step_batch)

    @cached_property
    def good_rate(self) -> float:
        """A rate that suits the network, whatever its labels: found by learning one batch by heart; else the recipe's own."""
        try:
            return self.range_test(lambda _index: self._single, size=trees.size(self._single)).rate
        except LeftOut:
            return self.learner.learning.learning_rate

    def best_of_rates(self, network: nn.Module) -> float:
        """How much a short trial of `network` learns at the recipe's rate or that of its own range test, the better one."""
        rates = [self.learner.learning.learning_rate]
        with suppress(LeftOut):
            rates.append(self.range_test(self.step_batch, network).rate)
        return max(self.shown(self.trial(rate=rate, network=network)) for rate in rates)

    @cached_property
    def at_found_rate(self) -> tuple[Trial, float]:
        """A trial at the rate of the range test, and how much it learned."""
        trial = self.trial(rate=self.found.rate)
        return trial, self.shown(trial)

    # -- a few batches again and again, where so few steps teach too little otherwise (texts: most words come up seldom) -------
    @cached_property
    def few(self) -> np.ndarray:
        """The rows of the first few batches."""
        return np.unique(np.concatenate([self.learner.order.at(index) for index in range(FEW)]))

    def few_batch(self, index: int) -> dict[str, Any]:
        """The batch of a step that goes through those few again and again."""
        return self.step_batch(index % FEW)

    @cached_property
    def found_on_few(self) -> finder.Found:
        """The range test over a few batches. Raises `LeftOut` where no rate lets the loss fall."""
        return self.range_test(self.few_batch)

    @cached_property
    def at_found_on_few(self) -> tuple[Trial, float, float]:
        """A trial on a few batches at the rate found on them, how much of them it learned, and how much the whole training."""
        trial = self.trial(rate=self.found_on_few.rate, batch_at=self.few_batch)
        learned = 0.0 if trial.loss is None else self.learned(self.loss_of(trial.network, self.few))
        known = self.progress if self.trained is None else self.learned(self.loss_of(self.trained, self.few))
        return trial, learned, known

    @cached_property
    def _single(self) -> dict[str, Any]:
        """One small batch, not augmented."""
        return self.batch(self.some(self.sample, self._cut if self._cut < self.learner.order.batch_size else ONE_BATCH))

    @cached_property
    def one_batch(self) -> tuple[Trial, float]:
        """A trial on one small batch over and over, and how much of it was learned by heart: the best of a few rates."""
        ends = self.ends_of(self._single)
        goal = ends[1] + 0.05 * (ends[0] - ends[1])
        best: tuple[Trial, float] | None = None
        for rate in dict.fromkeys((self.good_rate, self.learner.learning.learning_rate, self.good_rate / 10)):
            steps = self.steps(2 * STEPS, size=trees.size(self._single))
            trial = self._brief(self.learner.network, lambda _index: self._single, rate=rate, steps=steps, until=goal)
            learned = self.learned(trial.loss, ends)
            best = (trial, learned) if best is None or learned > best[1] else best
            if learned > BY_HEART:
                break
        assert best is not None
        return best

    # -- judging -------------------------------------------------------------------------------------------------------------
    @cached_property
    def on_held(self) -> Judged:
        """The trained network judged on examples kept aside. Raises `LeftOut` where there is none of either."""
        return self.judge(self.trained, self.held)

    @cached_property
    def on_train(self) -> Judged:
        """The trained network judged on examples that it was trained on."""
        return self.judge(self.trained, self.train)

    def judge(self, network: nn.Module | None, rows: np.ndarray) -> Judged:
        """A network judged on stored examples, on as many of them as there is time for."""
        if network is None:
            raise LeftOut(_("no weights of the training were kept"))
        if len(rows) == 0:
            raise LeftOut(_("no example was kept aside"))
        some = self.some(rows, self._affordable(HELD, SHARE / 2))
        return judged(self.task, self.learner, self.store, network, some, headline=self.headline)

    @property
    def store(self) -> Store:
        """The stored examples. Raises `LeftOut` where a training learns from what it lives through."""
        if isinstance(self.learner.store, Store):
            return self.learner.store
        raise LeftOut(_("the training learns from what it lives through, so there are no stored examples to look at"))

    def truth(self, rows: np.ndarray) -> Any:
        """The targets of stored examples in the form of answers."""
        target = self.task.target
        return trees.arrays(target.truth(target.batch(self.store.arrays[target.name], rows)))
