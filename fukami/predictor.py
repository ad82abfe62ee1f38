"""The predictor: a task whose fields have learned, and a network. The one noun of everything after training.

Verbs take a predictor and give answers or another predictor; none of them asks which task it serves.
B examples of a batch.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from fukami.core.errors import UsageError, unknown
from fukami.core.language import _
from fukami.core.recipe import Recipe, from_dict, option_names, read_toml
from fukami.core.seeds import derive
from fukami.core.tables import Column
from fukami.data.store import Store, frames_of
from fukami.engine.fitting import in_parts
from fukami.engine.plan import Plan, decided
from fukami.engine.ranks import ALONE, Ranks
from fukami.fields import batch as trees
from fukami.fields.contract import TargetField
from fukami.fields.registry import field_class, restored_field
from fukami.fields.scored import Scored, scored
from fukami.models import checkpoint, registry
from fukami.models.contract import Network
from fukami.models.onnx_network import OnnxNetwork
from fukami.models.registry import Choice
from fukami.objectives.contract import Turns
from fukami.tasks.contract import Task
from fukami.tasks.registry import contract

BATCH = 256
"""Examples answered at a time, fewer where memory does not suffice. Answers do not depend on it."""
MOST_BYTES = 1 << 26
"""Of answers and targets that are handed on at a time."""

if sys.platform != "win32":
    # a forked process has none of the threads that its parent computed with, and would wait for them for ever
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))


@dataclass(frozen=True)
class Predictor:
    """A task whose fields have learned, and a network.

    `choice` says which model family the encoder is, so that it can be saved and described; None for a module of the user's own.
    """

    task: Task
    network: Network
    recipe: Recipe
    choice: Choice | None
    plan: Plan
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    ranks: Ranks = ALONE
    """The processes that share what `stream` answers."""

    def answers(self, batch: dict[str, Any], *, settled: bool = True, judging: bool = False) -> Any:
        """Answers to a batch of input tensors, in the form of the target; not `settled`, before what validation answers taught
        it. `judging` a batch that holds the targets too, what is asked is what a judgement asks."""
        seed = derive(self.recipe.learning.seed, "answers")
        given = batch if judging else {name: batch[name] for name in self.task.inputs}
        answers = self._computed(lambda given: self.task.ask(self.network, given, seed=seed, judging=judging), given)
        return self.task.target.settle(answers) if settled else answers

    def likelihood(self, batch: dict[str, Any], answers: Any) -> torch.Tensor:
        """How likely the network finds the answers of one example for each of the P inputs of `batch`: (P,), the negated loss.

        It can be differentiated. Where a loss is of several examples together, each is asked by itself.
        """
        count, target = trees.size(batch), self.task.target
        given = target.given(trees.taken(answers, np.zeros(count, np.int64)))
        learning = replace(self.recipe.learning, label_smoothing=0.0, imbalance="none", class_weights={})
        objective = self.task.objective(self.task, learning, network=self.network)
        self.network.eval()

        def loss(part: dict[str, Any]) -> torch.Tensor:
            rng = torch.Generator(self.device).manual_seed(derive(self.recipe.learning.seed, "likelihood"))
            if isinstance(objective, Turns):
                raise UsageError(
                    "F-EXPLAIN-TURNS", _("players that learn in turn do not say how likely an answer is"), where=self.task.name
                )
            return objective(self.network, part, rng).loss

        whole = batch | {target.name: given}
        found = loss(whole)
        if found.ndim == 0 and count > 1:
            found = torch.stack([loss(trees.part(whole, row, row + 1)) for row in range(count)])
        return -(found.reshape(count, -1).mean(1))

    def outputs(self, batch: dict[str, Any]) -> torch.Tensor:
        """What the network gives for a batch of input tensors, before it is made answers: one tensor in float32."""
        self.task.require_one_pass()
        judged = self.task.judged
        return self._computed(
            lambda given: judged(self.network(given)).float(), {name: batch[name] for name in self.task.inputs}
        )

    def _computed(self, ask: Callable[[dict[str, Any]], Any], batch: dict[str, Any]) -> Any:
        """What `ask` gives for a batch of input tensors, as the plan says, without gradients."""
        self.network.eval()
        given = {name: self.plan.arranged(value) for name, value in batch.items()}
        # a module of the caller's own may keep what it computes here (a cache of positions) and be trained on
        unrecorded = torch.no_grad() if self.choice is None else torch.inference_mode()
        with unrecorded, self.plan.autocast():
            return ask(given)

    def stream(self, store: Store, rows: np.ndarray, *, settled: bool = True) -> Iterator[tuple[Any, Any, np.ndarray]]:
        """`(answers, truth, rows)` of stored examples as trees of NumPy arrays, a batch at a time, so that a large set is never
        held at once: 256 examples, or as many as have `MOST_BYTES` of inputs, or of answers and targets.

        Several processes answer in turn, each batch in one of them, and all get all: what one alone would get, in the same
        order.
        """
        target, lengths = self.task.target, store.lengths()
        if lengths is not None:  # so that little is padded
            rows = rows[np.argsort(lengths[rows], kind="stable")]

        def answered(start: int, stop: int) -> tuple[Any, Any, np.ndarray]:
            part = rows[start:stop]
            batch = store.batch(part, self.device)
            answers = trees.arrays(self.answers(batch, settled=settled, judging=True))
            return answers, trees.arrays(target.truth(batch[target.name])), part

        each = trees.num_bytes(store.batch(rows[:1])) if len(rows) else 1
        size = max(1, min(BATCH, MOST_BYTES // max(1, each)))
        first = min(len(rows), size * self.ranks.size)
        for found in self._shared(0, first, size, answered):
            answers, truth, part = found
            size = max(1, min(size, len(part), MOST_BYTES * len(part) // max(1, trees.num_bytes((answers, truth)))))
            yield found
        yield from self._shared(first, len(rows), size, answered)

    def _shared(self, begin: int, end: int, size: int, ask: Callable[[int, int], Any]) -> Iterator[Any]:
        """`ask(start, stop)` for parts of at most `size` from `begin` to `end`, each asked in one of the processes."""
        if self.ranks.size == 1:
            return in_parts(end - begin, size, lambda start, stop: ask(begin + start, begin + stop))

        def whole(start: int) -> Any:
            count = min(size, end - start)
            return trees.joined(list(in_parts(count, size, lambda first, stop: ask(start + first, start + stop))))

        return self.ranks.over(range(begin, end, size), whole)

    def predict(self, columns: dict[str, Sequence[Column]]) -> list[dict[str, Any]]:
        """Answers for raw cells of the input fields, in their order."""
        total = len(next(iter(columns.values()))[0])

        def answered(start: int, stop: int) -> list[dict[str, Any]]:
            rows = np.arange(start, stop)
            return self.restored(self.answers(self.batch(columns, rows)), columns, rows)

        return [answer for part in in_parts(total, BATCH, answered) for answer in part]

    @property
    def writes(self) -> bool:
        """Whether its network writes texts token by token, so that they can be read while they are written."""
        return hasattr(getattr(self.network, "encoder", None), "writing")

    def written(self, columns: dict[str, Sequence[Column]]) -> Iterator[str]:
        """The text that answers the first of raw cells of the input fields, part by part: together what `predict` gives."""
        batch, ids, said = self.batch(columns, np.arange(1)), [], ""
        target: Any = self.task.target
        rng = torch.Generator(self.device).manual_seed(derive(self.recipe.learning.seed, "answers"))
        model: Any = self.network.encoder
        tokens = self._computed(lambda given: model.writing(given, rng, self.task.options), batch)
        while True:
            with torch.inference_mode(), self.plan.autocast():  # not for longer than a token: others compute between two
                token = next(tokens, None)
            text = target.written(ids := [*ids, *([] if token is None else [token])])
            if token is None or not text.endswith("\ufffd"):  # else it is a part of a letter
                yield text[len(said) :]
                said = text
            if token is None:
                return

    def restored(self, answers: Any, columns: Mapping[str, Sequence[Column]], rows: np.ndarray) -> list[dict[str, Any]]:
        """Answers as JSON objects, of rows of raw cells: what lies on an input is told in that input's own places."""
        target = self.task.target
        if not target.framed:
            return target.restore(answers)
        return target.restore(answers, frames=frames_of(self.task.inputs, columns, rows))

    def batch(self, columns: Mapping[str, Sequence[Column]], rows: np.ndarray) -> dict[str, Any]:
        """The tensors of rows of raw cells of the input fields, as the network takes them."""
        batch = {}
        for name, input_field in self.task.inputs.items():
            arrays = input_field.encode([c.take(rows) for c in columns[name]])
            batch[name] = input_field.batch(arrays, np.arange(len(rows)), self.device)
        return batch

    def with_options(self, settings: dict[str, Any]) -> "Predictor":
        """The predictor with other options of its task. Raises `UsageError` F-SET-NAME for a name that is none of them."""
        options = self.task.options
        known = () if options is None else option_names(options)
        for name in settings:
            if name not in known:
                raise unknown(_("option of the task"), name, known, code="F-SET-NAME")
        recipe = Recipe(self.task.name, task_options=options).changed({f"task_options.{n}": v for n, v in settings.items()})
        return replace(self, task=replace(self.task, options=recipe.task_options))

    def settled(self, answers: Any, truth: Any) -> "Predictor":
        """The predictor whose target has learned from answers to validation examples, not `settled` themselves."""
        return self._with_target(self.task.target.settled(answers, truth))

    def unsettled(self) -> "Predictor":
        """The predictor before that."""
        return self._with_target(self.task.target.unsettled())

    def _with_target(self, target: TargetField) -> "Predictor":
        return replace(self, task=self.task.with_fields({target.name: target}))


