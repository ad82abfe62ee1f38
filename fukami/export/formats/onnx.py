"""ONNX: one graph from the field's tensors to calibrated scores, with a free number of examples and tokens."""

from pathlib import Path
from typing import Any

import numpy as np

from fukami.core.cards import FormatCard
from fukami.export.contract import Asked, Material
from fukami.export.onnx_graph import answered, session, write_graph

CARD = FormatCard(
    name="onnx",
    summary="ONNX, with a predict.py that needs neither Fukami nor torch",
    file="model.onnx",
    extra="export",
    source="https://onnx.ai; torch.onnx",
)
STANDALONE = True
USE = """\
import json, onnxruntime
session = onnxruntime.InferenceSession("model.onnx")
[(node.name, node.shape, node.type) for node in session.get_inputs()]
"""


def write(material: Material, folder: Path) -> Asked:
    """Writes `model.onnx`, whose inputs are the field's tensors and whose output is `scores`."""
    graph = write_graph(material.predictor.network, material.inputs, folder / CARD.file, after=material.after, output="scores")
    opened = session(graph.path)

    def asked(inputs: dict[str, Any]) -> np.ndarray:
        return answered(opened, inputs)

    return asked
