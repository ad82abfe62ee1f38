"""torch.export: the network as a program of PyTorch that needs no Python code of ours, with a free number of examples."""

import io
from pathlib import Path
from typing import Any

import torch

from fukami.core.cards import FormatCard
from fukami.export.contract import Asked, Material, require_layers
from fukami.export.flat import Flat, axes, example_of
from fukami.export.onnx_graph import portable_copy, quiet, untraceable
from fukami.export.recurrent import scan_sweep, with_loops

CARD = FormatCard(
    name="pt2",
    summary="a program of torch.export, for PyTorch in Python and C++ (AOTInductor)",
    file="model.pt2",
    packages=("torch",),
    use={
        "": """\
import torch
from preprocess import answers, tensors

network = torch.export.load("model.pt2").module()
scores = network(*map(torch.from_numpy, tensors([{example}]).values()))
print(answers(scores.detach().numpy()))
""",
        "several": """\
import torch
from preprocess import answers, tensors

values = [{example}]
network = torch.export.load("model.pt2").module()
outputs = network(*map(torch.from_numpy, tensors(values).values()))
outputs = outputs if isinstance(outputs, tuple) else (outputs,)
print(answers([x.detach().numpy() for x in outputs], values))
""",
    },
    source="https://docs.pytorch.org/docs/stable/export.html",
)


def write(material: Material, folder: Path) -> Asked:
    """Writes `model.pt2`: the field's tensors, in order, to what answers are made of."""
    require_layers(material, CARD.name)
    path, network = folder / CARD.file, material.predictor.network
    example = example_of(material.inputs)
    flat = Flat(with_loops(portable_copy(network), scan_sweep), example, material.after).eval()
    sizes = [dict.fromkeys(named, torch.export.Dim.DYNAMIC) for named in axes(flat, example)]
    with quiet(), torch.no_grad():
        try:
            program = torch.export.export(flat, flat.arguments(example), dynamic_shapes=(tuple(sizes),), strict=False)
        except (RuntimeError, ValueError, TypeError, AssertionError) as error:
            raise untraceable(network, error) from error
        buffer = io.BytesIO()  # torch's own writer knows no full disk
        torch.export.save(program, buffer)
        path.write_bytes(buffer.getbuffer())
        loaded = torch.export.load(path).module()

    def asked(inputs: dict[str, Any]) -> Any:
        with torch.no_grad():
            found = loaded(*flat.arguments(inputs))
        return material.answers(material.by_name(found))

    return asked