def save_model(predictor: Predictor, folder: Path, *, dtype: torch.dtype | None = None) -> None:
    """Writes `model/`: a checkpoint that the model's own library loads, where it comes from one; with the tokenizer beside.

    `dtype` is the number format of the weights in the file; None leaves them as they are.
    """
    task, target = predictor.task, predictor.task.target
    state = task.input.state if len(task.inputs) == 1 else {}  # no library has a file that says it for several inputs
    checkpoint.save(
        predictor.network,
        folder,
        choice=predictor.choice,
        spec=predictor.task.spec(predictor.task),
        gives=predictor.task.card.needs,
        options=predictor.recipe.model.options,
        classes=tuple(target.labels()) if isinstance(target, Scored) else (),
        image={key: state[key] for key in ("mean", "std") if key in state},
        tokenizer=state.get("tokenizer", ""),
        dtype=dtype,
    )


def save_graph(predictor: Predictor, model: bytes, folder: Path) -> None:
    """Writes `model/` of a run whose network is the ONNX file `model`, made from the network of `predictor`."""
    checkpoint.save_graph(
        model,
        folder,
        network=predictor.network,
        choice=predictor.choice,
        spec=predictor.task.spec(predictor.task),
        gives=predictor.task.card.needs,
        options=predictor.recipe.model.options,
    )


