"""Models against the libraries that they come from, on copied weights; and model folders read by those libraries.

Shapes: B batch, L tokens.
"""

import pytest
import torch
from torch import nn

from fukami.core.specs import ImageSpec, TokenSpec
from fukami.fields.contract import Tokens
from fukami.layers.embedding import Embedding
from fukami.layers.heads import LinearHead
from fukami.layers.recurrent import CELLS, Recurrent
from fukami.models import checkpoint, registry
from fukami.models.contract import Network
from tests.small_models import small_batch

WORDS = TokenSpec(vocabulary_size=40, max_tokens=16)
CLASSES = ("cat", "dog", "owl")


def network_of(name, spec, size="", **options):
    choice = registry.resolve(name, size, takes=spec.kind, needs="vector")
    torch.manual_seed(0)
    encoder = registry.build(choice, spec, options=options)
    return choice, Network(encoder, LinearHead(encoder.num_features, len(CLASSES))).eval()


def outputs(network, batch):
    with torch.no_grad():
        return network({"input": batch})[:, 0]


def test_resnet_answers_as_timms():
    import timm

    spec = ImageSpec(channels=3, height=64, width=64)
    _choice, network = network_of("resnet18", spec)
    reference = timm.create_model("resnet18", num_classes=3).eval()
    weights, head = network.encoder.from_library(reference.state_dict())
    network.encoder.load_state_dict(weights)
    network.head.load_state_dict(head)
    x_BCHW = small_batch(spec)
    with torch.no_grad():
        assert torch.equal(outputs(network, x_BCHW), reference(x_BCHW))


def test_bert_answers_as_transformers():
    from transformers import BertConfig, BertForSequenceClassification

    _choice, network = network_of("bert", WORDS, "tiny")
    shape = {"hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 512}
    reference = BertForSequenceClassification(BertConfig(vocab_size=40, num_labels=3, **shape)).eval()
    weights, head = network.encoder.from_library(reference.state_dict())
    network.encoder.load_state_dict(weights)
    network.head.load_state_dict(head)
    ids_BL, lengths_B = small_batch(WORDS)
    mask_BL = (torch.arange(ids_BL.shape[1]) < lengths_B[:, None]).long()
    with torch.no_grad():
        expected = reference(input_ids=ids_BL, attention_mask=mask_BL).logits
    assert torch.equal(outputs(network, Tokens(ids_BL, lengths_B)), expected)


@pytest.mark.parametrize(
    ("name", "size", "side", "channels"),
    [
        ("timm:test_resnet", "", 64, 3),
        ("timm:test_convnext", "", 64, 1),
        ("timm:test_efficientnet", "", 64, 4),
        ("vit", "tiny", 28, 1),
        ("mobilenet", "tiny", 32, 1),
        ("vgg", "tiny", 32, 1),
    ],
)
def test_timm_loads_the_folder_by_itself(tmp_path, name, size, side, channels):
    """`timm.create_model("local-dir:…")` builds and fills the network, and its logits are equal."""
    import timm

    spec = ImageSpec(channels=channels, height=side, width=side)
    choice, network = network_of(name, spec, size)
    told = {"mean": [0.5] * channels, "std": [0.25] * channels}
    checkpoint.save(network, tmp_path, choice=choice, spec=spec, classes=CLASSES, image=told)
    assert checkpoint.read(tmp_path).format == "timm"
    theirs = timm.create_model(f"local-dir:{tmp_path}", pretrained=True).eval()
    x_BCHW = small_batch(spec)
    with torch.no_grad():
        assert torch.equal(outputs(network, x_BCHW), theirs(x_BCHW))
    cfg = theirs.pretrained_cfg
    assert list(cfg["mean"]) == told["mean"] and list(cfg["label_names"]) == list(CLASSES)
    assert tuple(cfg["input_size"]) == (channels, side, side)


def tiny_config(kind):
    from transformers import AutoConfig

    width = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    if kind == "distilbert":
        width = {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64}
    return AutoConfig.for_model(kind, vocab_size=40, pad_token_id=0, max_position_embeddings=24, **width)


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert", "electra"])
def test_transformers_loads_the_folder_by_itself(tmp_path, kind):
    """A model named by a local folder of transformers, saved, is read by `from_pretrained` with equal logits."""
    from transformers import AutoModelForSequenceClassification

    tiny_config(kind).save_pretrained(tmp_path / "config")
    choice, network = network_of(f"hf:{tmp_path / 'config'}", WORDS)
    checkpoint.save(network, tmp_path / "model", choice=choice, spec=WORDS, classes=CLASSES)
    assert checkpoint.read(tmp_path / "model").format == "transformers"
    theirs, report = AutoModelForSequenceClassification.from_pretrained(tmp_path / "model", output_loading_info=True)
    assert not report["missing_keys"] and not report["unexpected_keys"]
    ids_BL, lengths_B = small_batch(WORDS)
    mask_BL = (torch.arange(ids_BL.shape[1]) < lengths_B[:, None]).long()
    with torch.no_grad():
        expected = theirs.eval()(input_ids=ids_BL, attention_mask=mask_BL).logits
    assert torch.equal(outputs(network, Tokens(ids_BL, lengths_B)), expected)
    assert theirs.config.id2label == dict(enumerate(CLASSES))


def test_transformers_cuts_texts_as_the_field_does(tmp_path):
    """`AutoTokenizer` on the folder gives the ids that the network was trained with, without further tokens."""
    from transformers import AutoTokenizer

    from fukami.fields.text.tokenization import learn_tokenizer, load

    told = learn_tokenizer(["a fine film", "a dull film"], level="word", vocabulary_size=40, min_count=1, lowercase=True)
    own = load(told, 16)
    special = tuple((role, number) for role, number in own.special.items() if role != "pad")
    spec = TokenSpec(own.tokenizer.get_vocab_size(), 16, own.special["pad"], special=special)
    choice, network = network_of("bert", spec, "tiny")
    checkpoint.save(network, tmp_path, choice=choice, spec=spec, tokenizer=told)
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    for text in ("A fine film", "a film unseen"):
        assert theirs(text)["input_ids"] == own.tokenizer.encode(text).ids
    assert theirs.pad_token_id == spec.pad and theirs.model_max_length == 16


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_recurrent_layers_read_as_packed_sequences(cell):
    """Two layers in both directions against PyTorch's own on packed sequences."""
    torch.manual_seed(0)
    own = Recurrent(cell, WORDS, gives="sequence", embedding=5, width=6, depth=2, dropout=0.0).eval()
    reference = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell](5, 6, 2, batch_first=True, bidirectional=True)
    for layer, (ahead, behind) in enumerate(zip(own.forwards, own.backwards, strict=True)):
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            getattr(reference, f"{name}_l{layer}").data = getattr(ahead, f"{name}_l0").data
            getattr(reference, f"{name}_l{layer}_reverse").data = getattr(behind, f"{name}_l0").data
    tokens = small_batch(WORDS)
    x_BLD, _valid = own.embedding(tokens)
    packed = nn.utils.rnn.pack_padded_sequence(x_BLD, tokens.lengths, batch_first=True, enforce_sorted=False)
    expected, _lengths = nn.utils.rnn.pad_packed_sequence(reference(packed)[0], batch_first=True, total_length=7)
    torch.testing.assert_close(own(tokens).x, expected, rtol=1e-5, atol=1e-6)


