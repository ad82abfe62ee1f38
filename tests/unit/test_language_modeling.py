"""Passages, their continuations, and models that foretell them."""

import gzip
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import torch

from fukami.core.errors import FukamiError
from fukami.core.recipe import DataChoices, Recipe
from fukami.core.specs import TokenSpec
from fukami.core.tables import Column, Table
from fukami.data import read
from fukami.data.doctor import examine
from fukami.data.split import split
from fukami.evaluate.ngrams import Counts
from fukami.fields.batch import Rows
from fukami.fields.continuation.field import Continuation
from fukami.fields.contract import Tokens
from fukami.fields.passage import tokens
from fukami.fields.passage.check import check_parts
from fukami.fields.passage.divide import cut, divided
from fukami.fields.passage.field import Passage
from fukami.layers.drawing import drawn
from fukami.models import gpt, lstm_lm
from fukami.tasks.registry import contract
from fukami.training.prepare import examined, task_for

SPEC = TokenSpec(vocabulary_size=40, max_tokens=12, special=(("unk", 1), ("cls", 2), ("sep", 3), ("mask", 4)))
GREEDY = SimpleNamespace(max_tokens=30, greedy=True, temperature=1.0, top_k=0, top_p=1.0)
DRAWN = SimpleNamespace(max_tokens=20, greedy=False, temperature=1.0, top_k=0, top_p=0.9)
_WORDS = zip("abcdefgh" * 90, "stuvwxyzq" * 80, "mnop" * 180, strict=True)
LINES = "".join(f"Line {n}: the {a} {b} {c}.\n" for n, (a, b, c) in enumerate(_WORDS))


def column(*texts):
    return Column("text", pa.array(list(texts)))


def language_recipe(**settings):
    task = contract("language-modeling")
    recipe = Recipe(task.name, fields={n: f.options for n, f in task.fields.items()}, task_options=task.options)
    return recipe.changed({"context": 64, **settings})


def looked_at(source, **settings):
    return examined(language_recipe(**settings), source, raising=False)


def codes(source, **settings):
    return {problem.code for problem in looked_at(source, **settings).problems}


# -- tokens ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("level", ["character", "subword"])
@pytest.mark.parametrize("text", ["To be,\n\n  or NOT?\t", "吾輩は猫である。\n名前はまだ無い。", "naïve 😀 [PAD] [CLS]"])
def test_what_is_written_is_what_was_read(level, text):
    told = tokens.learned([text, LINES], level=level, vocabulary_size=2000, min_count=1)
    assert tokens.written(told, level, tokens.load(told).tokenizer.encode(text).ids) == text


def test_words_are_what_stands_between_spaces():
    told = tokens.learned([" no it was n't <unk> \n N years \n"], level="word", vocabulary_size=50, min_count=1)
    ids = tokens.load(told).tokenizer.encode(" no it was n't <unk> \n")
    assert ids.tokens == ["no", "it", "was", "n't", "<unk>", "\n"]
    assert tokens.written(told, "word", ids.ids) == "no it was n't <unk>\n"


def test_rare_characters_are_unknown_where_there_are_many():
    few, many = (
        Passage().learn([column("abcabc", "abd")]),
        Passage().learn([column("".join(map(chr, range(0x4E00, 0x4F80))) + "水水")]),
    )
    assert few.state["vocabulary_size"] == 5 + 4
    assert many.state["vocabulary_size"] == 5 + 1


def test_nothing_is_cut():
    passage = Passage(options=Passage.Options(context=8)).learn([column("abcdefgh" * 4)])
    assert passage.lengths(passage.encode([column("abcd" * 500)])).tolist() == [2000]


def test_prompts_tell_what_was_never_seen_and_what_is_too_long():
    passage = Passage(options=Passage.Options(context=8)).learn([column("abcd" * 9)])
    found = {problem.code: problem for problem in passage.unfamiliar([column("ab", "aXbYd", "abcd" * 3)])}
    assert found["F-PASSAGE-UNKNOWN"].got == "X, Y" and found["F-PASSAGE-LONG"].got == "12"


