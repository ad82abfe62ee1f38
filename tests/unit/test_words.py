"""Sentences as words: cut, seen, numbered, and where they lie."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from fukami.core.tables import Column
from fukami.fields.words.cutting import cut, looks, shape
from fukami.fields.words.field import LETTERS, WordsField


def column(*values) -> list[Column]:
    return [Column("words", pa.array(list(values)))]


def test_lists_stay_as_they_are_and_lie_in_their_text_with_blanks():
    sentence = cut(["New York", "'s", "B-52"], "words")
    assert sentence.text == "New York 's B-52" and sentence.words == ["New York", "'s", "B-52"]
    assert sentence.starts.tolist() == [0, 9, 12] and sentence.ends.tolist() == [8, 11, 16]


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("words", ["U.S.", "all-rounder", "won", "3,000", "$", "on", "1996-08-30", "."]),
        (
            "pieces",
            ["U", ".", "S", ".", "all", "-", "rounder", "won", "3", ",", "000", "$", "on", "1996", "-", "08", "-", "30", "."],
        ),
        ("spaces", ["U.S.", "all-rounder", "won", "3,000$", "on", "1996-08-30."]),
    ],
)
def test_texts_are_cut_as_asked(way, words):
    assert cut("U.S. all-rounder won 3,000$ on 1996-08-30.", way).words == words


def test_japanese_is_cut_into_characters_and_seen_by_its_neighbours():
    words = WordsField().learn(column("東京へ 行く。", "京都へ行く。"))
    assert words.state["cut"] == "characters" and not words.state["letters"]
    assert cut("東京へ 行く。", "characters").words == list("東京へ行く。")
    assert looks(["東", "京"], "characters", lowercase=True, digits=True)[0] == ("東", "c", "^東", "東京", "^東京")
    assert words.batch(words.encode(column("東京")), np.array([0])).letters.shape == (1, 2, 0)


def test_words_that_differ_in_case_and_digits_share_a_vector_but_not_their_shape():
    words = WordsField().learn(column(["Paris", "1996", "PPPp"], ["paris", "2001", "y"]))
    batch = words.batch(words.encode(column(["Paris", "1996"], ["paris", "2001"])), np.arange(2))
    assert torch.equal(batch.looks[0, :, 0], batch.looks[1, :, 0])
    assert shape("Paris") != shape("paris") and batch.letters[0, 0, 0] != batch.letters[1, 0, 0]


def test_unknown_words_are_one_and_long_ones_keep_both_ends():
    words = WordsField().learn(column(["abc", "abc", "xyz"], ["abc", "xyz"]))
    batch = words.batch(words.encode(column(["never", "a" * 50 + "z" * 50])), np.array([0]))
    assert batch.looks[0, :, 0].tolist() == [1, 1] and batch.letters.shape[2] == LETTERS
    letters = words.state["letters"]
    assert batch.letters[0, 1, 0] == 2 + letters.index("a") and batch.letters[0, 1, LETTERS - 1] == 2 + letters.index("z")


def test_rare_words_are_hidden_in_training_and_padding_never():
    field = WordsField(options=WordsField.Options(word_dropout=1.0)).learn(column(*[["often"]] * 99, ["rare", "often"]))
    cells = column(*[["rare", "often"]] * 200, ["often"])
    batch = field.batch(field.encode(cells), np.arange(201))
    varied = field.augment(batch, torch.Generator().manual_seed(0))
    hidden = (varied.looks[:200, :, 0] == 1).float().mean(0)
    assert 0.35 < hidden[0] < 0.65 and hidden[1] < 0.05 and not varied.looks[200, 1].any()


def test_a_json_list_a_list_and_a_file_are_inputs(tmp_path):
    (tmp_path / "a.txt").write_text("one two", "utf-8")
    field = WordsField().learn(column(["one", "two"], ["three"]))
    gathered = field.gather(['["one", "two"]', ["one", "two"], str(tmp_path / "a.txt"), "one two"])
    assert field.usable(gathered).all()
    assert [one.words for one in field.sentences(gathered)] == [["one", "two"]] * 4


@pytest.mark.parametrize("rows", [[["Paris", "is", "big"], ["x"]], ["東京へ 行く。", "京都"]], ids=["words", "characters"])
def test_a_program_outside_sees_the_same(rows, tmp_path):
    """Numbers and places, for texts and lists, the odd ones included; what is empty is refused."""
    from fukami.export.standalone import words as piece

    field = WordsField(name="words").learn(column(*rows))
    told = field.portable()
    for value in [*rows, *field.probes(tmp_path)]:
        cells = field.gather([value])
        if not field.usable(cells).all():
            with pytest.raises(ValueError, match="empty"):
                piece.read([value], told)
            continue
        batch, found = field.batch(field.encode(cells), np.array([0])), piece.read([value], told)
        assert np.array_equal(found["words_looks"], batch.looks.numpy()) and found["words_lengths"] == batch.lengths.numpy()
        assert "words_letters" not in found or np.array_equal(found["words_letters"], batch.letters.numpy())
        line, (text, places, _words) = field.frame(cells), piece.placed(value, told)
        assert (
            text == line.texts[0] and [list(place) for place in places] == np.stack([line.starts[0], line.ends[0]], 1).tolist()
        )
