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
    packages=("onnxruntime",),
    standalone=True,
    use={
        "": """\
from predict import predict

print(predict([{example}]))
"""
    },
    source="https://onnx.ai; torch.onnx",
)


def write(material: Material, folder: Path) -> Asked:
    """Writes `model.onnx`, whose inputs are the field's tensors and whose output is `scores`."""
    after, notes = material.after, material.notes
    graph = write_graph(
        material.predictor.network, material.inputs, folder / CARD.file, after=after, output="scores", notes=notes
    )
    opened = session(graph.path)

    def asked(inputs: dict[str, Any]) -> np.ndarray:
        return answered(opened, inputs)

    return asked
