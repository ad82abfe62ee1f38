"""A graph that a run holds already (an int8 run's), with what turns its raw outputs into scores behind it."""

from typing import Any

from fukami.core.extras import needed


def joined(first: bytes, second: bytes, *, notes: dict[str, str] | None = None) -> bytes:
    """One graph of two: the outputs of the one are the inputs of the other, in their order.

    Args:
        first: an ONNX file, whose version of the operators the joined one has.
        second: an ONNX file.
        notes: what the file says of itself, by name.
    """
    onnx: Any = needed("onnx", extra="export")
    front, behind = onnx.load_model_from_string(first), onnx.load_model_from_string(second)
    if _opset(behind) != _opset(front):
        behind = onnx.version_converter.convert_version(behind, _opset(front))
    behind = onnx.compose.add_prefix(behind, "after/", rename_inputs=False, rename_outputs=False)
    behind.ir_version = front.ir_version
    joints = [(out.name, into.name) for out, into in zip(front.graph.output, behind.graph.input, strict=True)]
    whole = onnx.compose.merge_models(front, behind, io_map=joints)
    onnx.helper.set_model_props(whole, notes or {})
    return whole.SerializeToString()


def _opset(model: Any) -> int:
    """The version of ONNX's own operators that a graph uses."""
    return next(found.version for found in model.opset_import if found.domain in ("", "ai.onnx"))
