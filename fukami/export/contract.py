"""What an export format is: a file of `formats/` with

    CARD                          a `FormatCard` of literals; in its `use`, `{example}` stands for an input as Python writes it
    write(material, folder)       writes its files into `folder`, and gives what asks them: `{input name: batch}` → scores

`write` raises `UsageError` where the run's model has no such form, naming the formats that it has.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.engine.plan import Plan
from fukami.export.onnx_graph import portable_copy
from fukami.fields import batch as trees
from fukami.models.onnx_network import OnnxNetwork
from fukami.predictor import Predictor

Asked = Callable[[dict[str, Any]], np.ndarray]
"""What was written, as a function: `{input name: batch}` → scores, calibrated, as the run's predictor gives them."""


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

    def after(self, outputs: torch.Tensor) -> torch.Tensor:
        """From raw outputs to answers, settled: probabilities in float32, values in the target's unit in float64."""
        self.predictor.task.require_one_pass()
        target = self.predictor.task.target
        return target.settle(target.answers(outputs))


def plain(predictor: Predictor) -> Predictor:
    """The predictor with a network of its own that computes in float32, on the processor, in the usual order of memory."""
    network: Any = portable_copy(predictor.network)
    return replace(predictor, network=network, plan=Plan(), device=torch.device("cpu"))


def require_layers(material: Material, to: str) -> None:
    """Raises `UsageError` where the run's network is a graph already (an int8 run's), of which only ONNX can be made."""
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
