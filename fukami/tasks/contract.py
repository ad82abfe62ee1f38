"""A task is a signature over fields. This is the value that everything composes around.

Shapes: B batch, M members (1 but for ensembles), K outputs of the head.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from torch import nn

from fukami.core.cards import TaskCard
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.fields.contract import Field, InputField, TargetField

Batch = dict[str, Any]
"""Input or target name → that field's tensors."""


@dataclass(frozen=True)
class Task:
    """Named input and target fields, and how they join.

    `head(num_features, members)` makes the module that turns features into raw outputs. `objective(task, learning, counts=…)`
    gives the function `(outputs, batch) -> loss` of a training step. `scores(outputs)` are the numbers that metrics judge and
    answers are made from: probabilities `scores_BK`, or values `scores_B`. `answer(network, batch, rng)` is the whole way from
    a batch to scores; tasks that ask the model again (beam search, sampling) give their own.
    """

    card: TaskCard
    inputs: dict[str, InputField]
    targets: dict[str, TargetField]
    head: Callable[["Task", int, int], nn.Module]
    objective: Callable[..., Callable[[torch.Tensor, Batch], torch.Tensor]]
    scores: Callable[["Task", torch.Tensor], torch.Tensor]
    answer: Callable[..., torch.Tensor] | None = None

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

    def ask(self, network: nn.Module, batch: Batch, rng: torch.Generator | None = None) -> torch.Tensor:
        """Scores for a batch of inputs."""
        if self.answer is not None:
            return self.answer(self, network, batch, rng)
        return self.scores(self, network({name: batch[name] for name in self.inputs}))
