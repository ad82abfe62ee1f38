"""Every model answers as an exported graph as it does in PyTorch, for each file in `models/` because it is there.

Batches of other sizes and lengths than the one that was traced are asked about, one example alone among them.
"""

from typing import Any

import numpy as np
import pytest
import torch

from fukami.core.cards import cards, load
from fukami.core.specs import ImageSpec, TokenSpec
from fukami.export.onnx_graph import answered, session, write_graph
from fukami.fields import batch as trees
from fukami.fields.contract import Tokens
from fukami.layers.heads import LinearHead
from fukami.models import registry
from fukami.models.contract import Network
from tests.small_models import alone, families, small_batch, small_model, small_spec

TOLERANCE = 1e-3
QUICK = {("linear", "row"), ("mlp", "row"), ("tabm", "row"), ("text-cnn", "text"), ("gru", "text"), ("lenet", "image")}
"""One of each kind that is traced in a moment; the others are slow."""
NAMES = [(name, takes) for name, takes, gives in families() if gives == "vector"]
MEMBERS = [(member, card.takes[0]) for card in cards("models").values() for member in card.members]


def marked(names: list[tuple[str, str]]) -> list[Any]:
    return [pytest.param(*n, id="-".join(n), marks=[] if n in QUICK else [pytest.mark.slow]) for n in names]


def network_of(name: str, takes: str, least_px: int = 32) -> tuple[Network, Any]:
    """A small network of that name with random weights, and the spec of its input."""
    _choice, spec, encoder = small_model(name, takes, least_px=least_px)
    head = LinearHead(encoder.num_features, 3, getattr(encoder, "members", 1))
    seen = small_batch(spec, 5, seed=7)
    # what is asked is among it: a deep network without training carries what it never saw beyond all bounds
    if isinstance(seen, torch.Tensor):
        seen = torch.cat([small_batch(spec, 32, seed=7), *(batch[takes] for batch in batches(takes, spec))])
    return settled(Network(encoder, head), {takes: seen}), spec


def settled(network: Network, inputs: dict[str, Any]) -> Network:
    """The network with statistics of a real batch, and a head for features of this size.

    With fresh ones deep networks answer the same whatever they are asked, or are certain of everything; or roundings grow in
    them until float32 and float64 of PyTorch itself disagree, as the larger EfficientNets' did.
    """
    with torch.no_grad():
        norms = [part for part in network.modules() if isinstance(part, torch.nn.modules.batchnorm._BatchNorm)]
        for norm in norms:
            norm.momentum = None
        if norms:
            network.train()(inputs)
        features = network.eval().encoder(next(iter(inputs.values())))
        if features.ndim == 2:
            network.head.weight /= features.std(0).mean()
            network.head.bias -= torch.nn.functional.linear(features.mean(0), network.head.weight)
    return network


def scores(outputs_BMK: torch.Tensor) -> torch.Tensor:
    return outputs_BMK.softmax(-1).mean(1)


def batches(takes: str, spec: Any) -> list[dict[str, Any]]:
    """A single example, two and five; texts of other lengths than the one that was traced."""
    five = small_batch(spec, 5, seed=1)
    several = [alone(small_batch(spec, 3), 1), small_batch(spec, 2, seed=2), five]
    if isinstance(five, Tokens):
        assert isinstance(spec, TokenSpec)
        longer = torch.nn.functional.pad(five.ids, (0, spec.max_tokens - five.ids.shape[1]), value=spec.pad)
        several.append(Tokens(longer, five.lengths))
    return [{takes: batch} for batch in several]


def difference(network: Network, asked: Any, inputs: list[dict[str, Any]]) -> float:
    with torch.no_grad():
        return max(float(np.abs(asked(batch) - scores(network(batch)).numpy()).max()) for batch in inputs)


@pytest.mark.parametrize(("name", "takes"), marked(NAMES))
def test_onnx_answers_alike(name, takes, tmp_path, record_property, least_px=32):
    network, spec = network_of(name, takes, least_px)
    traced = {takes: small_batch(spec)}
    before = {key: value.clone() for key, value in network.state_dict().items()}
    graph = write_graph(network, traced, tmp_path / "model.onnx", after=scores, output="scores")
    opened = session(graph.path)
    assert [node.name for node in opened.get_inputs()] == graph.inputs == list(trees.named(traced))
    apart = difference(network, lambda batch: answered(opened, batch)[graph.outputs[0]], batches(takes, spec))
    record_property("max_difference", apart)
    print(f"{name:24} {takes:6} {apart:.1e}")
    assert apart <= TOLERANCE
    with torch.no_grad():
        assert scores(network(batches(takes, spec)[2])).std(0).max() > 1e-3, "what answers the same to all proves nothing"
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())


