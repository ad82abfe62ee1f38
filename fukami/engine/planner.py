"""Finding the step plan: a few real steps of a training are timed under one candidate after another, before the first counts.

Which number format, memory order, number of threads … is fastest depends on processor, model and size, by factors of two and
more in either direction: convolutions in channels-last order are about twice as fast on most processors; bfloat16 is several
times faster with AMX and slower without. So it is measured, on a copy of the network. Nothing leaks: with the same plan, a
training that was measured takes the same steps, to the bit, as one that was not.

What it may cost. Measuring takes at most `SHARE` of the training's estimated time and at most `MOST_S` seconds (`LONG_SHARE` of
a training of a quarter of an hour and more), save for the candidate it has begun. A compiled network is tried only where what
compiling takes on this machine (`plan_cache.compile_seconds`) is itself within `SHARE` of that time: at a typical minute, a
training of twenty minutes and more, of which a gain of a twentieth pays for it, and less is not admitted. What is compiled for
the copy serves the training's own network. A training of thirty seconds never compiles.

A candidate is compared with the best so far in alternation, step by step, so that a machine that grows slower meanwhile favours
neither; it must be faster by the median of the ratios and by the fastest steps of both. Before it may win, its gradient is
compared with the usual plan's.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from fukami.core import processors
from fukami.core.language import _
from fukami.core.recipe import PlanChoices
from fukami.engine import candidates, plan_cache
from fukami.engine.candidates import Facts
from fukami.engine.learner import Learner
from fukami.engine.loop import load
from fukami.engine.memory import ROOM, batch_bytes, left_bytes, weight_bytes
from fukami.engine.mishaps import NotFinite, NotPrepared, TooLarge, TornUpdate, is_out_of_memory
from fukami.engine.plan import GAIN, Figure, Measured, Plan, best_of, decided, is_picture
from fukami.engine.trial import Agreement, NoRoom, NotMeasured, OptimizerOf, Trial, apart, room

AGREEMENT = 0.99
"""Least cosine between a candidate's gradient and the usual one: honest bfloat16 is above 0.998, a broken kernel below."""
NORM = 0.1
"""Most by which the norms of the two may differ, as a share."""
PARTS = 1e-3
"""Most by which gradients added up from parts may differ from the whole's, as a share of its norm."""
SHARE = 0.05
"""Most of the estimated training time that measuring may take."""
MOST_S, LONG_SHARE = 4.0, 0.005
"""Most seconds that measuring may take, or this share of a training for which they are less; a compiled candidate apart."""
PAIRS = (2, 9)
"""Comparisons of a step of each side: at least, and at most where steps are short."""
LONG_S = 0.1
"""Seconds of a candidate's steps that are enough to judge it by."""
HOPELESS = 0.85
"""A candidate that is this slow in its first step is not timed again."""
CANDIDATE_STEPS = 4
"""What a candidate takes at least, in steps: one to warm up, one of each side, and room for the unexpected."""
ROOMY_STEPS = 20
"""Steps that there has to be time for, to measure with whole ones, and to ask about the number of threads first."""
PART = 4
"""Where there is less time, a processor measures with one in so many of a step's examples: the ratios are much the same."""
LEAST_PART = 8
"""With fewer examples than this they are not."""
AHEAD_STEPS = 4
"""Steps in a row that are timed where batches are prepared ahead."""


@dataclass(frozen=True)
class Length:
    """How long the training will be: a number of steps, or `minutes` where they are what is given."""

    steps: int
    minutes: float = 0.0

    def seconds(self, per_step: float) -> float:
        """The training's estimated time."""
        return self.minutes * 60 or self.steps * per_step

    def allows(self, per_step: float) -> float:
        """Seconds that measuring may take, a compiled candidate apart.

        >>> Length(steps=100).allows(0.1), Length(steps=5000).allows(0.1), Length(steps=36_000).allows(0.1)
        (0.5, 4.0, 18.0)
        """
        whole = self.seconds(per_step)
        return min(SHARE * whole, max(MOST_S, LONG_SHARE * whole))

    def allows_compiling(self, per_step: float, compile_s: float) -> bool:
        """Whether the training is long enough to try a compiled network.

        >>> Length(steps=600).allows_compiling(0.05, 60.0), Length(steps=30_000).allows_compiling(0.05, 60.0)
        (False, True)
        """
        return compile_s <= SHARE * self.seconds(per_step)


