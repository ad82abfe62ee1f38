"""The step plan: how this machine computes this training's steps. What is to be chosen, and what was measured about it.

`Plan` is the choice as a value; `engine/planner.py` finds the best one, on the training's own steps.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from fukami.core import plans
from fukami.core.language import _
from fukami.core.recipe import PlanChoices

GAIN = 1.05
"""A candidate must be this much faster than the best before it, else noise would decide."""


@dataclass(frozen=True)
class Plan:
    """How steps are computed. The defaults are the framework's own.

    `threads` 0 leaves their number alone; `micro_batch` 0 computes all examples of a step at once; `varying` says that batches
    differ in shape, so that a compiled network must not be made for one shape alone.

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
    varying: bool = False

    @property
    def graphs(self) -> bool:
        """Whether steps are replayed as CUDA graphs.

        A graph is of one shape. Its gradients lie in memory that its next run writes over, so they cannot be added up.

        >>> Plan(compiled=True, device="cuda").graphs, Plan(compiled=True, device="cuda", micro_batch=8).graphs
        (True, False)
        """
        return self.compiled and self.device == "cuda" and not self.varying and not self.micro_batch

    def autocast(self) -> AbstractContextManager:
        """The context in which the forward pass is computed."""
        if self.precision == "bfloat16":
            return torch.autocast(self.device, dtype=torch.bfloat16)
        return nullcontext()

    def arranged(self, value: Any) -> Any:
        """A batch tensor in the plan's memory order; everything but 4-D float tensors passes through."""
        if not is_picture(value):
            return value
        if self.memory_format == "channels-last":
            return value.contiguous(memory_format=torch.channels_last)
        # stored pictures come channels last, whatever the plan. Those of one channel are in both orders at once, and their
        # strides decide which one kernels take: written out anew, they are those of the plan
        return value.contiguous().flatten(1).view(value.shape)

    def prepared(self, network: nn.Module) -> nn.Module:
        """The network with its kernels in the plan's memory order (in place), and the number of threads set."""
        if self.threads:
            torch.set_num_threads(self.threads)
        last = self.memory_format == "channels-last"
        return network.to(memory_format=torch.channels_last if last else torch.contiguous_format)

    def calling(self, loss_of: nn.Module) -> nn.Module:
        """What computes: the objective on the network (`step.LossOf`), or the same in compiled form.

        Compiled networks draw their random numbers as eager ones do. On a GPU steps of one shape are replayed as CUDA graphs
        (what torch calls "reduce-overhead").
        """
        if not self.compiled:
            return loss_of
        options: dict[str, Any] = {"fallback_random": True}
        if self.graphs:
            options["triton.cudagraphs"] = True
        return torch.compile(loss_of, dynamic=True if self.varying else None, options=options)  # type: ignore[return-value]

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

    def as_dict(self) -> dict[str, Any]:
        """The choices as plain values."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Figure:
    """One candidate as measured.

    `seconds` of a step (0 where refused); `agreement`, the cosine of its gradient with the usual one, and `norm`, the ratio of
    their norms, both 1 where there was nothing to compare; `reason`, why it was refused; `compile_s`, what compiling took.
    """

    plan: Plan
    seconds: float
    agreement: float = 1.0
    norm: float = 1.0
    admitted: bool = True
    reason: str = ""
    compile_s: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plan and figures as one flat mapping of plain values."""
        own = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "plan"}
        return self.plan.as_dict() | own


@dataclass(frozen=True)
class Measured:
    """What measuring found: the plan, `figures` in the order they were measured (the usual plan first), and what it took.

    `spent_s` seconds went into it; `complete` is false where time did not suffice for every candidate; `remembered` is true
    where it was measured for an earlier training. `notes` are for the user.
    """

    plan: Plan
    figures: tuple[Figure, ...] = ()
    spent_s: float = 0.0
    complete: bool = True
    remembered: bool = False
    notes: tuple[str, ...] = ()

    @property
    def chosen(self) -> Figure | None:
        """The figure of the plan, where it was measured."""
        return next((figure for figure in self.figures if figure.plan == self.plan and figure.admitted), None)

    @property
    def seconds(self) -> float:
        """Seconds of a step on average over batches; 0 where it was not measured."""
        return self.chosen.seconds if self.chosen else 0.0

    def ranked(self) -> list[Figure]:
        """The figures, fastest first, refused ones last."""
        return sorted(self.figures, key=lambda figure: (not figure.admitted, figure.seconds))

    def line(self) -> str:
        """One line for the log; empty where nothing was measured."""
        if self.chosen is None:
            return ""
        told = _("plan: {plan}").format(plan=plans.comparison(self.chosen.as_dict(), self.figures[0].as_dict()))
        return _("{plan} (as measured before)").format(plan=told) if self.remembered else told

    def as_dict(self) -> dict[str, Any]:
        """For `run.json` and the report."""
        return {
            "chosen": self.plan.as_dict(),
            "seconds": self.seconds,
            "measuring_s": round(self.spent_s, 3),
            "remembered": self.remembered,
            "complete": self.complete,
            "figures": [figure.as_dict() for figure in self.figures],
        }


def best_of(figures: list[Figure] | tuple[Figure, ...], *, compiled: bool = True) -> Figure:
    """The choice: the usual plan, and each later one that beats the best before it by `GAIN`.

    `compiled=False` leaves compiled candidates out, for a training that compiling is not worth.

    >>> usual, other = Figure(Plan(), 1.0), Plan(memory_format="channels-last")
    >>> best_of([usual, Figure(other, 0.97)]) == usual, best_of([usual, Figure(other, 0.5)]).plan == other
    (True, True)
    """
    best = figures[0]
    for figure in figures[1:]:
        if figure.admitted and figure.seconds * GAIN <= best.seconds and (compiled or not figure.plan.compiled):
            best = figure
    return best


def decided(choices: PlanChoices, device: torch.device | str = "cpu", *, batch_size: int = 0, varying: bool = False) -> Plan:
    """The plan without measuring: what the choices fix, the framework's own for what they leave open.

    >>> decided(PlanChoices(precision="bfloat16", threads=3)).precision
    'bfloat16'
    """
    whole = bool(batch_size) and choices.micro_batch >= batch_size
    micro_batch = 0 if whole else choices.micro_batch
    return Plan(
        precision="float32" if choices.precision == "auto" else choices.precision,
        memory_format="contiguous" if choices.memory_format == "auto" else choices.memory_format,
        compiled=choices.compile == "yes",
        threads=choices.threads or torch.get_num_threads(),
        micro_batch=micro_batch,
        # a processor that prepares batches in a thread takes the time from its own arithmetic
        batches_ahead=choices.batches_ahead if choices.batches_ahead >= 0 else 0 if torch.device(device).type == "cpu" else 2,
        device=torch.device(device).type,
        varying=varying or bool(micro_batch and batch_size % micro_batch),
    )


@contextmanager
def threads_kept() -> Iterator[None]:
    """Puts the number of threads back that there was before: a plan's number is for its own training."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


def is_picture(value: Any) -> bool:
    """Whether a batch tensor has an order of axes to choose: B, C, H, W in floating point."""
    return isinstance(value, torch.Tensor) and value.ndim == 4 and value.is_floating_point()