# -- passages ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("window", [10, 64, 1000])
@pytest.mark.parametrize("text", [LINES, "x" * 333, "吾輩は猫である。" * 40, "", "\n\n\n"])
def test_passages_one_after_the_other_are_the_text(text, window):
    bounds = cut(text, window)
    assert "".join(text[a:b] for a, b in pairwise(bounds)) == text
    assert max(np.diff(bounds), default=0) <= window


def test_passages_end_where_lines_do():
    bounds = cut(LINES, 200)
    assert all(LINES[end - 1] == "\n" for end in bounds[1:])


def test_parts_lie_behind_one_another(tmp_path):
    (tmp_path / "a.txt").write_text(LINES)
    found = looked_at(tmp_path / "a.txt")
    texts, division = found.columns["text"][0].values.to_pylist(), found.split
    assert division.method == "in order"
    assert division.train.max() < division.valid.min() < division.valid.max() < division.test.min()
    assert "".join(texts) == LINES
    assert found.columns["text"][0].where(1).startswith(str(tmp_path / "a.txt") + ":")


def test_of_many_texts_each_stands_in_one_part():
    texts = [f"Text {n} tells of {n * 7919 % 1000}. " * 9 for n in range(60)]
    table = Table("t", {"text": column(*texts)})
    task = task_for(language_recipe())
    table, columns = divided(task, table, {"text": [table.columns["text"]], "continuation": [table.columns["text"]]}, None)
    division = split(table, columns, task, DataChoices(), seed=0)
    passages = columns["text"][0].values.to_pylist()
    of = {
        part: {passages[row].split()[1] for row in getattr(division, part) if passages[row].startswith("Text")}
        for part in ("train", "test")
    }
    assert of["train"] and of["test"] and not of["train"] & of["test"]


def test_folds_follow_each_other():
    from fukami.data.split import folds

    table = Table("t", {"text": column(LINES)})
    task = task_for(language_recipe())
    table, columns = divided(task, table, {name: [table.columns["text"]] for name in ("text", "continuation")}, None)
    for one in folds(table, columns, task, DataChoices(folds=4), seed=0):
        assert np.array_equal(one.test, np.arange(one.test.min(), one.test.max() + 1))


# -- layouts -----------------------------------------------------------------------------------------------------------
def test_layouts(tmp_path):
    kinds = ("passage",)
    (tmp_path / "plain.txt").write_text("a\r\nb\n")
    assert read(tmp_path / "plain.txt", DataChoices(), kinds=kinds).columns["text"].values.to_pylist() == ["a\nb\n"]
    (tmp_path / "notes.md").write_text("# a\n")
    with gzip.open(tmp_path / "more.txt.gz", "wt") as file:
        file.write("c\n\nd")
    table = read(tmp_path, DataChoices(), kinds=kinds)
    assert sorted(table.columns["text"].values.to_pylist()) == ["# a\n", "a\nb\n", "c\n\nd"] and table.parts is None
    parts = tmp_path / "parts"
    parts.mkdir()
    for part in ("train", "valid", "test"):
        (parts / f"ptb.{part}.txt").write_text(f"{part} text\n")
    assert sorted(read(parts, DataChoices(), kinds=kinds).parts.tolist()) == ["test", "train", "valid"]
    (tmp_path / "rows.csv").write_text("id,text\n1,one text\n2,another text\n")
    assert "text" in read(tmp_path / "rows.csv", DataChoices(), kinds=kinds).columns
    (tmp_path / "rows.jsonl").write_text('{"text": "one"}\n{"text": "two"}\n')
    assert "text" in read(tmp_path / "rows.jsonl", DataChoices(), kinds=kinds).columns


# -- the doctor --------------------------------------------------------------------------------------------------------
def write(tmp_path, content, name="a.txt"):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return tmp_path / name


@pytest.mark.parametrize("content", [b"", b" \n\n ", b"\x00\x01\x02\xff" * 50, b"%PDF-1.4 ..."])
def test_files_that_are_no_text_are_refused(tmp_path, content):
    with pytest.raises(FukamiError):
        examined(language_recipe(), write(tmp_path, content))


def test_a_folder_without_texts_is_refused(tmp_path):
    with pytest.raises(FukamiError):
        examined(language_recipe(), tmp_path)


def test_little_text_is_told(tmp_path):
    assert "F-PASSAGE-LITTLE" in codes(write(tmp_path, LINES[:2000]))


