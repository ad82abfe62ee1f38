"""What is true of every model, for each file in `models/` because it is there.

Shapes: B batch, L tokens.
"""

import pytest
import torch

from fukami.core.cards import cards
from fukami.layers.heads import LinearHead
from fukami.layers.pooling import Sequence
from fukami.models import checkpoint, registry
from fukami.models.contract import Network
from tests.small_models import alone, families, small_batch, small_model, wider

CASES = [pytest.param(*case, id="-".join(case)) for case in families() if case[2] in registry.FEATURES]
VECTORS = [pytest.param(name, takes, id=f"{name}-{takes}") for name, takes, gives in families() if gives == "vector"]


@pytest.fixture(scope="module")
def built():
    """Each model is built once for all laws."""
    found = {}

    def build(name, takes, gives):
        key = (name, takes, gives)
        if key not in found:
            found[key] = small_model(name, takes, gives)
        return found[key]

    return build


def tensor_of(features):
    return features.x if isinstance(features, Sequence) else features


@pytest.mark.parametrize(("name", "takes", "gives"), CASES)
def test_features_and_gradients(built, name, takes, gives):
    """Features have the promised shape, and every weight gets a finite gradient."""
    _choice, spec, encoder = built(name, takes, gives)
    batch = small_batch(spec)
    encoder.train()
    found = encoder(batch)
    assert isinstance(found, Sequence) == (gives == "sequence")
    features = tensor_of(found)
    members = getattr(encoder, "members", 1)
    width = {"vector": -1, "sequence": -1, "grid": 1}[gives]
    assert features.ndim == {"vector": 2 + (members > 1), "sequence": 3, "grid": 4}[gives]
    assert features.shape[0] == 3 and features.shape[width] == encoder.num_features
    if not list(encoder.parameters()):
        return
    encoder.zero_grad(set_to_none=True)
    (features * torch.randn(features.shape, generator=torch.Generator().manual_seed(1))).sum().backward()
    without = [n for n, p in encoder.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    assert not without


@pytest.mark.parametrize(("name", "takes", "gives"), CASES)
def test_a_sample_alone_is_answered_as_in_a_batch(built, name, takes, gives):
    """Neither neighbours nor padding change an answer, and evaluation is deterministic."""
    _choice, spec, encoder = built(name, takes, gives)
    batch = small_batch(spec, dtype=torch.float64)
    encoder.eval().double()  # deep networks magnify rounding: in double precision only true differences are seen
    with torch.no_grad():
        found, padded = encoder(batch), encoder(wider(batch, spec))
        together = tensor_of(found)
        assert torch.equal(together, tensor_of(encoder(batch)))
        for row in range(3):
            single = tensor_of(encoder(alone(batch, row)))[0]
            torch.testing.assert_close(together[row][: len(single)], single, rtol=1e-6, atol=1e-9)
            assert not together[row][len(single) :].any(), "what follows a shorter example says nothing"
            more = tensor_of(padded)[row]
            torch.testing.assert_close(more[: len(single)], single, rtol=1e-6, atol=1e-9)
            assert not more[len(single) :].any()
            if gives == "sequence":
                assert int(found.lengths[row]) == int(padded.lengths[row]) == len(single)
    encoder.float()


@pytest.mark.parametrize(("name", "takes"), VECTORS)
def test_saved_and_loaded_answers_are_equal(built, name, takes, tmp_path):
    """A folder says how to build its network and holds every weight; outputs are equal to the last bit."""
    choice, spec, encoder = built(name, takes, "vector")
    network = Network(encoder, LinearHead(encoder.num_features, 3, getattr(encoder, "members", 1))).eval()
    checkpoint.save(network, tmp_path / "model", choice=choice, spec=spec, classes=("a", "b", "c"))
    saved = checkpoint.read(tmp_path / "model")
    assert saved.choice is not None and saved.spec == spec
    assert {f.name for f in (tmp_path / "model").iterdir()} == {"model.safetensors", "config.json"}
    again = registry.build(saved.choice, saved.spec, gives=saved.gives)
    other = Network(again, LinearHead(again.num_features, 3, getattr(again, "members", 1))).eval()
    batch = {"input": small_batch(spec)}
    with torch.no_grad():
        expected = network(batch)
        if list(encoder.parameters()):
            assert not torch.equal(expected, other(batch))
        checkpoint.load(other, tmp_path / "model")
        assert torch.equal(expected, other(batch))


@pytest.mark.parametrize(("name", "takes"), VECTORS)
def test_the_seed_decides_the_weights(built, name, takes):
    choice, spec, _encoder = built(name, takes, "vector")
    torch.manual_seed(5)
    first = registry.build(choice, spec).state_dict()
    torch.manual_seed(5)
    second = registry.build(choice, spec).state_dict()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize(("name", "takes"), VECTORS)
def test_layer_groups_hold_every_weight_once(built, name, takes):
    _choice, _spec, encoder = built(name, takes, "vector")
    if not hasattr(encoder, "layer_groups"):
        return
    listed = [id(p) for group in encoder.layer_groups() for p in group]
    assert sorted(listed) == sorted(id(p) for p in encoder.parameters())


@pytest.mark.parametrize("card", [pytest.param(c, id=c.name) for c in cards("models").values()])
def test_cards_are_complete(card):
    """Every size and member is accepted by `build`, has as many parameters as listed, and the default size is one of them."""
    assert card.summary and card.source and set(card.takes) <= set(cards("fields"))
    assert {*card.quick_for, *card.typical_for, *card.only} <= set(card.takes)
    assert (card.size in card.sizes) if card.sizes else not card.size
    if card.prefix:
        return
    for takes in card.takes:
        needs = next((gives for gives in registry.FEATURES if gives in card.only.get(takes, card.gives)), "")
        if not needs:  # as large as its targets
            continue
        sizes = [registry.resolve(card.name, size, takes=takes, needs=needs) for size in card.sizes or [""]]
        counted = {choice.size: registry.count_parameters(choice, registry.reference(card, takes)) for choice in sizes}
        assert card.parameters[takes] == counted  # a list that counts would import torch
    for member in card.members:
        assert registry.resolve(member, takes=card.takes[0], needs=card.gives[0]).card is card
