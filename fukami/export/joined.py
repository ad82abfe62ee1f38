"""A graph that a run holds already (an int8 run's), with what turns its raw outputs into scores behind it.

Shapes: B batch, M members, K outputs.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from fukami.core.extras import needed
from fukami.models.onnx_network import OnnxNetwork

_JOINT = "raw"
"""The input of the second graph, into which the first one's output goes."""


class _Passed(torch.nn.Module):
    """Raw outputs as they are."""

    def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        return inputs[_JOINT]


def write_joined(
    network: OnnxNetwork,
    inputs: dict[str, Any],
    path: Path,
    *,
    after: Callable[[torch.Tensor], torch.Tensor] | None,
    output: str,
    notes: dict[str, str] | None = None,
) -> list[str]:
    """Writes the graph of `network` with `after` behind it, and gives the names of its inputs in order.

    Args:
        network: whose only output are raw outputs `outputs_BMK`.
        inputs: an example of what it takes, `{input name: batch}`.
        path: where.
        after: from raw outputs to scores; None leaves the graph as it is.
        output: the name of what the joined graph gives.
        notes: what the file says of itself, by name.
    """
    from fukami.export.onnx_graph import write_graph

    onnx: Any = needed("onnx", extra="export")
    first = onnx.load_model_from_string(network.model)
    names = [told.name for told in first.graph.input]
    if after is None:
        path.write_bytes(network.model)
        return names
    write_graph(_Passed(), {_JOINT: network(inputs)}, path, after=after, output=output)
    second = onnx.load(path)
    if _opset(second) != _opset(first):
        second = onnx.version_converter.convert_version(second, _opset(first))
    second = onnx.compose.add_prefix(second, "after/", rename_inputs=False, rename_outputs=False)
    second.ir_version = first.ir_version
    joint = (first.graph.output[0].name, second.graph.input[0].name)
    whole = onnx.compose.merge_models(first, second, io_map=[joint])
    onnx.helper.set_model_props(whole, notes or {})
    onnx.save(whole, path)
    return names


def _opset(model: Any) -> int:
    """The version of ONNX's own operators that a graph uses."""
    return next(found.version for found in model.opset_import if found.domain in ("", "ai.onnx"))
