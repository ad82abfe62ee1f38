"""The step plan: how this machine runs this training's steps fastest, measured on the steps themselves.

Which number format and memory order is fastest depends on processor, model and size, by factors of two and more in either
direction (convolutions in channels-last order are about twice as fast on most processors; bfloat16 is several times faster with
AMX and slower without). So a few real steps are timed on a copy of the network before the first one counts. A candidate whose
gradients disagree with float32 is refused. Nothing leaks: weights, statistics and random numbers are as they were.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from fukami.core.recipe import PlanChoices

Batch = dict[str, Any]
Objective = Callable[[nn.Module, Batch, torch.Generator], torch.Tensor]

AGREEMENT = 0.99
"""Least cosine between a candidate's gradient and float32's. Honest bfloat16 stays above 0.999; a broken kernel does not."""
GAIN = 1.05
"""A candidate must be this much faster than the framework's own choice, else noise would decide."""
SHARE = 0.05
"""Most of the estimated training time that measuring may take."""


@dataclass(frozen=True)
class Figure:
    """One candidate as measured: seconds a step (0 where refused), agreement of gradients, whether it was admitted."""

    precision: str
    memory_format: str
    seconds: float
    agreement: float
    admitted: bool


@dataclass(frozen=True)
class Plan:
    """What was decided. `figures` are the measured alternatives, fastest first; empty where nothing was measured.

    >>> plan = Plan(memory_format="channels-last")
    >>> plan.arranged(torch.zeros(2, 3, 4, 4)).is_contiguous(memory_format=torch.channels_last)
    True
    """

    precision: str = "float32"
    memory_format: str = "contiguous"
    compiled: bool = False
    threads: int = 0
    micro_batch: int = 0
    batches_ahead: int = 0
    device: str = "cpu"
    figures: tuple[Figure, ...] = ()

    def autocast(self) -> AbstractContextManager:
        """The context in which the forward pass is computed."""
        if self.precision == "bfloat16":
            return torch.autocast(self.device, dtype=torch.bfloat16)
        return nullcontext()

    def arranged(self, value: Any) -> Any:
        """A batch tensor in the plan's memory order; everything but 4-D float tensors passes through."""
        if self.memory_format == "channels-last" and _is_picture(value):
            return value.contiguous(memory_format=torch.channels_last)
        return value

    def prepared(self, network: nn.Module) -> nn.Module:
        """The network with its kernels in the plan's memory order (in place), and the number of threads set."""
        if self.threads:
            torch.set_num_threads(self.threads)
        last = self.memory_format == "channels-last"
        return network.to(memory_format=torch.channels_last if last else torch.contiguous_format)

    def calling(self, network: nn.Module) -> nn.Module:
        """What computes: the network, or the same weights in compiled form."""
        return torch.compile(network) if self.compiled else network  # type: ignore[return-value]

    def choices(self, asked: PlanChoices) -> PlanChoices:
        """The recipe section with everything that was `auto` decided."""
        return replace(
            asked,
            precision=self.precision,
            memory_format=self.memory_format,
            compile="yes" if self.compiled else "no",
            threads=self.threads,
            micro_batch=self.micro_batch,
            batches_ahead=self.batches_ahead,
            device=self.device,
        )


def decided(choices: PlanChoices, device: torch.device | str = "cpu") -> Plan:
    """The plan without measuring: what the choices fix, the framework's own for what they leave open."""
    return Plan(
        precision="float32" if choices.precision == "auto" else choices.precision,
        memory_format="contiguous" if choices.memory_format == "auto" else choices.memory_format,
        compiled=choices.compile == "yes",
        threads=choices.threads or torch.get_num_threads(),
        micro_batch=choices.micro_batch,
        # a processor that prepares batches in a thread takes the time from its own arithmetic
        batches_ahead=choices.batches_ahead if choices.batches_ahead >= 0 else 0 if torch.device(device).type == "cpu" else 2,
        device=torch.device(device).type,
    )


def measure(
    network: nn.Module,
    objective: Objective,
    batch: Batch,
    *,
    choices: PlanChoices,
    num_steps: int,
    device: torch.device | str = "cpu",
    budget_s: float = 3.0,
) -> Plan:
    """The fastest admissible plan for `objective(network, batch, rng)`, found on one real batch.

    `num_steps` is the length of the training: measuring takes at most `SHARE` of its estimated time and at most `budget_s`
    seconds (one step of each candidate may exceed it on very large models; then only the first candidates are tried).
    What `choices` fixes is not varied. The batch lies on `device` already; the network is not touched.
    """
    plan = decided(choices, device)
    candidates = _candidates(choices, batch, plan)
    if choices.plan == "default" or len(candidates) == 1:
        return plan
    with _apart(network, device) as trial:
        run = _Trial(trial, objective, batch, plan)
        started = time.perf_counter()
        first = run.seconds(plan, warm=True)
        budget_s = min(budget_s, SHARE * num_steps * first)
        figures = [Figure(plan.precision, plan.memory_format, first, 1.0, True)]
        if time.perf_counter() - started > budget_s:
            return plan
        reference = run.gradient(plan)
        for candidate in candidates[1:]:
            # a candidate costs about four steps; bfloat16 without hardware for it may be slower than the first was
            if time.perf_counter() - started + 4 * first > budget_s:
                break
            agreement = run.agreement(candidate, reference)
            admitted = agreement >= AGREEMENT
            seconds = run.seconds(candidate) if admitted else 0.0
            figures.append(Figure(candidate.precision, candidate.memory_format, seconds, agreement, admitted))
    return replace(_best(plan, figures), figures=tuple(sorted(figures, key=lambda f: (not f.admitted, f.seconds))))