def test_wrong_encodings_are_told(tmp_path):
    garbled = "".join(f"Ligne {n} : un cafÃ© trÃ¨s cher.\n" for n in range(400))
    assert "F-TEXT-ENCODING" in codes(write(tmp_path, garbled))
    assert "F-TEXT-ENCODING" in codes(write(tmp_path, LINES.replace("the", "t\ufffde")))


def test_control_characters_are_told(tmp_path):
    assert "F-TEXT-CONTROL" in codes(write(tmp_path, LINES.replace("Line 7", "Line \x007")))


def test_copies_between_parts_are_told_wherever_they_begin():
    texts = [LINES[start : start + 200] for start in range(0, 4000, 200)]
    shifted = [LINES[start : start + 200] for start in range(277, 2000, 200)]
    others = [f"{n} {n * n} {n * 7919}: " * 12 for n in range(5)]
    cells, rows = column(*texts, *shifted, *others), np.arange(len(texts) + len(shifted) + len(others))
    (found,) = check_parts(cells, rows[:20], rows[20:])
    assert found.code == "F-PASSAGE-COPIED" and found.count == len(shifted)


def test_the_same_text_over_and_over_is_told(tmp_path):
    with pytest.raises(FukamiError):
        examined(language_recipe(), write(tmp_path, "spam and eggs, " * 2000))


def test_other_scripts_in_what_is_judged_are_told(tmp_path):
    assert "F-PASSAGE-STRANGE" in codes(write(tmp_path, LINES + "吾輩は猫である。名前はまだ無い。\n" * 500))


def test_a_good_text_has_no_faults(tmp_path):
    found = looked_at(write(tmp_path, LINES * 1))
    assert not [problem for problem in found.problems if problem.severity == "error"]


# -- models ------------------------------------------------------------------------------------------------------------
def models():
    torch.manual_seed(0)
    return {"gpt": gpt.build(SPEC, width=16, depth=2, heads=2).eval(), "lstm": lstm_lm.build(SPEC, width=16, depth=1).eval()}


@pytest.mark.parametrize("family", ["gpt", "lstm"])
def test_texts_go_on_alike_whatever_stands_beside_them(family):
    model = models()[family]
    ids = torch.tensor([[5, 6, 7], [8, 9, 0], [5, 6, 7]])
    with torch.no_grad():
        several = model.answers({"text": Tokens(ids, torch.tensor([3, 2, 3]))}, torch.Generator().manual_seed(3), DRAWN)["ids"]
        alone = model.answers({"text": Tokens(ids[1:2, :2], torch.tensor([2]))}, torch.Generator().manual_seed(3), DRAWN)["ids"]
        other = model.answers({"text": Tokens(ids[1:2, :2], torch.tensor([2]))}, torch.Generator().manual_seed(4), DRAWN)["ids"]
    assert torch.equal(several[0], several[2]) and torch.equal(several[1], alone[0]) and not torch.equal(alone, other)
    assert (several > SPEC.special[1][1]).all()


@pytest.mark.parametrize("family", ["gpt", "lstm"])
def test_what_is_remembered_changes_nothing(family):
    model = models()[family]
    ids = torch.randint(5, 40, (2, 10))
    with torch.no_grad():
        whole, _memory = model.hidden(ids)
        first, memory = model.hidden(ids[:, :4])
        steps = [first]
        for at in range(4, 10):
            last, memory = model.hidden(ids[:, at : at + 1], memory)
            steps.append(last)
    assert torch.allclose(whole, torch.cat(steps, dim=1), atol=1e-5)


@pytest.mark.parametrize("family", ["gpt", "lstm"])
def test_texts_longer_than_what_is_seen_are_judged_and_written_whole(family):
    model = models()[family]
    ids = torch.randint(5, 40, (1, 50))
    target = {"ids": Tokens(ids, torch.tensor([50])), "follows": torch.tensor([False])}
    with torch.no_grad():
        nats, _right = model.surprise(target["ids"], target)
        written = model.answers({"text": Tokens(ids, torch.tensor([50]))}, torch.Generator(), GREEDY)
    assert nats.shape == (1, 50) and (nats > 0).all() and written["ids"].shape == (1, 30)