def measure(
    learner: Learner, *, choices: PlanChoices, optimizer_of: OptimizerOf, length: Length, afresh: bool = False
) -> Measured:
    """The fastest admissible plan for the steps of `learner`, which is not touched.

    What `choices` fixes is not varied. Where nothing can be measured (a network that cannot be copied, memory that does not
    suffice), it is the usual plan, and a note says why. A plan that was measured for the same network, shapes, machine and
    choices is remembered (`engine/plan_cache.py`); `afresh` measures all the same, and takes the time however short the
    training is.
    """
    size, device = learner.order.batch_size, learner.device
    usual = Measured(decided(choices, device, batch_size=size))
    if choices.plan == "default" or not is_open(choices):
        return usual
    steps = steps_to_time(learner)
    try:
        with room():
            batches = [load(learner, step).batch for step in steps]
    except NoRoom as error:
        return replace(usual, notes=(str(error),))
    shapes = [plan_cache.shapes(batch) for batch in batches]
    varying = any(shape != shapes[0] for shape in shapes)
    plan = decided(choices, device, batch_size=size, varying=varying)
    key = plan_cache.key_of(learner.network, shapes, choices, learner.learning.optimizer, device)
    entry, notes = plan_cache.read(key)
    compile_s = plan_cache.compile_seconds(device) if choices.compile == "auto" else float("inf")
    if entry is not None and not afresh and not outgrown(entry, length, compile_s):
        compiled = length.allows_compiling(best_of(entry.figures).seconds, compile_s)
        best = best_of(entry.figures, compiled=compiled)
        return Measured(best.plan, entry.figures, complete=entry.complete, remembered=True, notes=notes)
    middle = sorted(range(len(steps)), key=lambda index: batch_bytes(batches[index]))[len(steps) // 2]
    try:
        with apart(learner, optimizer_of) as trial:
            watch = processors.Watch()
            search = Search(trial, choices, facts_of(learner, batches), length, compile_s, afresh=afresh)
            found = search.run(plan, steps[middle], steps if varying else [])
    except NotMeasured as error:
        return Measured(plan, notes=(*notes, str(error)))
    if found.figures and watch.is_busy():
        notes += (_("other work kept the processors busy while steps were timed, so the plan is for this training alone"),)
    elif found.figures:
        notes += plan_cache.write(key, plan_cache.Entry(found.figures, search.most_s, found.complete))
    return replace(found, notes=notes)


def is_open(choices: PlanChoices) -> bool:
    """Whether measuring could decide anything.

    Not for a recipe whose other choices are made: there `micro_batch` 0 says that whole batches were found best.
    """
    auto = "auto" in (choices.precision, choices.memory_format, choices.compile)
    return auto or choices.threads == 0 or choices.batches_ahead < 0


def outgrown(entry: plan_cache.Entry, length: Length, compile_s: float) -> bool:
    """Whether a training is so much longer than the one that was measured that it pays to look at more."""
    seconds = best_of(entry.figures).seconds
    tried = any(figure.plan.compiled for figure in entry.figures)
    if length.allows_compiling(seconds, compile_s) and not tried:
        return True
    return not entry.complete and length.allows(seconds) > 2 * entry.most_s


def steps_to_time(learner: Learner) -> list[int]:
    """A few steps through the first epoch: lengths differ."""
    epoch = learner.order.steps_per_epoch
    return list(range(0, epoch, max(1, epoch // 3)))[:3]


def facts_of(learner: Learner, batches: list[dict[str, Any]]) -> Facts:
    """What there is to choose from."""
    norms = any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in learner.network.modules())
    return Facts(
        pictures=any(is_picture(value) for value in batches[0].values()),
        bfloat16=candidates.has_bfloat16(learner.device),
        threads=torch.get_num_threads() if learner.device.type == "cpu" else 1,
        cores=processors.usable(),
        whole=norms,
        batch_size=learner.order.batch_size,
    )


@dataclass
class Search:
    """One search, coordinate by coordinate.

    `most_s` is what it may take, known once a step has been timed; `times` is how many times as many examples a step has
    as are taken to measure, `update_s` the part of a step that does not depend on them, and `roomy` tells whether there is time
    for whole steps. Figures are of whole steps.
    """

    trial: Trial
    choices: PlanChoices
    facts: Facts
    length: Length
    compile_s: float = float("inf")
    afresh: bool = False
    most_s: float = 0.0
    started: float = 0.0
    step: int = 0
    times: float = 1.0
    update_s: float = 0.0
    roomy: bool = True
    figures: list[Figure] = field(default_factory=list)

    @property
    def best(self) -> Figure:
        return best_of(self.figures)

    def run(self, plan: Plan, step: int, spread: list[int]) -> Measured:
        """Searches from `plan` on, comparing on `step`; `spread` are the steps to average over where lengths vary."""
        begun, self.step = self.trial.clock(), step
        try:
            plan = self._fitting(plan)
            self.figures = [self._usual(plan)]
        except NotFinite:  # the training itself meets it and tells it
            return Measured(plan)
        complete = self._descend()
        self._take(0)
        if self.length.allows_compiling(self.best.seconds, self.compile_s) and not self.best.plan.compiled:
            self.figures.append(self.compare(self.best, candidates.compiled(self.best), spread))
        self._average(spread)
        spent = self.trial.clock() - begun
        return Measured(self.best.plan, tuple(self.figures), spent_s=spent, complete=complete)

    def _usual(self, plan: Plan) -> Figure:
        """Times the usual plan, and settles how much time there is and how many examples are taken to measure with.

        The first step sets up what every training has to set up, so it is not counted as measuring.
        """
        part = self.facts.batch_size // PART if plan.device == "cpu" else 0
        self._take(part if part >= LEAST_PART else 0)
        cold = self.trial.seconds(plan, self.step)
        self.started = self.trial.clock()
        self.update_s = self.trial.updating(plan) if self.times > 1 else 0.0
        self._allow(self._whole(cold))
        first = self.trial.seconds(plan, self.step) if self._room(cold) else cold
        self._allow(self._whole(first))
        self.roomy = self._room(ROOMY_STEPS * self._whole(first))
        if self.roomy and self.times > 1:
            self._take(0)
            first = self.trial.seconds(plan, self.step)
            self._allow(first)
        plan = replace(plan, micro_batch=self.trial.fitted() or plan.micro_batch)
        times = [first]
        while len(times) < 3 and self._room((CANDIDATE_STEPS + 1) * first):
            times.append(self.trial.seconds(plan, self.step))
        return Figure(plan, self._whole(statistics.median(times)))

    def _take(self, examples: int) -> None:
        self.trial.take(examples)
        self.times = self.facts.batch_size / examples if examples else 1.0

    def _whole(self, seconds: float) -> float:
        """What a step of all examples takes, from one of those that are taken."""
        return max(seconds - self.update_s, 0.0) * self.times + min(self.update_s, seconds)

    def _cost(self, figure: Figure) -> float:
        """What a step of those that are taken costs: the inverse."""
        return max(figure.seconds - self.update_s, 0.0) / self.times + min(self.update_s, figure.seconds)

    def _descend(self) -> bool:
        """Tries every coordinate's candidates; whether there was time for all."""
        facts, usual = self.facts, self.best
        if self.roomy and facts.cores > 1:
            facts = replace(facts, loading=self.trial.loading(usual.plan, self.step) / usual.seconds)
        if not self.roomy:  # in parts of a part, times would tell nothing
            facts = replace(facts, whole=True)
        for ask in candidates.coordinates(self.choices, facts, threads_first=self.roomy):
            for candidate in ask(self.best):
                if any(figure.plan == candidate for figure in self.figures):
                    continue
                if not self._room(CANDIDATE_STEPS * self._cost(self.best)):
                    return False
                self.figures.append(self.compare(self.best, candidate))
        return True

    def compare(self, best: Figure, candidate: Plan, spread: list[int] | None = None) -> Figure:
        """The figure of a candidate. The usual plan has just run, so that whatever goes wrong is the candidate's own fault."""
        try:
            return self._compared(best, candidate, spread or [])
        except NotFinite:
            reason = "not-finite"
        except (TooLarge, TornUpdate, NotPrepared):
            reason = "memory"
        except Exception as error:  # it is told in the figures: a kernel, a compiler or a module that cannot do this
            text = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            reason = "memory" if is_out_of_memory(error) else f"error:{text}"
        return Figure(candidate, 0.0, 0.0, 0.0, admitted=False, reason=reason)

    def _compared(self, best: Figure, candidate: Plan, spread: list[int]) -> Figure:
        trial, started = self.trial, self.trial.clock()
        warm = [self.step, *spread]
        for step in warm:  # a compiled network meets every shape before it is timed
            trial.seconds(candidate, step)
        compile_s = max(0.0, trial.clock() - started - len(warm) * best.seconds) if candidate.compiled else 0.0
        ratio = self._ratio(best, candidate)
        figure = Figure(candidate, best.seconds / ratio, compile_s=compile_s)
        if trial.fitted():
            return replace(figure, seconds=0.0, admitted=False, reason="memory")
        if ratio < GAIN or not differs(candidate, self.figures[0].plan):
            return figure
        found = trial.agreement(candidate, self.figures[0].plan, self.step)
        figure = replace(figure, agreement=found.cosine, norm=found.norm)
        if agrees(found, candidate, self.figures[0].plan):
            return figure
        return replace(figure, seconds=0.0, admitted=False, reason="gradient")

    def _ratio(self, best: Figure, candidate: Plan) -> float:
        """How many times faster the candidate is than the best so far.

        The median over alternating steps, or what the fastest step of each says where that is less: on a machine that does
        other work too a median is luck.
        """
        ratios: list[float] = []
        least, candidate_s = {best.plan: float("inf"), candidate: float("inf")}, 0.0
        count = AHEAD_STEPS if candidate.batches_ahead != best.plan.batches_ahead else 1
        while len(ratios) < PAIRS[1]:
            turn = (best.plan, candidate) if len(ratios) % 2 == 0 else (candidate, best.plan)
            times = {plan: self.trial.seconds(plan, self.step, count) for plan in turn}
            candidate_s += times[candidate] * count
            times = {plan: self._whole(seconds) for plan, seconds in times.items()}
            ratios.append(times[best.plan] / max(times[candidate], 1e-9))
            least = {plan: min(least[plan], times[plan]) for plan in turn}
            if ratios[0] < HOPELESS:
                break
            if len(ratios) >= PAIRS[0] and (candidate_s >= LONG_S or not self._room(2 * self._cost(best))):
                break
        return min(statistics.median(ratios), least[best.plan] / max(least[candidate], 1e-9))

    def _average(self, spread: list[int]) -> None:
        """Scales all figures to the average over `spread`, as the best plan has it."""
        if spread and self._room(len(spread) * self.best.seconds):
            scale = statistics.mean(self.trial.seconds(self.best.plan, step) for step in spread) / self.best.seconds
            self.figures = [replace(figure, seconds=figure.seconds * scale) for figure in self.figures]

    def _fitting(self, plan: Plan) -> Plan:
        """The plan with as many examples at a time as memory holds, by the activations of two of them.

        Only on a processor: a system that has promised more than it has ends the process without an error to mend.
        """
        left = left_bytes(self.trial.learner.device) if plan.device == "cpu" else None
        if left is None or plan.micro_batch or self.facts.batch_size <= 2:
            return plan
        learner, size = self.trial.learner, self.facts.batch_size
        try:
            each = self.trial.activations(plan, self.step, 2) / 2
        except (RuntimeError, ValueError) as error:  # a module that takes whole batches only
            if is_out_of_memory(error):
                raise
            return plan  # the step itself tells what is wrong
        free = ROOM * left - weight_bytes(learner.network, learner.learning.optimizer)
        parts = 1
        while each * -(-size // parts) > free and parts < size:
            parts *= 2
        return plan if parts == 1 else replace(plan, micro_batch=-(-size // parts))

    def _allow(self, per_step: float) -> None:
        self.most_s = MOST_S if self.afresh else self.length.allows(per_step)

    def _room(self, seconds: float) -> bool:
        """Whether there is time for something that takes so many seconds."""
        return self.trial.clock() - self.started + seconds <= self.most_s


def differs(plan: Plan, usual: Plan) -> bool:
    """Whether a plan's arithmetic is another than the usual one's, so that gradients have to be compared."""
    return replace(plan, threads=0, batches_ahead=0) != replace(usual, threads=0, batches_ahead=0)


def agrees(found: Agreement, plan: Plan, usual: Plan) -> bool:
    """Whether a gradient is the usual one within the stated bounds.

    >>> agrees(Agreement(0.9999, 1.002, 0.01), Plan(precision="bfloat16"), Plan())
    True
    >>> agrees(Agreement(0.9999, 1.002, 0.01), Plan(micro_batch=8), Plan()), agrees(Agreement(0.5, 1.0, 1.0), Plan(), Plan())
    (False, False)
    """
    if plan.precision == usual.precision and plan.micro_batch != usual.micro_batch and found.difference > PARTS:
        return False
    return found.cosine >= AGREEMENT and abs(found.norm - 1) <= NORM
