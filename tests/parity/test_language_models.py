"""Language models against the library that they come from, on copied weights; perplexity against its definition."""

import numpy as np
import pytest
import torch

from fukami.core.specs import TokenSpec
from fukami.fields.contract import Tokens
from fukami.models import gpt, lstm_lm

SPEC = TokenSpec(vocabulary_size=40, max_tokens=16, special=(("unk", 1), ("cls", 2), ("sep", 3), ("mask", 4)))


def as_gpt2(model):
    """transformers' model with the weights of ours. Its projections hold weights the other way round."""
    from transformers import GPT2Config, GPT2LMHeadModel

    width = model.num_features
    shape = {"n_embd": width, "n_layer": len(model.blocks), "n_head": model.blocks[0].heads, "n_positions": model.room}
    theirs = GPT2LMHeadModel(GPT2Config(vocab_size=SPEC.vocabulary_size, bos_token_id=2, eos_token_id=2, **shape)).eval()
    state = {"wte.weight": model.tokens.weight, "wpe.weight": model.places.weight}
    state |= {f"ln_f.{part}": getattr(model.norm, part) for part in ("weight", "bias")}
    names = {"norm1": "ln_1", "norm2": "ln_2", "qkv": "attn.c_attn", "out": "attn.c_proj"}
    names |= {"wider": "mlp.c_fc", "narrower": "mlp.c_proj"}
    for number, block in enumerate(model.blocks):
        for own, other in names.items():
            layer = getattr(block, own)
            weight = layer.weight if own.startswith("norm") else layer.weight.T
            state |= {f"h.{number}.{other}.weight": weight, f"h.{number}.{other}.bias": layer.bias}
    missing, left = theirs.transformer.load_state_dict(state, strict=False)
    assert not left and not [name for name in missing if not name.endswith((".attn.bias", ".masked_bias"))]
    theirs.tie_weights()
    return theirs


def randomised(model):
    torch.manual_seed(1)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return model.eval()


def test_gpt_answers_as_gpt2():
    model = randomised(gpt.build(SPEC, width=32, depth=2, heads=4))
    ids_BL = torch.randint(5, 40, (3, 16), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        own = model.logits(model.hidden(ids_BL)[0])
        theirs = as_gpt2(model)(ids_BL).logits
    assert torch.allclose(own, theirs, atol=1e-4)


def test_gpt_writes_greedily_as_gpt2():
    model = randomised(gpt.build(SPEC, width=32, depth=2, heads=4))
    start_L = torch.tensor([2, 7, 9])
    with torch.no_grad():
        seen = start_L[None]
        theirs = as_gpt2(model)
        for _step in range(8):
            logits = theirs(seen).logits[:, -1]
            logits[:, :3] = -torch.inf
            seen = torch.cat([seen, logits.argmax(1, keepdim=True)], dim=1)
        options = type("Options", (), {"max_tokens": 8, "greedy": True, "temperature": 1.0, "top_k": 0, "top_p": 1.0})
        given = Tokens(start_L[None, 1:], torch.tensor([2]))
        own = model.answers({"text": given}, torch.Generator().manual_seed(0), options)["ids"]
    assert own[0].tolist() == seen[0, 3:].tolist()


@pytest.mark.parametrize("model", [gpt.build(SPEC, width=16, depth=1, heads=2), lstm_lm.build(SPEC, width=16, depth=1)])
def test_surprise_is_the_cross_entropy_of_the_next_token(model):
    model = randomised(model)
    ids_BL = torch.randint(5, 40, (2, 9), generator=torch.Generator().manual_seed(0))
    target = {"ids": Tokens(ids_BL, torch.tensor([9, 4])), "follows": torch.zeros(2, dtype=torch.bool)}
    with torch.no_grad():
        nats_BL, right_BL = model.surprise(target["ids"], target)
        for row, count in enumerate((9, 4)):
            for at in range(count):
                before = torch.cat([torch.tensor([2]), ids_BL[row, :at]])[None]
                shares_V = torch.log_softmax(model.logits(model.hidden(before)[0][0, -1:]), dim=1)[0]
                assert nats_BL[row, at] == pytest.approx(-float(shares_V[ids_BL[row, at]]), abs=1e-4)
                assert bool(right_BL[row, at]) == (int(shares_V.argmax()) == int(ids_BL[row, at]))
    assert (nats_BL[1, 4:] == 0).all()


def test_perplexity_is_e_to_the_mean_of_all_tokens():
    from fukami.fields.batch import Rows
    from fukami.metrics.contract import Running

    nats = np.array([1.0, 2.0, 3.0, 0.5], np.float32)
    answers = Rows({"nats": nats, "right": np.array([True, False, False, True])}, np.array([3, 1]))
    truth = {"tokens": Rows({"id": np.arange(4)}, np.array([3, 1])), "characters": np.array([6, 2])}
    running = Running(["perplexity", "nats_per_character", "bits_per_character", "next_token_accuracy"], None)
    running.update(answers, truth)
    found = running.compute()
    assert found["perplexity"] == pytest.approx(np.exp(6.5 / 4))
    assert found["nats_per_character"] == pytest.approx(6.5 / 8)
    assert found["bits_per_character"] == pytest.approx(6.5 / 8 / np.log(2))
    assert found["next_token_accuracy"] == 0.5