def test_transformer_block_equals_torchs():
    """Our pre-norm block against `nn.TransformerEncoderLayer`."""
    from fukami.models.transformer import Block

    torch.manual_seed(0)
    own = Block(8, 2, dropout=0.0).eval()
    theirs = nn.TransformerEncoderLayer(8, 2, 32, dropout=0.0, activation="gelu", batch_first=True, norm_first=True).eval()
    pairs = {
        "self_attn.in_proj_weight": own.qkv.weight,
        "self_attn.in_proj_bias": own.qkv.bias,
        "self_attn.out_proj.weight": own.out.weight,
        "self_attn.out_proj.bias": own.out.bias,
        "linear1.weight": own.dense[0].weight,
        "linear1.bias": own.dense[0].bias,
        "linear2.weight": own.dense[3].weight,
        "linear2.bias": own.dense[3].bias,
        "norm1.weight": own.norm1.weight,
        "norm1.bias": own.norm1.bias,
        "norm2.weight": own.norm2.weight,
        "norm2.bias": own.norm2.bias,
    }
    theirs.load_state_dict(pairs)
    valid_BL = torch.tensor([[True] * 5, [True, True, False, False, False]])
    x_BLD = torch.randn(2, 5, 8)
    with torch.no_grad():
        expected = theirs(x_BLD, src_key_padding_mask=~valid_BL)
        found = own(x_BLD, valid_BL[:, None, None, :])
    torch.testing.assert_close(found[valid_BL], expected[valid_BL], rtol=1e-5, atol=1e-6)


def test_embedding_of_padding_stays_zero():
    """Padding is no word: its vector is zero and no gradient moves it."""
    table = Embedding(WORDS, 4)
    x_BLD, valid_BL = table(small_batch(WORDS))
    assert not x_BLD[~valid_BL].any()
    x_BLD.sum().backward()
    assert not table.table.weight.grad[WORDS.pad].any()
