"""A task is a signature over fields. This is the value that everything composes around.

Shapes: B batch, M members (1 but for ensembles), D features.
"""

from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

import torch
from torch import nn

from fukami.core.cards import TaskCard
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.recipe import LearningChoices
from fukami.fields import batch as trees
from fukami.fields.contract import Field, InputField, TargetField
from fukami.objectives.contract import Batch, Loss, Objective, Turns


class MakesHead(Protocol):
    """Makes the module that turns features `(B, D)`, or `(B, M, D)` of members, into raw outputs."""

    def __call__(self, task: "Task", num_features: int, members: int, /) -> nn.Module: ...


class MakesObjective(Protocol):
    """Makes what a training of the task minimises, as the recipe's `learning` says; `loss` is the caller's own formula.

    A task that has no place for one raises `UsageError`.
    """

    def __call__(self, task: "Task", learning: LearningChoices, /, *, loss: Loss | None = None) -> Objective | Turns: ...


class Answers(Protocol):
    """The whole way from a batch of inputs to answers as the target field has them (`TargetField.answers`), for tasks that ask
    their network again (beam search, sampling)."""

    def __call__(self, task: "Task", network: nn.Module, batch: Batch, rng: torch.Generator, /) -> Any: ...


@dataclass(frozen=True)
class Task:
    """Named input and target fields, and how they join. Without `answer`, the network is asked once and the target says what
    its outputs mean.

    >>> from fukami.tasks.registry import contract
    >>> task = contract("tabular-regression")
    >>> list(task.inputs), list(task.targets), task.target.kind
    (['row'], ['value'], 'number')
    """

    card: TaskCard
    inputs: dict[str, InputField]
    targets: dict[str, TargetField]
    head: MakesHead
    objective: MakesObjective
    answer: Answers | None = None

    @property
    def name(self) -> str:
        return self.card.name

    @property
    def fields(self) -> dict[str, Field]:
        return {**self.inputs, **self.targets}

    @property
    def input(self) -> InputField:
        """The only input. Raises `UsageError` where a task has several, for what can look at a single one."""
        if len(self.inputs) > 1:
            raise UsageError(
                "F-TASK-INPUTS",
                _("this cannot be done yet for a task of several inputs"),
                where=self.name,
                expected=_("one input"),
                got=", ".join(self.inputs),
            )
        (only,) = self.inputs.values()
        return only

    @property
    def target(self) -> TargetField:
        """The only target. Tasks with several are read through `targets`."""
        (only,) = self.targets.values()
        return only

    def with_fields(self, fields: dict[str, Field]) -> "Task":
        """The same task over other fields of the same names and kinds (after learning, say)."""
        return replace(
            self,
            inputs={n: cast(InputField, fields.get(n, f)) for n, f in self.inputs.items()},
            targets={n: cast(TargetField, fields.get(n, f)) for n, f in self.targets.items()},
        )

    def described(self) -> dict[str, dict[str, Any]]:
        """What the fields are and have learned, by name, as `run.json` keeps it."""
        return {name: {"kind": field.kind, "state": field.state} for name, field in self.fields.items()}

    def ask(self, network: nn.Module, batch: Batch, *, seed: int = 0) -> Any:
        """Answers to a batch of inputs, the same for the same `seed`; nothing that `settled` learned is applied."""
        inputs = {name: batch[name] for name in self.inputs}
        if self.answer is not None:
            device = next(iter(trees.named(inputs).values())).device
            return self.answer(self, network, inputs, torch.Generator(device).manual_seed(seed))
        return self.target.answers(network(inputs))

    def require_one_pass(self) -> None:
        """Raises `UsageError` F-TASK-ANSWER where the task asks its network more than once."""
        if self.answer is not None:
            raise UsageError(
                "F-TASK-ANSWER",
                _("this cannot be done yet for a task that asks its network more than once for an answer"),
                where=self.name,
            )
