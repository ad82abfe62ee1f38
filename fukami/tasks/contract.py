"""A task is a signature over fields. This is the value that everything composes around.

Shapes: B batch, M members (1 but for ensembles), D features.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

import numpy as np

from fukami.core.cards import TaskCard, card
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.lazily import nn, torch
from fukami.core.recipe import DataChoices, LearningChoices
from fukami.core.specs import Specs
from fukami.core.tables import Column, Table
from fukami.fields import batch as trees
from fukami.fields.cells import combined
from fukami.fields.contract import Field, InputField, TargetField
from fukami.models.choice import Choice
from fukami.objectives.contract import Batch, Loss, Objective, Turns

if TYPE_CHECKING:
    from fukami.models.contract import Network

Columns = dict[str, list[Column]]
"""Input or target name → its raw columns."""


class MakesHead(Protocol):
    """Makes the module that turns features `(B, D)`, or `(B, M, D)` of members, into raw outputs."""

    def __call__(self, task: Task, num_features: int, members: int, /) -> nn.Module: ...


class MakesObjective(Protocol):
    """Makes what a training of the task minimises, as the recipe's `learning` says; `loss` is the caller's own formula.

    A task that has no place for one raises `UsageError`. `network` is what will learn: whole models know their own losses, and
    whether they consist of players.
    """

    def __call__(
        self, task: Task, learning: LearningChoices, /, *, loss: Loss | None = None, network: nn.Module | None = None
    ) -> Objective | Turns: ...


class Answers(Protocol):
    """The whole way from a batch of inputs to answers as the target field has them (`TargetField.answers`), for tasks that ask
    their network again (beam search, sampling)."""

    def __call__(self, task: Task, network: nn.Module, batch: Batch, rng: torch.Generator, /) -> Any: ...


class Stage(NamedTuple):
    """One of the graphs that a program outside asks in turn.

    Attributes:
        network: takes a batch by name, as `example` is one, and gives tensors by name.
        example: a batch of three examples or more; its single tensors are the graph's inputs (`fields/batch.py`).
        varying: axes of these inputs, by their name, whose size varies besides that of the examples, each with a name.
    """

    network: nn.Module
    example: dict[str, Any]
    varying: dict[str, dict[int, str]] = {}


class Stages(NamedTuple):
    """How a program outside asks a network more than once for an answer.

    Attributes:
        graphs: by name; each becomes a file of that name.
        code: files of `export/standalone/`, of which one has `ask(sessions, part, told)`: it asks the graphs, opened by
            onnxruntime, about a batch as the input's `read` gives it, and gives for each example what the target's `answer`
            takes: an array, or a tuple of them in the order of `outputs`.
        outputs: what `TargetField.from_graph` calls these arrays.
        told: what `ask` has to know, as JSON.
    """

    graphs: dict[str, Stage]
    code: tuple[str, ...]
    outputs: tuple[str, ...] = ("scores",)
    told: dict[str, Any] = {}


Cuts = Callable[["Task", Table, Columns, DataChoices], tuple[Table, Columns]]
"""From rows and what was chosen about them to what the task takes for one example."""


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
    assess: Answers | None = None
    """What a judgement asks of the network, where that differs from what people ask: how likely it finds a text, say, rather
    than one more text. The batch then holds the targets as well."""
    same: dict[str, str] = field(default_factory=dict)
    """Target → the input whose own columns it is made of: a text that goes on, a picture that is to be restored."""
    spec: Callable[[Task], Specs] = field(default=lambda task: specs_of(task.inputs))
    """The sizes that the network is built for, where it is not asked about the inputs themselves."""
    examples: Cuts = field(default=lambda task, table, columns, choices: (table, columns))
    """What an example is, from the rows that were read: each of them, unless the task cuts windows, positions, nodes."""
    together: Callable[[Task, Columns], list[Any] | None] = field(default=lambda task, columns: None)
    """What keeps examples in one part, a value for each, where the task's usual protocol asks for it: identities, so that those
    that are judged on were never seen. None where nothing does."""
    questions: Cuts = field(default=lambda task, table, columns, choices: (table, columns))
    """What a table that is given to be answered asks: a question for each row, unless its rows are one (what comes next)."""
    source: Callable[[Task, Any, np.ndarray, int], Any] | None = None
    """Makes what a training learns from where that depends on the learner (a `data.source.Source`), of the store, the rows that
    train, and a seed."""
    graphs: Callable[[Task, nn.Module, dict[str, Any]], Stages] | None = None
    """For a task that asks its network more than once: the graphs that a program outside asks instead, made of the network and
    of a few examples as it takes them."""
    taught: Callable[[Task, Columns], np.ndarray] | None = None
    """Which of N examples (bool) may be learned from, where not all may: the others only judge."""
    options: Any = None
    """The task's own options, declared as those of fields are."""

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
        """The first target, which is judged and answered; others help to learn it."""
        return next(iter(self.targets.values()))

    def identity(self, fingerprints: Mapping[str, np.ndarray]) -> np.ndarray:
        """uint64 (N): equal for examples that are the same as far as what was read of their inputs says; of inputs that are
        drawn nothing is read, so their targets count. `fingerprints` are those of fields, by name.
        """
        return combined([fingerprints[name] for name in self.identifying()])

    def identifying(self) -> list[str]:
        """The fields by which an example is known again."""
        read = [name for name, one in self.inputs.items() if is_read(one)]
        return read or [name for name in self.targets if name not in self.same]

    def identity_of(self, columns: Columns) -> np.ndarray:
        """`identity` of raw cells."""
        return self.identity({name: self.fields[name].fingerprint(columns[name]) for name in self.identifying()})

    def is_optional(self, name: str) -> bool:
        """Whether examples may lack this target."""
        return name in self.targets and self.targets[name].kind in self.card.optional

    def usable(self, columns: Columns) -> np.ndarray:
        """Which of N examples can be used (bool): those that hold what the task needs of them."""
        asked = [name for name in self.fields if name in columns and not self.is_optional(name)]
        return np.logical_and.reduce([self.fields[name].usable(columns[name]) for name in asked])

    def network(self, choice: Choice, *, gives: str = "", options: dict[str, Any] | None = None) -> Network:
        """A network of new weights for the fields as they have learned: an encoder with the task's head, or a whole model."""
        from fukami.models.contract import Network, width
        from fukami.models.registry import build

        target = self.target.target_spec()
        encoder = build(choice, self.spec(self), gives=gives or self.card.needs, options=options, target=target)
        return Network(encoder, self.head(self, *width(encoder)))

    def with_fields(self, fields: dict[str, Field]) -> Task:
        """The same task over other fields of the same names and kinds (after learning, say)."""
        return replace(
            self,
            inputs={n: cast(InputField, fields.get(n, f)) for n, f in self.inputs.items()},
            targets={n: cast(TargetField, fields.get(n, f)) for n, f in self.targets.items()},
        )

    def described(self) -> dict[str, dict[str, Any]]:
        """What the fields are and have learned, by name, as `run.json` keeps it."""
        return {name: {"kind": field.kind, "state": field.state} for name, field in self.fields.items()}

    def ask(self, network: nn.Module, batch: Batch, *, seed: int = 0, judging: bool = False) -> Any:
        """Answers to a batch of inputs, the same for the same `seed`; nothing that `settled` learned is applied.

        `judging` asks what a judgement asks, of a batch that holds the targets too.
        """
        inputs = {name: batch[name] for name in self.inputs}
        answer = self.assess if judging and self.assess is not None else self.answer
        if answer is None:
            return self.target.answers(self.judged(network(inputs)))
        device = next(iter(trees.named(inputs).values())).device
        return answer(self, network, batch if judging else inputs, torch.Generator(device).manual_seed(seed))

    def judged(self, outputs: Any) -> Any:
        """What of a network's raw outputs belongs to the target that is judged: heads of several give theirs by name."""
        return outputs[self.target.name] if len(self.targets) > 1 and isinstance(outputs, dict) else outputs

    def is_one_pass(self, network: nn.Module) -> bool:
        """Whether `TargetField.answers` of what `network` gives, asked once, are the answers, so that a graph can hold it."""
        if self.answer is not whole_answers:
            return self.answer is None
        return type(getattr(network, "encoder", network)).forward is not nn.Module.forward

    def require_one_pass(self) -> None:
        """Raises `UsageError` F-TASK-ANSWER where the task asks its network more than once."""
        if self.answer is not None:
            raise UsageError(
                "F-TASK-ANSWER",
                _("this cannot be done yet for a task that asks its network more than once for an answer"),
                where=self.name,
            )


def specs_of(inputs: Mapping[str, InputField]) -> Specs:
    """What the only input tells a model, or what each of several does."""
    found = {name: one.spec() for name, one in inputs.items()}
    return next(iter(found.values())) if len(found) == 1 else found


def whole_answers(task: Task, network: nn.Module, batch: Batch, rng: torch.Generator) -> Any:
    """The answers of a whole model, in the form of the target; of one that is a graph, from what that gives."""
    inputs = {name: batch[name] for name in task.inputs}
    model: Any = getattr(network, "encoder", None)
    return task.target.answers(network(inputs) if model is None else model.answers(inputs, rng, task.options))


def is_read(one: Field) -> bool:
    """Whether a field's values are read from data; those of others are drawn."""
    return card("fields", one.kind).columns != "none"
