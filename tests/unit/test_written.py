"""Texts of which several are right: their layouts, what the doctor finds, ROUGE over them, models that copy, lead-3."""

import json

import numpy as np
import pyarrow as pa
import pytest
import torch

from fukami.core.errors import FukamiError
from fukami.core.recipe import Recipe
from fukami.core.specs import TokenSpec
from fukami.core.tables import Column
from fukami.evaluate.baselines.lead import beginning
from fukami.fields import batch as trees
from fukami.fields.contract import Tokens
from fukami.fields.text.field import Text
from fukami.fields.written.field import Written
from fukami.metrics.contract import Running
from fukami.models import seq2seq
from fukami.tasks.registry import contract
from fukami.training.prepare import examined

SPECIAL = (("unk", 1), ("cls", 2), ("sep", 3), ("mask", 4))
NOUNS, PLACES = ("cat", "dog", "bird", "king", "girl", "fish", "bear"), ("sea", "hill", "town", "wood", "lake", "road")
ROWS = [
    {"dialogue": f"#1#: Where is the {noun}?\n#2#: Near the {place}.", "summary": f"The {noun} is near the {place}."}
    for noun in NOUNS
    for place in PLACES
]


def column(*texts, name="answer"):
    return Column(name, pa.array(list(texts)))


def truth_of(target, texts):
    return target.truth(target.batch(target.encode([column(*texts)]), np.arange(len(texts))))


def written(folder, rows, name="pairs.jsonl"):
    path = folder / name
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


def looked_at(source, task="summarization", **settings):
    asked = contract(task)
    recipe = Recipe(asked.name, fields={n: f.options for n, f in asked.fields.items()}, task_options=asked.options)
    return examined(recipe.changed(settings), source, raising=False)


def codes(source, task="summarization"):
    try:
        return {problem.code for problem in looked_at(source, task).problems}
    except FukamiError as error:
        return {error.code}


def bound(looked):
    return [columns[0].values.to_pylist()[0] for columns in looked.columns.values()]


# -- several right texts -----------------------------------------------------------------------------------------------
SEVERAL = ["a cat", '["a dog", "one dog", "犬"]', '["", "a bird"]', "[1] as said"]


def test_all_right_texts_come_back():
    target = Written().learn([column(*SEVERAL)])
    truth = truth_of(target, SEVERAL)
    assert target.references(truth) == [["a cat"], ["a dog", "one dog", "犬"], ["a bird"], ["[1] as said"]]
    assert [one["text"] for one in target.restore(target.ideal(truth))] == ["a cat", "a dog", "a bird", "[1] as said"]
    part = trees.taken(trees.arrays(truth), np.array([1, 0]))
    assert target.references(part) == [["a dog", "one dog", "犬"], ["a cat"]]


def test_what_is_learned_from_is_the_first_text():
    target = Written().learn([column(*SEVERAL)])
    batch = target.batch(target.encode([column(*SEVERAL)]), np.array([1]))
    alone = target.batch(target.encode([column("a dog")]), np.array([0]))
    assert batch.ids.tolist() == alone.ids.tolist() and batch.lengths.tolist() == alone.lengths.tolist()
    assert alone.others.shape == (1, 0) and batch.spans.item() > 0


def test_pieces_are_those_of_a_text_that_loses_nothing():
    texts = column("the cat sees the dog", "the dog sleeps", name="text")
    for level, shared in (("bytes", True), ("word", False)):
        text = Text(options=Text.Options(level=level)).learn([texts])
        target = Written().learn([column("the cat", "a 犬")], beside={"text": text})
        assert target.target_spec().shared is shared and (target.state["tokenizer"] == text.state["tokenizer"]) is shared
        assert target.restore(target.ideal(truth_of(target, ["a 犬"])))[0]["text"] == "a 犬"


# -- measures ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("several", "wanted"), [("mean", 200 / 3), ("best", 100.0)])
def test_of_several_right_texts_the_mean_or_the_best_counts(several, wanted):
    target = Written(options=Written.Options(several=several)).learn([column("a b", "c d")])
    truth = trees.arrays(truth_of(target, ['["a b", "a b", "c d"]']))
    running = Running(["rouge_1", "exact_match"], target)
    running.update(trees.arrays(target.ideal(truth_of(target, ["a b"]))), truth)
    assert running.compute() == {"rouge_1": pytest.approx(wanted), "exact_match": 1.0}


def test_words_of_japanese_are_told_by_name():
    target = Written().learn([column("吾輩は猫である。", "名前はまだ無い。")])
    assert target.state["rouge"] in ("char", "ja-mecab")
    truth = trees.arrays(truth_of(target, ["吾輩は猫である。"]))
    running = Running(["rouge_1"], target)
    running.update(trees.arrays(target.ideal(truth_of(target, ["吾輩は犬である。"]))), truth)
    assert 0 < running.compute()["rouge_1"] < 100


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two? Three! Four.", ["One.", "Two?", "Three!"]),
        ("猫だ。「犬だ。」馬だ！鳥だ。", ["猫だ。", "「犬だ。」", "馬だ！"]),
        ("A: x. y.\nB: z\n\nC: v\nD: w", ["A: x. y.", "B: z", "C: v"]),
        ("", []),
    ],
)
def test_the_beginning_is_three_sentences_or_turns(text, parts):
    assert beginning(text) == parts


