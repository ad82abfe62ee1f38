"""Texts of spaced and unspaced scripts, tokenizers learned and given."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from fukami.core.errors import DataError
from fukami.core.tables import Column
from fukami.fields.text.field import Text
from fukami.fields.text.tokenization import learn_tokenizer, load

ENGLISH = ["It 's a fine film , is n't it ?", "A DULL film !!", "don't see it", "the film is fine"] * 3
JAPANESE = ["とても良いホテルでした。", "朝食がおいしい。", "部屋が狭いです。", "ＡＢＣホテル"] * 3


def text(cells, **options) -> tuple[Text, Column]:
    column = Column("text", pa.array(cells))
    return Text(options=Text.Options(**options)).learn([column]), column


def tokens(field: Text, sentence: str) -> list[str]:
    return load(field.state["tokenizer"]).tokenizer.encode(sentence).tokens


def test_words_keep_contractions_and_lower_case():
    field, _column = text(ENGLISH)
    assert field.state["level"] == "word"
    assert tokens(field, "It 's n't DON'T fine!") == ["it", "'s", "n't", "don't", "fine", "!"]


def test_scripts_without_spaces_become_characters_of_normal_width():
    field, _column = text(JAPANESE)
    assert field.state["level"] == "character" and field.state["unspaced"]
    assert tokens(field, "ＡＢ 良い") == ["A", "B", "良", "い"] or tokens(field, "ＡＢ 良い") == ["a", "b", "良", "い"]


def test_pieces_of_words_are_shared():
    field, _column = text(["lowering lower lowest low"] * 20, level="subword", vocabulary_size=30)
    assert "[UNK]" not in tokens(field, "lowing") and len(tokens(field, "lowing")) < 6


def test_learning_twice_gives_the_same_json():
    for level in ("word", "character", "subword"):
        told = {
            learn_tokenizer(ENGLISH + JAPANESE, level=level, vocabulary_size=60, min_count=1, lowercase=True) for _i in range(2)
        }
        assert len(told) == 1, level


def test_special_tokens_written_out_are_text():
    field, column = text([*ENGLISH, "a [PAD] [MASK] b"])
    ids = field.batch(field.encode([column]), np.array([len(ENGLISH)])).ids
    assert not set(ids.flatten().tolist()) & {0, 4}


def test_padding_reaches_to_the_longest_of_the_batch_only():
    field, column = text(["a", "a b c d e f", "a b"])
    batch = field.batch(field.encode([column]), np.array([0, 2]))
    assert batch.ids.shape == (2, 2) and batch.ids[0, 1] == 0 and batch.lengths.tolist() == [1, 2]


def test_unknown_and_empty_texts_are_one_unknown_token_at_least():
    field, _column = text(["known words only"] * 3)
    stored = field.encode([Column("text", pa.array(["", "strange", None]))])
    assert field.batch(stored, np.arange(3)).ids.tolist() == [[1], [1], [1]]


def test_long_texts_are_cut():
    field, _column = text(["word " * 30] * 5, max_tokens=7)
    stored = field.encode([Column("text", pa.array(["word " * 100_000]))])
    assert field.lengths(stored).tolist() == [7]


def test_token_dropout_hides_the_asked_share_and_never_padding():
    field, column = text(["a b c d e f g h"] * 200 + ["a"], token_dropout=0.3)
    batch = field.batch(field.encode([column]), np.arange(201))
    out = field.augment(batch, torch.Generator().manual_seed(0))
    hidden = (out.ids == 1) & (batch.ids != 1)
    assert 0.25 < float(hidden[:200].float().mean()) < 0.35
    assert torch.equal(out.ids == 0, batch.ids == 0)


def test_a_pretrained_tokenizer_is_used_as_it_is(tmp_path):
    transformers = pytest.importorskip("transformers")
    told = load(learn_tokenizer(ENGLISH, level="word", vocabulary_size=100, min_count=1, lowercase=True)).tokenizer
    from tokenizers.processors import TemplateProcessing

    told.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
    saved = transformers.PreTrainedTokenizerFast(tokenizer_object=told, **names)
    saved.save_pretrained(tmp_path)
    field, column = text(ENGLISH, tokenizer=str(tmp_path))
    ids = field.batch(field.encode([column]), np.array([1])).ids[0].tolist()
    assert ids == saved("A DULL film !!")["input_ids"] and ids[0] == 2 and ids[-1] == 3
    assert dict(field.spec().special)["mask"] == 4


def test_a_missing_tokenizer_says_so(tmp_path):
    with pytest.raises(DataError, match="F-TEXT-TOKENIZER"):
        text(ENGLISH, tokenizer=str(tmp_path))
    (tmp_path / "tokenizer.json").write_text('{"version": "1.0"')
    with pytest.raises(DataError, match="F-TEXT-TOKENIZER"):
        text(ENGLISH, tokenizer=str(tmp_path))


def test_plain_features_tell_words_apart():
    field, column = text(ENGLISH)
    x_ND = field.plain_features([column])
    likeness = (x_ND @ x_ND.T).toarray()
    assert likeness.shape == (12, 12) and abs(likeness[0, 4] - 1) < 1e-5 and likeness[0, 1] < 0.5


def test_near_texts_have_near_fingerprints():
    one = "the committee has decided that the bridge will be built in the north of the town next year"
    cells = [one, one + ".", "an entirely different sentence about cooking rice with mushrooms and a little soy sauce"]
    field = Text()
    a, b, c = (int(mark) for mark in field.near_fingerprint([Column("text", pa.array(cells))]))  # type: ignore[union-attr]
    assert (a ^ b).bit_count() < 16 < (a ^ c).bit_count()


def test_problems_name_the_rows():
    cells = ["fine text", "", "caf\u00c3\u00a9 tr\u00c3\u00a8s bien", "nul\x00here", "縺薙ｓ縺ｫ縺｡縺ｯ"]
    found = {p.code: p for p in Text().check([Column("text", pa.array(cells), file="a.csv")])}
    assert found["F-TEXT-EMPTY"].where == "a.csv:2 (text)"
    assert found["F-TEXT-ENCODING"].where == "a.csv:3 (text), a.csv:5 (text)"
    assert found["F-TEXT-CONTROL"].where == "a.csv:4 (text)"


def test_good_texts_have_no_encoding_problem():
    for cells in (
        JAPANESE,
        ["São Paulo à la carte — “très bien” 繊維の繰り返し", "Ángel Ünal", "naïve"],
        ["😀 emoji", "Ãrvore"],
    ):
        assert "F-TEXT-ENCODING" not in {p.code for p in Text().check([Column("text", pa.array(cells))])}


def test_a_text_that_is_cut_is_told_when_it_is_asked_about():
    field, _column = text(["word " * 20 + end for end in ("good", "bad")] * 20)
    asked = Column("text", pa.array(["short", "filler " * 50 + "good", "filler " * 50 + "bad"]))
    (problem,) = field.unfamiliar([asked])
    assert (problem.code, problem.count, problem.severity) == ("F-TEXT-CUT", 2, "note")
    assert str(field.state["max_tokens"]) in problem.what
    assert not list(field.unfamiliar([asked.take(np.array([0]))]))
    assert any(p.code == "F-TEXT-CUT" for p in field.check([asked]))


@pytest.mark.parametrize("cells", [["word " * 400 + str(i) for i in range(5)], ["日本語" * 200 + str(i) for i in range(5)]])
def test_the_share_of_training_texts_that_are_cut_is_told(cells):
    short = [f"a short one {i}" for i in range(35)]
    (problem,) = [p for p in Text().check([Column("text", pa.array(cells * 3 + short))]) if p.code == "F-TEXT-CUT"]
    assert problem.severity == "warning" and "30.0" in problem.what and "256" in problem.what
    options = Text.Options(max_tokens=1000)
    assert not [p for p in Text(options=options).check([Column("text", pa.array(cells))]) if p.code == "F-TEXT-CUT"]


def test_lengths_that_vary_a_little_are_no_news():
    cells = ["word " * (3 + i % 30) for i in range(300)]
    assert not [p for p in Text().check([Column("text", pa.array(cells))]) if p.code == "F-TEXT-CUT"]
