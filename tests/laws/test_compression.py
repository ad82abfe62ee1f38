"""Laws of compression over every family of models: each has an int8 form that answers nearly as it does, whatever the batch."""

import pytest
import torch

from fukami.compress import quantise
from fukami.compress.fused import FusedOperators
from fukami.export.onnx_graph import write_graph
from fukami.fields import batch as trees
from fukami.layers.heads import LinearHead
from fukami.models.contract import Network, width
from fukami.models.onnx_network import OnnxNetwork
from tests.small_models import alone, families, small_batch, small_model

VECTORS = [(name, takes) for name, takes, gives in families() if gives == "vector"]
QUICK = {("mlp", "row")}
"""The others are slow: a second or two each, most of it the exporter's."""


@pytest.mark.parametrize(
    ("name", "takes"), [pair if pair in QUICK else pytest.param(*pair, marks=pytest.mark.slow) for pair in VECTORS]
)
def test_every_family_has_an_int8_form_that_answers_nearly_the_same(name, takes, tmp_path):
    _choice, spec, encoder = small_model(name, takes)
    features, members = width(encoder)
    network = Network(encoder, LinearHead(features, 3, members)).eval()
    inputs = {takes: small_batch(spec)}
    with torch.no_grad():
        expected = network(inputs)
    with FusedOperators():
        write_graph(network, inputs, tmp_path / "model.onnx")
    model = (tmp_path / "model.onnx").read_bytes()
    assert torch.allclose(OnnxNetwork(model)(inputs), expected, atol=1e-4)  # attention and GELU as single operators
    names = {told.name for told in OnnxNetwork(model).session().get_inputs()}
    arrays = [{n: t.numpy() for n, t in trees.named(inputs).items() if n in names}]
    made = {"static": quantise.static(model, arrays, operations=quantise.PRODUCTS)}
    if "Conv" not in quantise.operations_in(model):
        made["dynamic"] = quantise.dynamic(model)
    spread, apart = expected.abs().max(), []
    for way, quantised in made.items():
        answers = OnnxNetwork(quantised)
        outputs = answers(inputs)
        assert outputs.shape == expected.shape and torch.isfinite(outputs).all(), way
        apart.append(float((outputs - expected).abs().max() / spread))
        if way == "static":  # a sample alone is answered as in a batch
            assert torch.allclose(answers({takes: alone(inputs[takes], 1)})[0], outputs[1], atol=0.05 * float(spread))
    assert min(apart) < 0.3  # which way suits a network is measured on its own data; weights here are those it was born with
