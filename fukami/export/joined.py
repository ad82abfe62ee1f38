"""A graph that a run holds already (an int8 run's), with what turns its raw outputs into scores behind it.

Shapes: B batch, M members, K outputs.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fukami.core.extras import needed
from fukami.export.onnx_graph import write_graph

_JOINT = "outputs"


class _Passed(torch.nn.Module):
    """Raw outputs as they are."""

    def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        return inputs[_JOINT]


def write_joined(
    model: bytes, outputs_BMK: np.ndarray, path: Path, *, after: Callable[[torch.Tensor], torch.Tensor], output: str = "scores"
) -> None:
    """Writes the ONNX file `model` with `after` behind it.

    Args:
        model: the content of an ONNX file whose only output are raw outputs.
        outputs_BMK: an example of these.
        path: where.
        after: from raw outputs to scores.
        output: the name of what the joined graph gives.
    """
    onnx: Any = needed("onnx", extra="export")
    from onnx import compose, version_converter

    write_graph(_Passed(), {_JOINT: torch.from_numpy(outputs_BMK)}, path, after=after, output=output)
    first, second = onnx.load_from_string(model), onnx.load(path)
    version = next(found.version for found in first.opset_import if found.domain in ("", "ai.onnx"))
    if version != next(found.version for found in second.opset_import if found.domain in ("", "ai.onnx")):
        second = version_converter.convert_version(second, version)
    second = compose.add_prefix(second, "after/", rename_inputs=False, rename_outputs=False)
    second.ir_version = first.ir_version
    joined = compose.merge_models(first, second, io_map=[(first.graph.output[0].name, second.graph.input[0].name)])
    onnx.save(joined, path)