@pytest.mark.slow
@pytest.mark.parametrize(("name", "takes"), [pytest.param(*n, id="-".join(n)) for n in MEMBERS])
def test_onnx_of_every_member_answers_alike(name, takes, tmp_path):
    # from 64 px on the last maps of the deepest have more than one pixel, so that their statistics mean something
    test_onnx_answers_alike(name, takes, tmp_path, lambda *_told: None, least_px=64)


@pytest.mark.slow
@pytest.mark.parametrize("to", ["pt2", "pte"])
@pytest.mark.parametrize(("name", "takes"), [pytest.param(*n, id="-".join(n)) for n in NAMES])
def test_other_formats_answer_alike(name, takes, to, tmp_path):
    """Through the formats themselves, with a task around the network."""
    if to == "pte":
        pytest.importorskip("executorch")
    network, spec = network_of(name, takes)
    material = Stand(network, takes, spec)
    asked = load("export/formats", to).write(material, tmp_path)
    inputs = batches(takes, spec)
    apart = difference(network, asked, inputs if to == "pt2" else [inputs[0]])
    print(f"{name:24} {takes:6} {to} {apart:.1e}")
    assert apart <= TOLERANCE


class Stand:
    """What formats look at of `Material`, without a run."""

    def __init__(self, network: Network, takes: str, spec: Any):
        longest = getattr(spec, "max_tokens", 0)

        def padded(_self: Any, batch: Any) -> Any:
            if not longest:
                return batch
            ids = torch.nn.functional.pad(batch.ids, (0, longest - batch.ids.shape[1]), value=spec.pad)
            return Tokens(ids, batch.lengths)

        field = type("F", (), {"padded": padded})()
        task = type("T", (), {"inputs": {takes: field}, "graphs": None, "is_one_pass": lambda *_: True})()
        self.predictor = type("P", (), {"network": network, "task": task})()
        self.inputs = {takes: small_batch(spec)}

        self.is_plain = True

    def after(self, outputs_BMK: torch.Tensor) -> torch.Tensor:
        return scores(outputs_BMK)

    def by_name(self, found: Any) -> dict[str, torch.Tensor]:
        return {"scores": found if isinstance(found, torch.Tensor) else found[0]}

    def answers(self, outputs: dict[str, torch.Tensor]) -> np.ndarray:
        return outputs["scores"].detach().numpy()


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["bert", "roberta", "distilbert", "electra"])
def test_encoders_of_transformers_answer_alike(architecture, tmp_path):
    import transformers

    from fukami.models.huggingface import from_config

    spec = TokenSpec(vocabulary_size=40, max_tokens=16)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    names = {"bert": "BertConfig", "roberta": "RobertaConfig", "distilbert": "DistilBertConfig", "electra": "ElectraConfig"}
    if architecture == "distilbert":
        sizes = {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32}
    torch.manual_seed(0)
    encoder = from_config(getattr(transformers, names[architecture])(max_position_embeddings=40, **sizes), spec, gives="vector")
    network = Network(encoder, LinearHead(encoder.num_features, 3)).eval()
    opened = session(write_graph(network, {"text": small_batch(spec)}, tmp_path / "m.onnx", after=scores).path)
    assert difference(network, lambda batch: answered(opened, batch)["outputs"], batches("text", spec)) <= TOLERANCE


class Ours(torch.nn.Module):
    """A module of somebody's own, called as `forward(numbers, categories)`, `forward(x)` or `forward(ids)`."""

    def __init__(self, size: int):
        super().__init__()
        self.layer = torch.nn.Linear(size, 3)

    def forward(self, x):
        return self.layer(x.float().flatten(1))


@pytest.mark.slow
@pytest.mark.parametrize(("takes", "size"), [("image", 256), ("row", 10)])
def test_a_module_of_one_s_own_answers_alike(takes, size, tmp_path):
    spec = ImageSpec(1, 16, 16) if takes == "image" else small_spec(cards("models")["mlp"], takes)
    torch.manual_seed(0)
    network = registry.wrap(Ours(size), spec, 3).eval()
    opened = session(write_graph(network, {takes: small_batch(spec)}, tmp_path / "m.onnx", after=scores).path)
    assert difference(network, lambda batch: answered(opened, batch)["outputs"], batches(takes, spec)) <= TOLERANCE
