"""ONNX: one graph from the field's tensors to calibrated scores, with a free number of examples and tokens."""

from pathlib import Path
from typing import Any

import numpy as np

from fukami.core.cards import FormatCard
from fukami.export.contract import Asked, Material
from fukami.export.joined import write_joined
from fukami.export.onnx_graph import answered, session, write_graph
from fukami.export.tensors import example_of
from fukami.models.onnx_network import OnnxNetwork

CARD = FormatCard(
    name="onnx",
    summary="ONNX, with a predict.py that needs numpy and onnxruntime alone",
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
    path, network = folder / CARD.file, material.predictor.network
    if isinstance(network, OnnxNetwork):
        outputs_BMK = network(example_of(material.inputs)).numpy()
        write_joined(network.model, outputs_BMK, path, after=material.after)
    else:
        write_graph(network, material.inputs, path, after=material.after, output="scores")
    opened = session(path)

    def asked(inputs: dict[str, Any]) -> np.ndarray:
        return answered(opened, inputs)

    return asked
