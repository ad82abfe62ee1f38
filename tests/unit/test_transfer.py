"""Transfer learning with checkpoints that the tests themselves train and save. Nothing is downloaded."""

import time

import pytest
import torch
from torch.nn import functional as F

from fukami.core import hub
from fukami.core.errors import UsageError
from fukami.core.specs import ImageSpec, TokenSpec
from fukami.engine.loop import freeze_encoder
from fukami.layers.heads import LinearHead
from fukami.models import checkpoint, registry, transfer
from fukami.models.contract import Network
from tests.small_models import small_batch, small_model


def network_of(name, spec, num_outputs=3, seed=0, size="", **options):
    choice = registry.resolve(name, size, takes=spec.kind, needs="vector")
    torch.manual_seed(seed)
    encoder = registry.build(choice, spec, options=options)
    return choice, Network(encoder, LinearHead(encoder.num_features, num_outputs))


def step(network, spec):
    """One step of gradient descent."""
    network.zero_grad()
    F.cross_entropy(network({"input": small_batch(spec)})[:, 0], torch.tensor([0, 1, 2])).backward()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.grad is not None:
                parameter -= 0.05 * parameter.grad


def trained(network, spec):
    for _step in range(5):
        step(network, spec)
    return network.eval()


@pytest.mark.parametrize(("name", "side"), [("cnn", 8), ("timm:test_resnet", 64), ("vit", 16)])
def test_a_run_starts_another(tmp_path, name, side):
    """Features of the new network are those of the trained one; the head is new where the number of answers differs."""
    spec = ImageSpec(channels=1, height=side, width=side)
    size = "tiny" if name == "cnn" else ""
    options = {"depth": 1} if name == "vit" else {}
    choice, network = network_of(name, spec, size=size, **options)
    trained(network, spec)
    checkpoint.save(network, tmp_path / "model", choice=choice, spec=spec, options=options)
    _choice, other = network_of(name, spec, num_outputs=5, seed=1, size=size, **options)
    found = transfer.find(choice, str(tmp_path))
    report = found.weights.into(other)
    assert report["head"] == "new" and not report["missing"] and not report["different"]
    batch = small_batch(spec)
    with torch.no_grad():
        assert torch.equal(network.encoder(batch), other.eval().encoder(batch))
    _choice, same = network_of(name, spec, seed=1, size=size, **options)
    assert found.weights.into(same)["head"] == "taken"
    with torch.no_grad():
        assert torch.equal(network({"input": batch}), same.eval()({"input": batch}))


