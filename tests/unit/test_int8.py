"""Graphs in int8: which operators they hold, and that those answer as the ones they stand for."""

from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from fukami.compress import quantise
from fukami.compress.fused import FusedOperators
from fukami.export.onnx_graph import write_graph
from fukami.models.onnx_network import OnnxNetwork, opened


def kinds_in(model: bytes) -> list[str]:
    return [node.op_type for node in onnx.load_model_from_string(model).graph.node]


def test_what_is_quantised_is_written_as_onnxruntime_computes_it_fastest():
    rng = np.random.default_rng(0)
    weights: dict[str, Any] = {name: rng.normal(size=size).astype(np.float32) for name, size in (("w", (8, 8)), ("b", (8,)))}
    weights |= {"ones": np.ones(8, np.float32), "flat": np.array([-1, 4]), "whole": np.array([-1, 8, 8])}
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["p"], "product"),
        helper.make_node("Add", ["p", "b"], ["q"], "bias"),
        helper.make_node("Add", ["q", "x"], ["s"], "around"),
        helper.make_node("LayerNormalization", ["s", "ones"], ["n"], "norm"),
        helper.make_node("Reshape", ["n", "flat"], ["f"], "there"),
        helper.make_node("Reshape", ["f", "whole"], ["r"], "back"),
        helper.make_node("MatMul", ["r", "w"], ["z"], "second"),
        helper.make_node("MatMul", ["z", "n"], ["m"], "free"),
        helper.make_node("Add", ["m", "r"], ["y"], "end"),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", 8, 8]) for name in ("x", "y")]
    kept = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], kept)
    whole = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    model, x = whole.SerializeToString(), rng.normal(size=(2, 8, 8)).astype(np.float32)
    made = quantise.static(model, [{"x": x}], operations=quantise.PRODUCTS)
    kinds = kinds_in(made)
    assert kinds.count("MatMulIntegerToFloat") == 2 and kinds.count("QuantizeLinear") == 2  # biases are inside
    assert kinds.count("MatMul") == 1 and "DequantizeLinear" not in kinds  # a product of activations stays in float32
    assert kinds.count("Sum") == 1 and kinds.count("Add") == 1 and kinds.count("Reshape") == 1
    expected, answers = (opened(file, 1).run(None, {"x": x})[0] for file in (model, made))
    assert 0 < np.abs(answers - expected).max() < 0.1 * np.abs(expected).max()


class Attentions(nn.Module):
    """Attention in every way that it is asked for, and both kinds of GELU: `(B, 3, 8)` of `x` → one tensor."""

    def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        x_BNLH = inputs["x"].unflatten(2, (2, 4)).transpose(1, 2)
        keep_BL, attend = inputs["x"][:, :, 0] > 0, nn.functional.scaled_dot_product_attention
        mask = keep_BL[:, None, None] | torch.eye(3, dtype=torch.bool)
        found = [attend(x_BNLH, x_BNLH, x_BNLH, mask), attend(x_BNLH, x_BNLH, x_BNLH, inputs["x"][:, None, :, :3])]
        found += [attend(x_BNLH, x_BNLH, x_BNLH), attend(x_BNLH, x_BNLH, x_BNLH, scale=0.1)]
        found += [attend(x_BNLH, x_BNLH, x_BNLH, is_causal=True)]
        return nn.functional.gelu(torch.stack(found)) + nn.functional.gelu(x_BNLH, approximate="tanh")


def test_attention_is_one_operator_whatever_its_mask(tmp_path):
    inputs = {"x": torch.randn(2, 3, 8, generator=torch.Generator().manual_seed(0))}
    with FusedOperators():
        write_graph(Attentions(), inputs, tmp_path / "model.onnx")
    model = (tmp_path / "model.onnx").read_bytes()
    kinds = kinds_in(model)
    assert [kinds.count(kind) for kind in ("MultiHeadAttention", "Gelu", "FastGelu", "Softmax")] == [4, 1, 1, 1]
    assert torch.allclose(OnnxNetwork(model)(inputs), Attentions()(inputs), atol=1e-3)
