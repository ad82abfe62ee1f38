"""ExecuTorch: one example at a time on phones and small devices, computed by XNNPACK on the processor.

Sizes are fixed: one example, and texts padded to the longest that the run reads. The lengths say where a text ends. Tensors lie
in the usual order of memory: ExecuTorch goes by strides, also where several orders are the same.
"""

from pathlib import Path
from typing import Any

import torch

from fukami.core.cards import FormatCard
from fukami.core.extras import needed
from fukami.export.contract import Asked, Material, require_layers, single
from fukami.export.flat import Flat
from fukami.export.onnx_graph import quiet, untraceable
from fukami.fields import batch as trees

CARD = FormatCard(
    name="pte",
    summary="ExecuTorch, for phones and small devices",
    file="model.pte",
    extra="edge",
    packages=("executorch", "torch"),
    fixed=True,
    use={
        "": """\
import torch
from executorch.runtime import Runtime
from preprocess import answers, tensors

method = Runtime.get().load_program("model.pte").load_method("forward")
inputs = [torch.from_numpy(x.copy("C")) for x in tensors([{example}]).values()]  # of one example
print(answers(method.execute(inputs)[0].numpy()))
""",
        "several": """\
import torch
from executorch.runtime import Runtime
from preprocess import answers, tensors

values = [{example}]  # one example
method = Runtime.get().load_program("model.pte").load_method("forward")
inputs = [torch.from_numpy(x.copy("C")) for x in tensors(values).values()]
print(answers([x.numpy() for x in method.execute(inputs)], values))
""",
    },
    source="https://docs.pytorch.org/executorch",
)


def write(material: Material, folder: Path) -> Asked:
    """Writes `model.pte`: the field's tensors of one example to what its answer is made of."""
    needed("executorch", extra="edge")
    require_layers(material, CARD.name)
    path, network = folder / CARD.file, material.predictor.network
    example = single(material, material.inputs, 0)
    flat = Flat(network, example, material.after).eval()
    with quiet(), torch.no_grad():
        try:
            path.write_bytes(_lowered(flat, flat.arguments(example)))
        except (RuntimeError, ValueError, TypeError, AssertionError) as error:
            raise untraceable(network, error) from error
    method = _loaded(path)

    def asked(inputs: dict[str, Any]) -> Any:
        parts = [single(material, inputs, row) for row in range(trees.size(inputs))]
        return trees.joined([material.answers(material.by_name(method(flat.arguments(part)))) for part in parts])

    return asked


def _lowered(flat: Flat, arguments: tuple[torch.Tensor, ...]) -> bytes:
    """The program's bytes; what XNNPACK computes is handed to it, the rest to portable kernels."""
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner  # pyright: ignore[reportMissingImports]
    from executorch.exir import to_edge_transform_and_lower  # pyright: ignore[reportMissingImports]

    program = torch.export.export(flat, arguments, strict=False)
    return to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()]).to_executorch().buffer


def _loaded(path: Path) -> Any:
    from executorch.runtime import Runtime  # pyright: ignore[reportMissingImports]

    with quiet():
        method = Runtime.get().load_program(path).load_method("forward")
    assert method is not None
    return lambda arguments: method.execute(list(arguments))