def restored(path: Path, told: dict[str, Any], *, network: Any = None) -> Predictor:
    """The predictor of a run folder whose `run.json` is `told`. `network` is the caller's own module, where there was one."""
    unlearned = contract(told["task"])
    kinds = {name: field_class(part["kind"]) for name, part in told["fields"].items()}
    options = {name: kind.Options() for name, kind in kinds.items()}
    recipe = from_dict(read_toml(path / "recipe.toml"), options, unlearned.options)
    fields = {
        name: restored_field(kind, name, recipe.fields[name], told["fields"][name]["state"]) for name, kind in kinds.items()
    }
    task = replace(unlearned.with_fields(fields), options=recipe.task_options)
    saved = checkpoint.read(path / "model")
    if saved.format == "onnx":
        net = cast("Network", OnnxNetwork.read(path / "model" / checkpoint.GRAPH))  # it answers as one does
    else:
        net = _network(path, saved, task, network)
        checkpoint.load(net, path / "model")
    device = torch.device("cpu")
    plan = decided(replace(recipe.plan, device="cpu", threads=0), device)  # this machine's threads, not the other's
    if recipe.plan.device != "cpu":  # what was fastest elsewhere says nothing about this processor
        plan = Plan(threads=torch.get_num_threads())
    plan.prepared(net)
    return Predictor(task, net.eval(), recipe, saved.choice, plan, device)


def _network(path: Path, saved: Any, task: Task, module: Any) -> Network:
    if saved.choice is None:
        if module is None:
            raise UsageError(
                "F-RUN-MODULE",
                _("the run was trained with a module of your own, whose code it does not hold"),
                where=str(path),
                expected=saved.module,
                fix=f"fukami.load({str(path)!r}, model={saved.module.rpartition('.')[2]}(…))",
            )
        num_outputs = scored(task.target, _("a module of your own")).num_outputs
        return registry.wrap(module, task.spec(task), num_outputs, kept=True)
    return task.network(saved.choice, gives=saved.gives)