# -- layouts -----------------------------------------------------------------------------------------------------------
LAYOUTS = {
    "dialogues": ROWS,
    "numbered": [{"dialogue": r["dialogue"], "summary1": r["summary"], "summary2": "x y", "topic": "t"} for r in ROWS],
    "lists": [{"article": r["dialogue"], "highlights": [r["summary"], "x y"]} for r in ROWS],
    "japanese": [{"本文": r["dialogue"], "要約": r["summary"]} for r in ROWS],
    "any two": [{"foo": r["dialogue"], "bar": r["summary"]} for r in ROWS],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_are_recognised(tmp_path, layout):
    source, summary = bound(looked_at(written(tmp_path, LAYOUTS[layout])))
    assert source == ROWS[0]["dialogue"]
    assert summary == ROWS[0]["summary"] or json.loads(summary) == [ROWS[0]["summary"], "x y"]


def test_tables_are_read_as_well(tmp_path):
    (tmp_path / "qa.csv").write_text(
        "id,question,answer\n" + "".join(f"{n},where is it {n}?,at {n} o'clock\n" for n in range(40))
    )
    assert bound(looked_at(tmp_path / "qa.csv", "text-to-text")) == ["where is it 0?", "at 0 o'clock"]


FAULTS = {
    "empty lists": ([{**row, "summary": ["", row["summary"]] if n % 3 else row["summary"]} for n, row in enumerate(ROWS)],
                    "F-WRITTEN-EMPTY"),
    "the same twice": ([{**row, "summary": [row["summary"]] * 2} for row in ROWS], "F-WRITTEN-TWICE"),
    "no summary": ([{"dialogue": row["dialogue"]} for row in ROWS], "F-BIND-NOTHING"),
    "empty summaries": ([{**row, "summary": "" if n % 2 else row["summary"]} for n, row in enumerate(ROWS)], "F-TEXT-EMPTY"),
    "empty sources": ([{**row, "dialogue": "" if n % 2 else row["dialogue"]} for n, row in enumerate(ROWS)], "F-TEXT-EMPTY"),
    "always the same": ([{**row, "summary": "A talk."} for row in ROWS], "F-TEXT-CONSTANT"),
    "the source itself": ([{**row, "summary": row["dialogue"]} for row in ROWS], "F-PAIR-SAME"),
    "control characters": ([{**row, "summary": "\x07" + row["summary"]} for row in ROWS], "F-TEXT-CONTROL"),
    "twice": (ROWS * 2, "F-DATA-DUPLICATE"),
    "numbers": ([{"dialogue": n, "summary": n} for n in range(40)], "F-BIND-NOTHING"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_told(tmp_path, fault):
    rows, code = FAULTS[fault]
    assert code in codes(written(tmp_path, rows))


@pytest.mark.parametrize("content", ["", "{\n", '["a", "b"]\n', "\x00\x01"])
def test_files_that_hold_no_pairs_are_refused(tmp_path, content):
    (tmp_path / "a.jsonl").write_text(content)
    with pytest.raises(FukamiError):
        looked_at(tmp_path / "a.jsonl")


# -- copying -----------------------------------------------------------------------------------------------------------
def copying():
    torch.manual_seed(0)
    target = TokenSpec(12, 6, special=SPECIAL, shared=True)
    model = seq2seq.build(TokenSpec(12, 8, special=SPECIAL), target=target, embedding=8, width=12)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return model.eval()


def test_what_is_learned_is_how_likely_a_token_is_written_or_copied():
    model, ids = copying(), [7, 9]
    with torch.no_grad():
        model.bias[[0, 1, 2, 4]] = -50  # which are never written, so their share is nobody's
    given = Tokens(torch.tensor([[5, 7, 7, 8, 0]]), torch.tensor([4]))
    with torch.no_grad():
        loss = model.losses({"s": given}, {"t": Tokens(torch.tensor([ids]), torch.tensor([2]))}, torch.Generator())["nats"]
        memory = {name: value.expand(3, *value.shape[1:]) for name, value in model.read(given).items()}
        h_LD = model.heard(torch.tensor([[2, *ids]]), {name: value[:1] for name, value in memory.items()})[0]
        chances = model.chances(h_LD, memory)
    told = -sum(chances[at, token].item() for at, token in enumerate([*ids, 3]))
    assert loss.item() == pytest.approx(told, rel=1e-4)
    assert (chances[:, [0, 1, 2, 4]] == -torch.inf).all()
    assert chances.exp().sum(1).tolist() == pytest.approx([1.0] * 3, abs=1e-5)


def test_a_gate_that_copies_writes_what_was_read():
    model = copying()
    with torch.no_grad():
        model.gate.weight.zero_()
        model.gate.bias.fill_(-50)
        given = Tokens(torch.tensor([[5, 7, 8]]), torch.tensor([3]))
        memory = model.read(given)
        h_LD = model.heard(torch.tensor([[2]]), memory)[0]
        chances = model.chances(h_LD, memory).exp()[0]
    assert chances[[5, 7, 8]].sum().item() == pytest.approx(1, abs=1e-4)
