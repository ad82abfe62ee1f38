"""Hidden words: which they are, how they are learned, filled gaps, and what other tasks take over."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from fukami.core.tables import Column
from fukami.fields import batch as trees
from fukami.fields.contract import Tokens
from fukami.fields.masked.field import Masked, hidden
from fukami.fields.passage import tokens
from fukami.fields.passage.field import Passage
from fukami.fields.passage.spec import PassageSpec
from fukami.fields.text.field import Text
from fukami.fields.text.tokenization import load
from fukami.models import bert, checkpoint, registry
from fukami.models.contract import Network
from fukami.models.transfer import Weights
from fukami.tasks.registry import contract

SPECIAL = (("unk", 1), ("cls", 2), ("sep", 3), ("mask", 4))
SPEC = PassageSpec(30, 16, special=SPECIAL)
SMALL = {"width": 8, "depth": 1, "heads": 2}
TEXTS = ["the cat sees the dog", "the dog hears the bird", "a bird sings to the cat and the dog"] * 3


def passages(*lengths, seed=0):
    """[CLS] … [SEP] of so many tokens."""
    rng = torch.Generator().manual_seed(seed)
    rows = [[2, *torch.randint(5, 30, (n - 2,), generator=rng).tolist(), 3] for n in lengths]
    ids = torch.tensor([row + [0] * (max(lengths) - len(row)) for row in rows])
    return Tokens(ids, torch.tensor(lengths))


def target_of(given):
    follows = torch.zeros(len(given.ids), dtype=torch.bool)
    return {"ids": given, "characters": given.lengths, "follows": follows, "masked": hidden(given, 5)}


def made(next_sentence=False):
    torch.manual_seed(0)
    return bert.build(SPEC, gives="masked", **SMALL, dropout=0.0, next_sentence=next_sentence)


def learned():
    column = Column("text", pa.array(TEXTS))
    passage = Passage(options=Passage.Options(level="word", context=16, marked=True)).learn([column])
    return passage, Masked().learn([column], beside={"text": passage})


# -- tokens ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("level", ["word", "subword", "character"])
def test_a_gap_is_one_token_between_begin_and_end(level):
    told = tokens.marked(tokens.learned(TEXTS, level=level, vocabulary_size=300, min_count=1))
    found = load(told).tokenizer.encode("the [MASK] dog")
    assert found.tokens[0] == "[CLS]" and found.tokens[-1] == "[SEP]" and found.tokens.count("[MASK]") == 1
    assert found.tokens.count("[SEP]") == 1 and load(told).special == {"pad": 0, "unk": 1, "cls": 2, "sep": 3, "mask": 4}
    if level != "word":  # what stands between blanks may be anything
        assert load(told).tokenizer.encode("[SEP]").tokens.count("[SEP]") == 1, "what people write ends nothing"


def test_pieces_are_taken_where_a_script_has_blanks():
    english, japanese = Column("t", pa.array(TEXTS)), Column("t", pa.array(["吾輩は猫である。名前はまだ無い。"] * 5))
    levels = [Passage(options=Passage.Options(marked=True)).learn([one]).state["level"] for one in (english, japanese)]
    assert levels == ["subword", "character"]


# -- which are hidden --------------------------------------------------------------------------------------------------
def test_the_same_tokens_are_hidden_in_any_company():
    given = passages(12, 30, 5)
    masked = hidden(given, 5)
    alone = hidden(Tokens(given.ids[:1, :12], given.lengths[:1]), 5)
    assert masked[0, :12].tolist() == alone[0].tolist()
    assert masked.any(1).all() and not masked[given.ids < 5].any()
    many = hidden(passages(*[200] * 20), 5).sum().item() / (20 * 198)
    assert 0.12 < many < 0.18


def test_eight_of_ten_are_masked_one_is_another_and_one_stays():
    model, given = made(), Tokens(torch.full((10, 2000), 7), torch.full((10,), 2000))
    chosen = torch.ones_like(given.ids, dtype=torch.bool)
    spoiled = model._spoiled(given.ids, chosen, torch.Generator().manual_seed(0))
    shares = [(spoiled == 4).float().mean().item(), (spoiled == 7).float().mean().item()]
    assert shares == [pytest.approx(0.8, abs=0.02), pytest.approx(0.1 + 0.1 / 25, abs=0.015)]
    assert spoiled.min() >= 4 and spoiled.max() < 30
    drawn = model._chosen(given, torch.Generator().manual_seed(0)).float().mean().item()
    assert drawn == pytest.approx(0.15, abs=0.015)


# -- learning and judging ----------------------------------------------------------------------------------------------
def test_what_is_judged_is_what_is_learned_by_and_padding_changes_nothing():
    model, given = made().eval(), passages(6, 14)
    target = target_of(given)
    with torch.no_grad():
        scores = model.scores({"t": given}, {"m": target})
        loss = model.losses({"t": given}, {"m": target}, torch.Generator())["nats"]
        alone = Tokens(given.ids[:1, :6], given.lengths[:1])
        one = model.losses({"t": alone}, {"m": target_of(alone)}, torch.Generator())["nats"]
        logits = model.net(input_ids=given.ids.masked_fill(target["masked"], 4), attention_mask=(given.ids != 0).long()).logits
    torch.testing.assert_close(loss, scores["nats"].sum(1) / target["masked"].sum(1))
    torch.testing.assert_close(one, loss[:1], atol=1e-5, rtol=1e-5)
    wanted = -logits.log_softmax(2).gather(2, given.ids[:, :, None])[:, :, 0][target["masked"]]
    torch.testing.assert_close(scores["nats"][target["masked"]], wanted, atol=1e-5, rtol=1e-5)


def test_halves_are_exchanged_and_told():
    model, given = made(next_sentence=True), passages(12, 9, 14, 8, 11, 10)
    pairs, segments, own = model._exchanged(given, torch.Generator().manual_seed(1))
    assert 0 < own.sum() < 6
    for row in range(6):
        whole = given.ids[row][given.ids[row] >= 5].tolist()
        told = pairs.ids[row][: pairs.lengths[row]].tolist()
        middle = told.index(3)
        first, second = told[1:middle], told[middle + 1 : -1]
        assert told[0] == 2 and told[-1] == 3 and first == whole[: len(whole) // 2]
        assert (second == whole[len(whole) // 2 :]) == bool(own[row])
        assert segments[row, : len(told)].tolist() == [0] * (middle + 1) + [1] * (len(second) + 1)
    parts = model.losses({"t": given}, {"m": target_of(given)}, torch.Generator())
    assert set(parts) == {"nats", "next"} and all(part.shape == (6,) for part in parts.values())


def test_what_lies_beyond_the_positions_is_told_as_hard():
    model = made().eval()
    given = passages(700)
    with torch.no_grad():
        nats = model.scores({"t": given}, {"m": target_of(given)})["nats"]
    assert nats[0, 600:][target_of(given)["masked"][0, 600:]].tolist() == pytest.approx(
        [np.log(30)] * int(target_of(given)["masked"][0, 600:].sum()), rel=1e-5
    )


# -- gaps --------------------------------------------------------------------------------------------------------------
def test_gaps_are_filled_and_a_text_without_one_goes_on():
    passage, target = learned()
    model = bert.build(passage.spec(), gives="masked", **SMALL).eval()
    texts = Column("text", pa.array(["the [MASK] sees [MASK] dog", "a bird"]))
    batch = passage.batch(passage.encode([texts]), np.array([0, 1]))
    with torch.no_grad():
        answers = target.answers(model.answers({"text": batch}, torch.Generator(), None))
        alone = passage.batch(passage.encode([texts]), np.array([1]))
        other = target.answers(model.answers({"text": alone}, torch.Generator(), None))
    first, second = target.restore(answers)
    assert [len(gap) for gap in first["gaps"]] == [5, 5] and len(second["gaps"]) == 1
    assert first["text"].split()[2] == "sees" and second["text"].startswith("a bird ")
    assert first["gaps"][0][0]["score"] >= first["gaps"][0][1]["score"] > 0
    assert target.apart(trees.part(answers, 1, 2), other).item() < 1e-5
    given = target.given(answers)
    with torch.no_grad():
        nats = model.losses({"text": batch}, {"masked": given}, torch.Generator())["nats"]
    told = [-sum(np.log(gap[0]["score"]) for gap in one["gaps"]) for one in (first, second)]
    assert nats.tolist() == pytest.approx(told, rel=1e-3)


# -- towards others ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("next_sentence", [False, True])
def test_the_folder_opens_in_transformers_and_in_other_tasks(tmp_path, next_sentence):
    from transformers import AutoTokenizer, BertForMaskedLM

    passage, _target = learned()
    choice = registry.resolve("bert", takes="passage", needs="masked")
    options = {**SMALL, "next_sentence": next_sentence}
    model = bert.build(passage.spec(), gives="masked", **options).eval()
    network = Network(model, torch.nn.Identity())
    told = {"choice": choice, "spec": passage.spec(), "gives": "masked", "options": options}
    checkpoint.save(network, tmp_path, **told, tokenizer=passage.state["tokenizer"])
    theirs = BertForMaskedLM.from_pretrained(tmp_path, local_files_only=True).eval()
    cut = AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)(["the cat [MASK]"], return_tensors="pt")
    ids = passage.batch(passage.encode([Column("t", pa.array(["the cat [MASK]"]))]), np.array([0])).ids
    assert cut["input_ids"].tolist() == ids.tolist()
    with torch.no_grad():
        ours = model._logits(model._states(ids, torch.tensor([ids.shape[1]])))
        torch.testing.assert_close(theirs(input_ids=ids).logits, ours, atol=1e-5, rtol=1e-4)
    again = Network(bert.build(passage.spec(), gives="masked", **options), torch.nn.Identity())
    checkpoint.load(again, tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(again.state_dict().values(), network.state_dict().values(), strict=True))

    texts = Column("text", pa.array(TEXTS))
    text = Text(options=Text.Options(tokenizer=str(tmp_path))).learn([texts])
    task = contract("text-classification")
    label = task.target.learn([Column("label", pa.array(["a", "b", "c"] * 3))])
    task = task.with_fields({"text": text, "label": label})
    follows = task.network(registry.resolve("bert", takes="text", needs="vector"), options=SMALL)
    report = Weights(tmp_path / "model.safetensors", str(tmp_path)).into(follows)
    table = follows.encoder.net.bert.embeddings.word_embeddings.weight
    assert torch.equal(table, model.net.bert.embeddings.word_embeddings.weight) and report["head"] == "new"
    assert any("pooler" in name for name in report["missing"]) != next_sentence
