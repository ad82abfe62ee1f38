"""What an export format is: a file of `formats/` with

    CARD                          a `FormatCard` of literals; in its `use`, `{example}` stands for an input as Python writes it
    write(material, folder)       writes its files into `folder`, and gives what asks them: `{input name: batch}` → answers

`write` raises `UsageError` where the run's model has no such form, naming the formats that it has.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fukami.core.errors import GateError, UsageError
from fukami.core.language import _
from fukami.engine.plan import Plan
from fukami.export.onnx_graph import portable_copy
from fukami.fields import batch as trees
from fukami.models.onnx_network import OnnxNetwork
from fukami.predictor import Predictor
from fukami.tasks.contract import Stages

Asked = Callable[[dict[str, Any]], Any]
"""What was written, as a function: `{input name: batch}` → answers, settled, as the run's predictor gives them."""


@dataclass(frozen=True)
class Material:
    """What there is to write.

    Attributes:
        predictor: the run's, computing in float32 on the processor whatever its plan says.
        inputs: a few real examples, `{input name: batch}`.
        folder: of the run, for formats that hand on what lies there.
        notes: what the model is, in a few words by name, for formats that can hold it.
    """

    predictor: Predictor
    inputs: dict[str, Any]
    folder: Path
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def library(self) -> str:
        """The library that loads the run's `model/` by itself, or a name of Fukami's own."""
        told = json.loads((self.folder / "model" / "config.json").read_text("utf-8"))
        return told.get("fukami", {}).get("format", "")

    def after(self, outputs: Any) -> dict[str, torch.Tensor]:
        """From raw outputs to what a graph gives, by name."""
        return self.predictor.task.target.graphed(self.predictor.task.judged(outputs))

    @cached_property
    def stages(self) -> Stages | None:
        """The graphs of a task that asks its network more than once; None where one graph does."""
        task, network = self.predictor.task, self.predictor.network
        return None if task.graphs is None else task.graphs(task, network, self.inputs)

    @cached_property
    def given(self) -> dict[str, torch.Tensor]:
        """What a graph gives for `inputs`, by name; nothing where the task asks several."""
        if self.stages is not None:
            return {}
        with torch.no_grad():
            return self.after(self.predictor.network(self.inputs))

    @property
    def is_plain(self) -> bool:
        """Whether there is one graph, which gives one tensor, of which an answer is made without looking at the input."""
        return len(self.given) == 1 and not self.predictor.task.target.framed

    def answers(self, outputs: Mapping[str, Any]) -> Any:
        """Answers of what a graph gave, arrays or tensors by name. Raises `GateError` F-EXPORT-SHAPE where it gave something of
        another form than the run."""
        found = {name: torch.as_tensor(array) for name, array in outputs.items()}
        if not self.stages and _form(found, self._axes) != _form(self.given, self._axes):
            raise other_form(_told(_form(self.given, self._axes)), _told(_form(found, self._axes)))
        return self.predictor.task.target.from_graph(found)

    def by_name(self, tensors: Any) -> dict[str, torch.Tensor]:
        """What a graph gave in order, one tensor or several, by name."""
        return dict(zip(self.given, (tensors,) if isinstance(tensors, torch.Tensor) else tensors, strict=True))

    def answers_of(self, rows: Iterable[Any]) -> Any:
        """Answers of what a program made of each example: an array, or a tuple of them."""
        names = self.stages.outputs if self.stages else tuple(self.given)
        found = []
        for row in rows:
            arrays = row if isinstance(row, tuple) else (row,)
            if len(arrays) != len(names):
                raise other_form(", ".join(names), str(len(arrays)))
            found.append(self.answers({name: np.asarray(x)[None] for name, x in zip(names, arrays, strict=True)}))
        return trees.joined(found)

    @property
    def _axes(self) -> dict[str, dict[int, str]]:
        return self.predictor.task.target.graph_axes()


def _form(outputs: Mapping[str, torch.Tensor], axes: Mapping[str, Mapping[int, str]]) -> dict[str, tuple[Any, ...]]:
    """Name → number format and sizes beside that of the examples, of which those that vary do not count."""
    sizes = {name: [axes.get(name, {}).get(axis, size) for axis, size in enumerate(x.shape)] for name, x in outputs.items()}
    return {name: (str(x.dtype).removeprefix("torch."), *sizes[name][1:]) for name, x in outputs.items()}


def _told(form: Mapping[str, tuple[Any, ...]]) -> str:
    return ", ".join(f"{name}: {' × '.join(map(str, sizes)) or '1'} ({dtype})" for name, (dtype, *sizes) in form.items())


def other_form(expected: str, got: str) -> GateError:
    """The error for an exported model that gives something of another form than the run."""
    return GateError(
        "F-EXPORT-SHAPE",
        _("the exported model gives something of another form than the run, so nothing was written"),
        expected=expected,
        got=got,
    )


def plain(predictor: Predictor) -> Predictor:
    """The predictor with a network of its own that computes in float32, on the processor, in the usual order of memory."""
    network: Any = portable_copy(predictor.network)
    return replace(predictor, network=network, plan=Plan(), device=torch.device("cpu"))


def require_one_pass(material: Material, to: str) -> None:
    """Raises `UsageError` F-TASK-ANSWER where the task asks its network more than once for an answer, which `to` cannot do."""
    task = material.predictor.task
    if task.graphs is not None or not task.is_one_pass(material.predictor.network):
        raise UsageError(
            "F-TASK-ANSWER",
            _("a network that is asked more than once for an answer cannot be written as {format}").format(format=to),
            where=task.name,
            fix="--to onnx" if task.graphs is not None else "",
        )


def require_layers(material: Material, to: str) -> None:
    """Raises `UsageError` where the run's network is a graph already (an int8 run's), of which only ONNX can be made."""
    require_one_pass(material, to)
    if isinstance(material.predictor.network, OnnxNetwork):
        raise UsageError(
            "F-EXPORT-GRAPH",
            _("the network of this run is an ONNX file, which has no form as {format}").format(format=to),
            where=str(material.folder),
            fix="--to onnx",
        )


def single(material: Material, inputs: dict[str, Any], row: int) -> dict[str, Any]:
    """One example of a batch, in the size that never varies and in the usual order of memory."""
    fields = material.predictor.task.inputs
    return {
        name: fields[name].padded(trees.mapped(batch, lambda x: x[row : row + 1].clone(memory_format=torch.contiguous_format)))
        for name, batch in inputs.items()
    }