def time_step(
    network: nn.Module, objective: Objective, batches: list[Batch], *, plan: Plan, device: torch.device | str
) -> float:
    """Seconds of one training step under `plan`: the mean over `batches` of forward, backward and an AdamW update of a copy."""
    with _apart(network, device) as trial:
        optimizer = torch.optim.AdamW(trial.parameters(), lr=0.0, weight_decay=0.0)
        runs = [_Trial(trial, objective, batch, plan) for batch in batches]
        plan.prepared(trial)
        runs[0].step(plan)
        optimizer.step()
        runs[0].wait()
        started = time.perf_counter()
        for run in runs:
            run.step(plan)
            optimizer.step()
        runs[-1].wait()
        return (time.perf_counter() - started) / len(runs)


def _best(plan: Plan, figures: list[Figure]) -> Plan:
    own = figures[0]
    best = min((f for f in figures if f.admitted), key=lambda f: f.seconds)
    if best.seconds * GAIN > own.seconds:
        best = own
    return replace(plan, precision=best.precision, memory_format=best.memory_format)


def _candidates(choices: PlanChoices, batch: Batch, plan: Plan) -> list[Plan]:
    """The plans to try, the framework's own first, then the likeliest winners."""
    pictures = any(_is_picture(value) for value in batch.values())
    formats = ("contiguous", "channels-last") if choices.memory_format == "auto" and pictures else (plan.memory_format,)
    precisions = ("float32", "bfloat16") if choices.precision == "auto" else (plan.precision,)
    if plan.device == "cpu" and choices.precision == "auto" and not torch.cpu._is_avx512_bf16_supported():
        precisions = ("float32",)  # emulated bfloat16 is never faster
    both = [replace(plan, precision=p, memory_format=m) for p in precisions for m in formats]
    return sorted(both, key=lambda c: c != plan)


def _is_picture(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.ndim == 4 and value.is_floating_point()


@contextmanager
def _apart(network: nn.Module, device: torch.device | str) -> Iterator[nn.Module]:
    """A copy of the network to try things on, inside a scope whose random draws are undone."""
    devices = [torch.device(device)] if torch.device(device).type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        trial = copy.deepcopy(network).train()
        trial.requires_grad_(True)
        yield trial


class _Trial:
    """Runs forward and backward passes of candidates on the copy."""

    def __init__(self, network: nn.Module, objective: Objective, batch: Batch, plan: Plan):
        self.network, self.objective, self.batch, self.device = network, objective, batch, plan.device

    def step(self, plan: Plan) -> None:
        self.network.zero_grad(set_to_none=True)
        torch.manual_seed(0)
        rng = torch.Generator(self.device).manual_seed(0)
        arranged = {name: plan.arranged(value) for name, value in self.batch.items()}
        with plan.autocast():
            loss = self.objective(self.network, arranged, rng)
        loss.backward()

    def seconds(self, plan: Plan, *, warm: bool = False) -> float:
        """The quicker of two steps, after one that is not counted where the candidate has not run yet."""
        plan.prepared(self.network)
        times = []
        for _run in range(3 if warm else 2):
            self.wait()
            started = time.perf_counter()
            self.step(plan)
            self.wait()
            times.append(time.perf_counter() - started)
        return min(times[1:] if warm else times)

    def gradient(self, plan: Plan) -> torch.Tensor:
        """The flat gradient, with dropout and other noise off so that candidates can be compared."""
        plan.prepared(self.network)
        with _noiseless(self.network):
            self.step(plan)
        return torch.cat([p.grad.flatten().float() for p in self.network.parameters() if p.grad is not None])

    def agreement(self, plan: Plan, reference: torch.Tensor) -> float:
        """The cosine with the reference gradient; 0 where a gradient is missing or not finite."""
        own = self.gradient(plan)
        if own.shape != reference.shape or not bool(torch.isfinite(own).all()):
            return 0.0
        return float(torch.cosine_similarity(own, reference, dim=0))

    def wait(self) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()


@contextmanager
def _noiseless(network: nn.Module) -> Iterator[None]:
    """Evaluation mode but for batch norms, and for recurrent layers, which some devices differentiate in training only."""
    modes = {module: module.training for module in network.modules()}
    drops = {module: module.dropout for module in network.modules() if isinstance(module, nn.RNNBase)}
    try:
        for module in modes:
            module.training = isinstance(module, (nn.modules.batchnorm._BatchNorm, nn.RNNBase))
        for module in drops:
            module.dropout = 0.0
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode
        for module, drop in drops.items():
            module.dropout = drop
