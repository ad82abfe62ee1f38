"""An ONNX file in int8: weights as eight-bit integers, one scale for each output channel (onnxruntime's quantiser).

static    scales of activations are found beforehand, on training examples; products and what lies between them are integers
          (quantise–dequantise pairs, which onnxruntime fuses). Nagel et al. 2021, arXiv:2106.08295.
dynamic   scales of activations are found anew for every answer. Costs a pass over each activation; needs no examples, and
          suits layers whose activations differ much between examples.
"""

import platform
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fukami.compress.lean import lean
from fukami.core.extras import needed
from fukami.export.onnx_graph import quiet

PRODUCTS = ("Conv", "MatMul", "Gemm", "Gather")
"""Operations that hold nearly all weights and take nearly all of the time."""

FLOAT_RESULTS = ["MatMul", "Gemm", "Gather"]
"""Operations that give float32, as other things than products follow them: a bias, a norm, an activation."""


def static(
    model: bytes, batches: Sequence[dict[str, np.ndarray]], *, operations: Sequence[str] = (), calibration: str = "MinMax"
) -> bytes:
    """`model` with the scales of its activations found on `batches`.

    Args:
        model: the content of an ONNX file in float32.
        batches: arrays by name of input.
        operations: which operations compute with integers, and then only with fixed weights; all that can where it is empty.
        calibration: how a scale follows from what was seen: `MinMax`, or `Percentile` (99.99 %), which leaves out extremes.
    """
    library = needed("onnxruntime.quantization", extra="compress")
    options: dict[str, Any] = {"CalibPercentile": 99.99} if calibration == "Percentile" else {}
    if operations:
        options["OpTypesToExcludeOutputQuantization"] = FLOAT_RESULTS
    with tempfile.TemporaryDirectory(prefix="fukami-int8-") as folder, quiet():
        before, after = _preprocessed(model, Path(folder)), Path(folder, "int8.onnx")
        library.quantize_static(
            str(before),
            str(after),
            _reader(library, batches),
            quant_format=library.QuantFormat.QDQ,
            op_types_to_quantize=list(operations) or None,
            nodes_to_exclude=[*stacked(before), *free(before)] if operations else stacked(before),
            per_channel=True,
            reduce_range=reduces_range(),
            activation_type=library.QuantType.QUInt8,
            weight_type=library.QuantType.QInt8,
            calibrate_method=getattr(library.CalibrationMethod, calibration),
            extra_options=options,
        )
        return lean(after.read_bytes()) if operations else after.read_bytes()


def dynamic(model: bytes, *, operations: Sequence[str] = ("MatMul", "Gemm", "Gather", "LSTM")) -> bytes:
    """`model` with the scales of its activations found at every answer; arguments as in `static`."""
    library = needed("onnxruntime.quantization", extra="compress")
    with tempfile.TemporaryDirectory(prefix="fukami-int8-") as folder, quiet():
        before, after = _preprocessed(model, Path(folder)), Path(folder, "int8.onnx")
        library.quantize_dynamic(
            str(before),
            str(after),
            op_types_to_quantize=list(operations),
            nodes_to_exclude=stacked(before),
            per_channel=True,
            reduce_range=reduces_range(),
            weight_type=library.QuantType.QInt8,
        )
        return after.read_bytes()


def _preprocessed(model: bytes, folder: Path) -> Path:
    """Batch norms folded into convolutions, constants computed, shapes told: what the quantiser wants to see."""
    shape_inference = needed("onnxruntime.quantization.shape_inference", extra="compress")
    given, ready = folder / "float32.onnx", folder / "ready.onnx"
    given.write_bytes(model)
    shape_inference.quant_pre_process(str(given), str(ready), skip_symbolic_shape=True)
    onnx = needed("onnx", extra="compress")
    told = onnx.load(ready)
    weights = {
        weight.name for weight in told.graph.initializer
    }  # the quantiser turns some over, and then trips on their shapes
    kept = [value for value in told.graph.value_info if value.name not in weights]
    del told.graph.value_info[:]
    told.graph.value_info.extend(kept)
    onnx.save(told, ready)
    return ready


def stacked(path: Path) -> list[str]:
    """Products with several matrices at once (one for each number of a row): they cannot have scales by channel."""
    onnx = needed("onnx", extra="compress")
    graph = onnx.load(path).graph
    deep = {weight.name for weight in graph.initializer if len(weight.dims) > 2}
    return [node.name for node in graph.node if node.op_type == "MatMul" and deep & set(node.input)]


def free(path: Path) -> list[str]:
    """Products of two activations, as in attention: their numbers are few, and two more roundings cost more than they save."""
    onnx = needed("onnx", extra="compress")
    graph = onnx.load(path).graph
    fixed = {weight.name for weight in graph.initializer}
    return [node.name for node in graph.node if node.op_type == "MatMul" and not fixed & set(node.input)]


def _reader(library: Any, batches: Sequence[dict[str, np.ndarray]]) -> Any:
    class Reader(library.CalibrationDataReader):
        """The batches, one after the other."""

        def __init__(self) -> None:
            self.left: Iterator[dict[str, np.ndarray]] = iter(batches)

        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(self.left, None)

    return Reader()


def operations_in(model: bytes) -> set[str]:
    """Names of the operations of an ONNX file."""
    onnx = needed("onnx", extra="compress")
    found = onnx.load_model_from_string(model)
    return {node.op_type for part in (found.graph, *found.functions) for node in part.node}


def reduces_range(told: str | None = None, machine: str | None = None) -> bool:
    """Whether weights take seven bits: processors that add up pairs of products in sixteen bits overflow with eight.

    Those are x86 processors without VNNI. `told` is what the system says of its processor.

    >>> reduces_range("flags: avx2", "x86_64"), reduces_range("flags: avx512_vnni", "x86_64"), reduces_range("", "arm64")
    (True, False, False)
    """
    if (machine or platform.machine()).lower() not in ("x86_64", "amd64"):
        return False
    if told is None:
        place = Path("/proc/cpuinfo")
        told = place.read_text("utf-8", "replace") if place.exists() else ""
    return "vnni" not in told