def test_weights_help(tmp_path):
    """Frozen features of a trained network, with a new head, beat those of a new one on the same task."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    x_BCHW = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 8 - 1
    y_B = torch.tensor(digits.target)
    spec = ImageSpec(channels=1, height=8, width=8)

    def learn(network, parameters, labels_B, steps):
        optimizer = torch.optim.Adam(parameters, lr=0.01)
        for step in range(steps):
            rows = torch.arange(64) + 64 * (step % 18)
            loss = F.cross_entropy(network.train()({"input": x_BCHW[rows]})[:, 0], labels_B[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            return (network.eval()({"input": x_BCHW[1200:]})[:, 0].argmax(1) == labels_B[1200:]).float().mean().item()

    choice, network = network_of("cnn", spec, 10, size="tiny")
    learn(network, network.parameters(), y_B, 54)  # first which digit it is, then whether it is even
    checkpoint.save(network, tmp_path, choice=choice, spec=spec)
    accuracies = {}
    for wanted in ("no", str(tmp_path)):
        _choice, other = network_of("cnn", spec, 2, seed=1, size="tiny")
        found = transfer.find(choice, wanted)
        if found.weights:
            found.weights.into(other)
        accuracies[wanted] = learn(other, other.head.parameters(), y_B % 2, 30)
    assert accuracies[str(tmp_path)] > accuracies["no"] + 0.05


def test_frozen_parts_do_not_move():
    """Neither weights nor the statistics of batch normalisation; after thawing both do."""
    spec = ImageSpec(channels=1, height=8, width=8)
    _choice, network = network_of("cnn", spec, size="tiny")
    before = {name: tensor.clone() for name, tensor in network.encoder.state_dict().items()}
    for _step in range(2):
        network.train()
        freeze_encoder(network, True)
        step(network, spec)
    assert all(torch.equal(before[name], tensor) for name, tensor in network.encoder.state_dict().items())
    network.train()
    freeze_encoder(network, False)
    step(network, spec)
    moved = [name for name, tensor in network.encoder.state_dict().items() if not torch.equal(before[name], tensor)]
    assert any("running_mean" in name for name in moved) and any("weight" in name for name in moved)


def test_timm_checkpoint_with_other_channels_and_size(tmp_path):
    """A folder of timm for colour and 160 pixels starts a network for grey and 32: its rules adapt weights."""
    import timm
    from safetensors.torch import save_file

    net = timm.create_model("test_vit", num_classes=4, img_size=64)
    save_file(net.state_dict(), tmp_path / "model.safetensors")
    cfg = '{"architecture": "test_vit", "num_classes": 4, "pretrained_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.2, 0.2, 0.2]}}'
    (tmp_path / "config.json").write_text(cfg)
    choice = registry.resolve(str(tmp_path), takes="image", needs="vector")
    spec = ImageSpec(channels=1, height=32, width=32)
    encoder = registry.build(choice, spec)
    found = transfer.find(choice)
    report = found.weights.into(Network(encoder, LinearHead(encoder.num_features, 2)))
    assert not report["missing"] and not report["different"] and report["head"] == "new"
    expected = net.patch_embed.proj.weight.sum(1, keepdim=True)
    torch.testing.assert_close(encoder.net.patch_embed.proj.weight, expected)
    assert found.weights.image["std"] == [0.2, 0.2, 0.2]


def test_transformers_checkpoint_of_another_head(tmp_path):
    """A folder of a masked-word model starts a classifier; its pooler is new and is reported."""
    from transformers import BertConfig, BertForMaskedLM

    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32, "vocab_size": 40}
    reference = BertForMaskedLM(BertConfig(**shape, pad_token_id=0, max_position_embeddings=16))
    reference.save_pretrained(tmp_path)
    spec = TokenSpec(vocabulary_size=40, max_tokens=16)
    choice, network = network_of(f"hf:{tmp_path}", spec)
    report = transfer.find(choice).weights.into(network)
    assert report["missing"] == ["net.bert.pooler.dense.bias", "net.bert.pooler.dense.weight"]
    expected = reference.bert.embeddings.word_embeddings.weight
    assert torch.equal(network.encoder.net.bert.embeddings.word_embeddings.weight, expected)


def test_another_vocabulary_is_refused(tmp_path):
    from transformers import BertConfig, BertForMaskedLM

    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    BertForMaskedLM(BertConfig(**shape, vocab_size=400, max_position_embeddings=8)).save_pretrained(tmp_path)
    choice, network = network_of(f"hf:{tmp_path}", TokenSpec(vocabulary_size=300, max_tokens=8))
    with pytest.raises(UsageError, match="F-TRANSFER-VOCABULARY"):
        transfer.find(choice).weights.into(network)


def test_words_that_no_tokenizer_gives_are_cut(tmp_path):
    """Checkpoints round their table of words up; with the checkpoint's own tokenizer the rest is the same table."""
    from tokenizers import Tokenizer, models
    from transformers import BertConfig, BertModel

    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    reference = BertModel(BertConfig(**shape, vocab_size=64, max_position_embeddings=8))
    reference.save_pretrained(tmp_path)
    Tokenizer(models.WordLevel({f"w{n}": n for n in range(60)}, unk_token="w1")).save(str(tmp_path / "tokenizer.json"))
    choice, network = network_of(f"hf:{tmp_path}", TokenSpec(vocabulary_size=60, max_tokens=8))
    assert not transfer.find(choice).weights.into(network)["different"]
    expected = reference.embeddings.word_embeddings.weight[:60]
    assert torch.equal(network.encoder.net.bert.embeddings.word_embeddings.weight, expected)


def test_another_network_is_refused(tmp_path):
    choice, spec, encoder = small_model("lenet", "image")
    checkpoint.save(Network(encoder, LinearHead(84, 3)), tmp_path, choice=choice, spec=spec)
    _choice, other = network_of("cnn", spec, size="tiny")
    with pytest.raises(UsageError, match="F-TRANSFER-MATCH"):
        transfer.find(choice, str(tmp_path)).weights.into(other)


def test_places_without_weights(tmp_path):
    choice = registry.resolve("cnn", takes="image", needs="vector")
    with pytest.raises(UsageError, match="F-TRANSFER-FOLDER"):
        transfer.find(choice, str(tmp_path / "nowhere"))
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(UsageError) as caught:
        transfer.find(choice, str(tmp_path))
    assert caught.value.got == "pytorch_model.bin" and "safetensors" in caught.value.fix


def test_offline_it_says_so_and_goes_on():
    choice = registry.resolve("resnet18", takes="image", needs="vector")
    found = transfer.find(choice, "auto")
    assert found.weights is None and "HF_HUB_OFFLINE" in found.notes[0] and "scratch" in found.notes[0]
    with pytest.raises(UsageError, match="F-TRANSFER-OFFLINE"):
        transfer.find(choice, "yes")
    with pytest.raises(UsageError, match="F-TRANSFER-NONE"):
        transfer.find(registry.resolve("cnn", takes="image", needs="vector"), "yes")
    for name, takes in (("cnn", "image"), ("resnet", "row")):
        assert transfer.find(registry.resolve(name, takes=takes, needs="vector"), "auto") == transfer.Found(None)


def test_a_silent_network_is_given_up_in_time(monkeypatch):
    """An address that never answers: a listening socket that accepts nothing."""
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        hub.online.cache_clear()
        start = time.monotonic()
        choice = registry.resolve("resnet18", takes="image", needs="vector")
        found = transfer.find(choice, "auto", seconds=0.5)
        assert found.weights is None and "connection" in found.notes[0]
        assert time.monotonic() - start < 3
    hub.online.cache_clear()
