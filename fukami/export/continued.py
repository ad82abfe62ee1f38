"""A run that is an ONNX graph already (one in int8), with what follows its raw outputs joined behind it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from fukami.core.extras import needed
from fukami.models.onnx_network import OnnxNetwork


class _After(nn.Module):
    """`after` as a network of raw outputs alone."""

    def __init__(self, after: Callable[[torch.Tensor], torch.Tensor]):
        super().__init__()
        self.after = after

    def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        return self.after(next(iter(inputs.values())))


def joined(
    network: OnnxNetwork, inputs: dict[str, Any], path: Path, after: Callable[[torch.Tensor], torch.Tensor] | None, output: str
) -> list[str]:
    """Writes the graph of `network` with `after` behind it to `path`, and gives the names of its inputs."""
    from fukami.export.onnx_graph import write_graph

    onnx = needed("onnx", extra="export")
    first = onnx.load_model_from_string(network.model)
    if after is None:
        path.write_bytes(network.model)
        return [told.name for told in first.graph.input]
    write_graph(_After(after), {"raw": network(inputs)}, path, output=output)
    second = onnx.compose.add_prefix(onnx.load(path), "after_", rename_inputs=False, rename_outputs=False)
    second.ir_version = first.ir_version = max(first.ir_version, second.ir_version)
    for own in second.opset_import:
        for other in first.opset_import:
            if own.domain == other.domain:
                own.version = other.version = max(own.version, other.version)
    whole = onnx.compose.merge_models(first, second, io_map=[(first.graph.output[0].name, second.graph.input[0].name)])
    path.write_bytes(whole.SerializeToString())
    return [told.name for told in whole.graph.input]
