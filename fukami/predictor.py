"""The predictor: a task whose fields have learned, and a network. The one noun of everything after training.

Verbs take a predictor and give answers, scores or another predictor; none of them asks which task it serves.
B examples of a batch.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.recipe import Recipe, from_dict, read_toml
from fukami.core.seeds import derive
from fukami.core.tables import Column
from fukami.data.store import Store
from fukami.engine.fitting import in_parts
from fukami.engine.plan import Plan, decided
from fukami.engine.ranks import ALONE, Ranks
from fukami.fields.registry import field_class, restored_field
from fukami.models import checkpoint, registry
from fukami.models.contract import Network
from fukami.models.onnx_network import OnnxNetwork
from fukami.models.registry import Choice
from fukami.tasks.contract import Task
from fukami.tasks.registry import contract

BATCH = 256
"""Examples answered at a time, fewer where memory does not suffice. Answers do not depend on it."""


@dataclass(frozen=True)
class Predictor:
    """A task, a network, and the temperature that calibrates its scores.

    `choice` says which model family the encoder is, so that it can be saved and described; None for a module of the user's own.
    """

    task: Task
    network: Network
    recipe: Recipe
    choice: Choice | None
    plan: Plan
    temperature: float = 1.0
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    ranks: Ranks = ALONE
    """The processes that share what `stream` answers."""

    def scores(self, batch: dict[str, Any], *, calibrated: bool = True) -> torch.Tensor:
        """Scores of a batch of input tensors: probabilities `scores_BK`, or values in the target's unit `scores_B`."""
        seed = derive(self.recipe.learning.seed, "answers")
        scores = self._computed(lambda given: self.task.ask(self.network, given, seed=seed), batch)
        return self.task.target.temper(scores, self.temperature) if calibrated else scores

    def outputs(self, batch: dict[str, Any]) -> torch.Tensor:
        """What the network gives for a batch of input tensors, before it is made scores: `outputs_BMK` in float32."""
        self.task.require_one_pass()
        return self._computed(lambda given: self.network(given).float(), batch)

    def _computed(self, ask: Callable[[dict[str, Any]], torch.Tensor], batch: dict[str, Any]) -> torch.Tensor:
        """What `ask` gives for a batch of input tensors, as the plan says, without gradients."""
        self.network.eval()
        given = {name: self.plan.arranged(batch[name]) for name in self.task.inputs}
        # a module of the caller's own may keep what it computes here (a cache of positions) and be trained on
        unrecorded = torch.no_grad() if self.choice is None else torch.inference_mode()
        with unrecorded, self.plan.autocast():
            return ask(given)

    def stream(
        self, store: Store, rows: np.ndarray, *, calibrated: bool = True
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """`(scores, targets, rows)` of stored examples, a batch at a time, so that a large set is never held at once.

        Targets are in the unit of the scores (class numbers, truth values, values in the target's unit). Several processes
        answer in turn, each batch in one of them, and all get all: what one alone would get, in the same order.
        """
        target, lengths = self.task.target, store.lengths()
        if lengths is not None:  # so that little is padded
            rows = rows[np.argsort(lengths[rows], kind="stable")]

        def answered(start: int, stop: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            part = rows[start:stop]
            batch = store.batch(part, self.device)
            truth = target.truth(batch[target.name])
            return self.scores(batch, calibrated=calibrated).cpu().numpy(), truth.cpu().numpy(), part

        if self.ranks.size == 1:
            yield from in_parts(len(rows), BATCH, answered)
            return

        def whole(start: int) -> tuple[np.ndarray, ...]:
            count = min(BATCH, len(rows) - start)
            parts = in_parts(count, BATCH, lambda first, stop: answered(start + first, start + stop))
            return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))

        yield from self.ranks.over(range(0, len(rows), BATCH), whole)  # type: ignore[misc]

    def predict(self, columns: dict[str, Sequence[Column]]) -> list[dict[str, Any]]:
        """Answers for raw cells of the input fields, in their order."""
        total = len(next(iter(columns.values()))[0])

        def answered(start: int, stop: int) -> list[dict[str, Any]]:
            return self.task.target.restore(self.scores(self.batch(columns, np.arange(start, stop))))

        return [answer for part in in_parts(total, BATCH, answered) for answer in part]

    def batch(self, columns: dict[str, Sequence[Column]], rows: np.ndarray) -> dict[str, Any]:
        """The tensors of rows of raw cells of the input fields, as the network takes them."""
        batch = {}
        for name, input_field in self.task.inputs.items():
            arrays = input_field.encode([c.take(rows) for c in columns[name]])
            batch[name] = input_field.batch(arrays, np.arange(len(rows)), self.device)
        return batch

    def calibrated(self, temperature: float) -> "Predictor":
        """The same predictor with another temperature."""
        return replace(self, temperature=temperature)


def save_model(predictor: Predictor, folder: Path, *, dtype: torch.dtype | None = None) -> None:
    """Writes `model/`: a checkpoint that the model's own library loads, where it comes from one; with the tokenizer beside.

    `dtype` is the number format of the weights in the file; None leaves them as they are.
    """
    input_field = predictor.task.input
    target = predictor.task.target
    checkpoint.save(
        predictor.network,
        folder,
        choice=predictor.choice,
        spec=predictor.task.spec(predictor.task),
        gives=predictor.task.card.needs,
        options=predictor.recipe.model.options,
        classes=tuple(target.state.get("classes", ())),
        image={key: input_field.state[key] for key in ("mean", "std") if key in input_field.state},
        tokenizer=input_field.state.get("tokenizer", ""),
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
    return Predictor(task, net.eval(), recipe, saved.choice, plan, told["temperature"], device)


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
        return registry.wrap(module, task.spec(task), task.target.num_outputs)
    return task.network(saved.choice, gives=saved.gives)
