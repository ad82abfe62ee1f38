"""ONNX: a graph from the field's tensors to what answers are made of, with a free number of examples and tokens; several of a
task that asks its network more than once."""

from pathlib import Path
from typing import Any

import numpy as np

from fukami.core.cards import FormatCard
from fukami.export import assemble
from fukami.export.contract import Asked, Material, require_one_pass
from fukami.export.onnx_graph import answered, session, write_graph
from fukami.fields import batch as trees
from fukami.tasks.contract import Stages

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
    """Writes `model.onnx`, whose inputs are the field's tensors and whose outputs those of `TargetField.graphed`, or a file for
    each of the task's stages."""
    if material.stages is not None:
        return _in_stages(material, material.stages, folder)
    require_one_pass(material, CARD.name)
    network, inputs = material.predictor.network, material.inputs
    graph = write_graph(network, inputs, folder / CARD.file, after=material.after, notes=material.notes)
    opened = session(graph.path)
    return lambda inputs: material.answers(answered(opened, inputs))


def _in_stages(material: Material, stages: Stages, folder: Path) -> Asked:
    sessions = {}
    for name, (network, example, varying) in stages.graphs.items():
        place = folder / f"{name}.onnx"
        sessions[name] = session(
            write_graph(network, example, place, after=lambda outputs: outputs, varying=varying, notes=material.notes).path
        )
    ask, told = assemble.member(stages.code, "ask"), assemble.as_json(stages.told)

    def asked(inputs: dict[str, Any]) -> Any:
        part = {name: np.ascontiguousarray(tensor.numpy()) for name, tensor in trees.named(inputs).items() if tensor.numel()}
        return material.answers_of(ask(sessions, part, told))

    return asked
