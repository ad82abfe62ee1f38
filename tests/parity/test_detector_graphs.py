"""A detector leaves as an ONNX graph that answers as it does, for batches of any size, decoding included."""

import pytest
import torch

from fukami.export.onnx_graph import write_graph
from fukami.fields.boxes.field import Boxes
from fukami.models import registry
from fukami.models.contract import Network
from tests.small_models import small_batch, small_choice, small_spec

DETECTORS = ("yolo",)
"""Those of which it was seen; the others of boxes are to follow."""


@pytest.mark.slow
@pytest.mark.parametrize("name", DETECTORS)
def test_the_graph_answers_as_the_network(name, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    torch.manual_seed(0)
    choice, spec, model = detector(name)
    network = Network(model, torch.nn.Identity()).eval()
    x = small_batch(spec, count=3)
    field = Boxes(state={"classes": list("abc"), "counts": [1] * 3})
    graph = write_graph(network, {"image": x}, tmp_path / "model.onnx", after=field.graphed)
    opened = onnxruntime.InferenceSession(str(graph.path))
    for batch in (x, x[:1]):
        with torch.no_grad():
            want = field.graphed(network({"image": batch}))
        found = opened.run(None, {opened.get_inputs()[0].name: batch.numpy()})
        for one, other in zip(found, want.values(), strict=True):
            torch.testing.assert_close(torch.from_numpy(one), other, rtol=1e-3, atol=1e-4)
    assert choice.card.name == name


def detector(name: str):
    """Its first size, small, for pictures of 64 pixels."""

    choice = small_choice(name, "image", "boxes")
    spec = small_spec(choice.card, "image", 64)
    return choice, spec, registry.build(choice, spec, gives="boxes", target={"num_classes": 3})