@pytest.mark.parametrize("family", ["gpt", "lstm"])
def test_what_follows_an_input_is_judged_after_it(family):
    model = models()[family]
    ids = torch.randint(5, 40, (2, 8))
    whole = {"ids": Tokens(ids, torch.tensor([8, 6])), "follows": torch.zeros(2, dtype=torch.bool)}
    rest = {"ids": Tokens(ids[:, 3:], torch.tensor([5, 3])), "follows": torch.ones(2, dtype=torch.bool)}
    with torch.no_grad():
        expected, _right = model.surprise(whole["ids"], whole)
        found, _right = model.surprise(Tokens(ids[:, :3], torch.tensor([3, 3])), rest)
        loss = model.losses({"text": Tokens(ids[:, :3], torch.tensor([3, 3]))}, {"continuation": rest}, torch.Generator())
    assert torch.allclose(expected[:, 3:], found, atol=1e-5)
    assert torch.allclose(loss["nats"], found.sum(1))


@pytest.mark.parametrize("family", ["gpt", "lstm"])
def test_padding_changes_nothing(family):
    model = models()[family]
    ids = torch.randint(5, 40, (1, 6))
    padded = torch.cat([ids, torch.zeros(1, 4, dtype=torch.long)], dim=1)
    given = [{"ids": Tokens(x, torch.tensor([6])), "follows": torch.tensor([False])} for x in (ids, padded)]
    with torch.no_grad():
        short, long = (model.surprise(one["ids"], one)[0] for one in given)
        features = [model(one["ids"]) for one in given]
    assert torch.allclose(short, long[:, :6], atol=1e-5) and torch.allclose(*features, atol=1e-5)


def test_drawing():
    logits = torch.tensor([[0.0, 2.0, 1.0]]).repeat(2000, 1)
    chance = torch.rand(2000, generator=torch.Generator().manual_seed(0))
    shares = (
        torch.bincount(drawn(logits, chance, SimpleNamespace(greedy=False, temperature=1.0, top_k=0, top_p=1.0)), minlength=3)
        / 2000
    )
    assert torch.allclose(shares, torch.softmax(logits[0], 0), atol=0.04)
    only = drawn(logits, chance, SimpleNamespace(greedy=False, temperature=1.0, top_k=0, top_p=0.5))
    assert (only == 1).all()


# -- answers -----------------------------------------------------------------------------------------------------------
def test_answers_of_both_kinds():
    target = Continuation().learn([column("abc\n")])
    ids = target.encode([column("abc\n")])["ids"].values.tolist()
    written = target.answers({"ids": torch.tensor([ids, ids]), "lengths": torch.tensor([4, 2])})
    assert target.restore(written) == [{"text": "abc\n"}, {"text": "ab"}]
    given = target.given(written)
    assert given["follows"].all() and given["characters"].tolist() == [4, 2]
    judged = target.answers(
        {"nats": torch.tensor([[1.0, 2.0]]), "right": torch.tensor([[True, False]]), "lengths": torch.tensor([2])}
    )
    assert target.restore(judged) == [{"log_likelihood": -3.0, "tokens": 2}]
    other = target.answers({"ids": torch.tensor([[*ids[:2], ids[0], ids[0]], ids]), "lengths": torch.tensor([4, 2])})
    assert target.apart(written, other).tolist() == [0.5, 0.0]


def test_ngrams_sum_to_one_and_know_what_follows():
    target = SimpleNamespace(state={"vocabulary_size": 9, "special": {"cls": 2}})
    ids = np.array([5, 6, 7, 5, 6, 8, 5, 6, 7])
    counts = Counts.of(Rows({"id": ids}, np.array([6, 3])), target, order=3)
    shares = [np.exp(-counts.judged(Rows({"id": np.array([5, 6, last])}, np.array([3])))["nats"][2]) for last in range(9)]
    assert sum(shares) == pytest.approx(1.0) and int(np.argmax(shares)) == 7
    assert counts.judged(Rows({"id": np.array([5, 6, 7])}, np.array([3])))["right"].all()


def test_problems_are_whole(tmp_path):
    found = looked_at(write(tmp_path, LINES))
    assert all(problem.what and problem.severity for problem in examine(found.task, found.table, found.columns, found.split))
