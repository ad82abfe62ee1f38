"""Tags and spans in every form that people write them, and on the words that they lie on."""

import json

import numpy as np
import pyarrow as pa
import pytest
import torch

from fukami.core.tables import Column
from fukami.fields import batch as trees
from fukami.fields.frame import Line
from fukami.fields.tags.check import against_words, check_tags
from fukami.fields.tags.field import Tags
from fukami.fields.tags.marks import broken, on_elements, read, scheme_of, spans_of
from fukami.fields.words.field import WordsField

SPANS = [(0, 2, "PER"), (2, 3, "PER"), (4, 5, "LOC")]
WRITTEN = {
    "IOB1": ["I-PER", "I-PER", "B-PER", "O", "I-LOC"],
    "IOB2": ["B-PER", "I-PER", "B-PER", "O", "B-LOC"],
    "BIOES": ["B-PER", "E-PER", "S-PER", "O", "S-LOC"],
    "BILOU": ["B-PER", "L-PER", "U-PER", "O", "U-LOC"],
    "BMES": ["B-PER", "E-PER", "S-PER", "O", "S-LOC", "O", "B-LOC", "M-LOC", "E-LOC"],
}


@pytest.mark.parametrize("scheme", WRITTEN)
def test_every_scheme_says_the_same_entities(scheme):
    tags = WRITTEN[scheme]
    assert scheme_of([tags, tags]) == scheme and spans_of(tags)[:3] == SPANS and broken(tags, scheme) is None


def test_types_alone_are_entities_where_most_words_have_none_and_else_tags_of_words():
    assert scheme_of([["O", "PER", "PER", "O"]]) == "IO" and spans_of(["O", "PER", "PER"]) == [(1, 3, "PER")]
    assert scheme_of([["DT", "NN", "VBZ"]]) == "words"


@pytest.mark.parametrize(
    ("tags", "scheme", "place"),
    [
        (["O", "I-PER"], "IOB2", 1),
        (["B-PER", "I-LOC"], "IOB2", 1),
        (["B-PER", "O"], "BIOES", 0),
        (["E-PER"], "BIOES", 0),
        (["B-PER", "S-PER"], "BIOES", 0),
        (["U-PER", "B-PER"], "BILOU", 1),
        (["B-PER", "PER"], "IOB2", 1),
    ],
)
def test_what_breaks_a_scheme_is_found(tags, scheme, place):
    assert broken(tags, scheme) == place


@pytest.mark.parametrize(
    "cell",
    [
        [{"start": 0, "end": 3, "label": "PER"}],
        [{"name": "Ada", "span": [0, 3], "type": "PER"}],
        [{"start_offset": 0, "end_offset": 3, "label": "PER", "id": 7}],
        [[0, 3, "PER"]],
        ["0", "3", "PER"] and [["PER", 0, 3]],
        {"entities": [[0, 3, "PER"]]},
        [{"value": {"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]}, "type": "labels"}],
        [{"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]}],
        {"label": "PER", "start": 0, "end": 3},
    ],
)
def test_spans_are_read_in_every_form(cell):
    for value in (cell, json.dumps(cell)):
        found = read(value)
        assert found is not None and not found.fault and found.spans == [(0, 3, "PER")]


@pytest.mark.parametrize(
    "cell", [[{"start": 0}], [{"label": "PER"}], [[1, 2]], 7, [{"start": "a", "end": "b", "label": "PER"}]]
)
def test_marks_that_cannot_be_read_say_so(cell):
    found = read(cell)
    assert found is not None and found.fault


def test_spans_lie_on_elements():
    starts, ends = np.array([0, 4, 8]), np.array([3, 7, 11])
    assert on_elements([(0, 7, "A"), (9, 11, "B")], starts, ends) == ([(0, 2, "A"), (2, 3, "B")], 1, 0)
    assert on_elements([(0, 7, "A"), (4, 7, "B"), (3, 4, "C"), (5, 5, "D")], starts, ends)[1:] == (0, 3)


def learned(tags: list, words: list) -> tuple[Tags, list[Column], Line]:
    column = [Column("tags", pa.array(tags))]
    words_field = WordsField().learn([Column("words", pa.array(words))])
    return Tags().learn(column), column, words_field.frame([Column("words", pa.array(words))])


def test_tags_come_back_as_characters_of_the_text():
    words = [["New", "York", "is", "large"], ["Ada", "left"]]
    field, column, line = learned([["B-LOC", "I-LOC", "O", "O"], ["B-PER", "O"]], words)
    stored = field.encode(column, frames={"words": line})
    batch = field.batch(stored, np.array([1, 0]))
    assert batch["tags"].counts.tolist() == [2, 4]
    answers = field.known(batch, frames={"words": line.taken(np.array([1, 0]))})
    assert answers == [
        {"entities": [{"start": 0, "end": 3, "label": "PER", "text": "Ada"}]},
        {"entities": [{"start": 0, "end": 8, "label": "LOC", "text": "New York"}]},
    ]
    again = field.encode(
        [Column("tags", pa.array([answer["entities"] for answer in answers]))], frames={"words": line.taken(np.array([1, 0]))}
    )
    assert again["tag"].values.tolist() == batch["tags"].columns["tag"].tolist()


def test_parts_of_speech_are_tags_of_words():
    field, column, line = learned([["DT", "NN"], ["NN", "VB"]], [["the", "sun"], ["birds", "sing"]])
    assert field.of_words and field.state["tags"] == ["DT", "NN", "VB"]
    batch = field.batch(field.encode(column, frames={"words": line}), np.arange(2))
    assert field.known(batch, frames={"words": line})[0] == {"tags": ["DT", "NN"], "words": ["the", "sun"]}
    assert all(all(row) for row in field.target_spec()["follows"])


def test_what_may_follow_is_what_the_scheme_allows():
    field, *_rest = learned([["B-PER", "I-PER", "O"], ["B-LOC", "O", "O"]], [["a", "b", "c"], ["d", "e", "f"]])
    spec, number = field.target_spec(), {tag: at for at, tag in enumerate(field.state["tags"])}
    assert spec["follows"][number["B-PER"]][number["E-PER"]] and not spec["follows"][number["B-PER"]][number["E-LOC"]]
    assert not spec["follows"][number["B-PER"]][number["O"]] and spec["follows"][number["E-PER"]][number["B-PER"]]
    assert not spec["starts"][number["I-PER"]] and not spec["ends"][number["B-LOC"]] and spec["ends"][number["S-LOC"]]


def test_entities_beyond_what_is_read_count_as_missed():
    field, column, line = learned([["B-PER", "O", "B-PER"]], [["a", "b", "c"]])
    short = Line([line.starts[0][:2]], [line.ends[0][:2]], line.texts)
    assert field.encode(column, frames={"words": short})["lost"].tolist() == [1]


def codes(problems) -> list[str]:
    return [problem.code for problem in problems]


BROKEN = {
    "a tag that follows no other": ([["B-PER", "I-LOC", "O"], ["B-LOC", "O", "O"]], "F-TAGS-BROKEN"),
    "numbers": ([["0", "1", "0"], ["1", "0", "0"]], "F-TAGS-NUMBERS"),
    "a type that occurs once": ([["B-PER", "O", "O"], ["B-PER", "B-LOC", "O"]], "F-TAGS-ONCE"),
    "types that differ in case": ([["B-PER", "B-per", "O"], ["B-PER", "B-per", "O"]], "F-TAGS-ALIKE"),
    "nothing marked": ([["O", "O", "O"], ["O", "O", "O"]], "F-TAGS-NONE"),
    "no tags at all": ([None, None], "F-TAGS-MISSING"),
    "some without tags": ([["B-PER", "O", "O"], None, ["B-PER", "O", "O"]], "F-TAGS-ABSENT"),
    "cells of something else": (['[{"from": 3}]', '[{"start": 0, "end": 3, "label": "PER"}]'], "F-TAGS-FORM"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_doctor_names_what_is_wrong_with_tags(name):
    cells, code = BROKEN[name]
    found = list(check_tags(Column("tags", pa.array(cells), file="a.conll")))
    assert code in codes(found)
    assert all(problem.where and problem.what for problem in found)


MISPLACED = {
    "more tags than words": ([["O", "O", "O"], ["O", "O"]], "F-TAGS-COUNT"),
    "a span outside": ([[{"start": 0, "end": 99, "label": "A"}], []], "F-SPANS-OUTSIDE"),
    "a span that ends first": ([[{"start": 3, "end": 1, "label": "A"}], []], "F-SPANS-BACKWARDS"),
    "overlap": ([[{"start": 0, "end": 6, "label": "A"}, {"start": 3, "end": 8, "label": "B"}], []], "F-SPANS-OVERLAP"),
    "within a word": ([[{"start": 1, "end": 3, "label": "A"}], []], "F-SPANS-WIDENED"),
    "other words": ([[{"start": 0, "end": 3, "label": "A", "text": "York"}], []], "F-SPANS-QUOTE"),
}


@pytest.mark.parametrize("name", MISPLACED)
def test_marks_are_held_against_the_words(name):
    cells, code = MISPLACED[name]
    words = [Column("words", pa.array([["New", "York"], ["the", "sun"]]))]
    line = WordsField().frame(words)
    fits, problems = against_words(Column("tags", pa.array(cells), file="a.json"), line, cut=1000)
    assert codes(problems) == [code] or (code in codes(problems) and name == "overlap")
    assert fits.tolist() == [code != "F-TAGS-COUNT", True] and problems[0].where.startswith("a.json:1")


def test_apart_says_where_tags_differ():
    lengths = torch.tensor([2, 2])
    one, other, third = (
        trees.Rows({"tag": torch.tensor(tags), "score": torch.full((4,), score)}, lengths)
        for tags, score in (([4, 0, 4, 0], 0.5), ([4, 0, 4, 0], 0.75), ([0, 4, 4, 0], 0.5))
    )
    assert Tags().apart(one, other).tolist() == [0.25, 0.25]
    assert Tags().apart(one, third).tolist() == [torch.inf, 0.0]


SENTENCE = {
    "label studio": [
        {
            "data": {"text": "Ada left"},
            "annotations": [{"result": [{"value": {"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]}}]}],
        }
    ],
    "spacy": [["Ada left", {"entities": [[0, 3, "PER"]]}]],
    "doccano": [{"id": 1, "text": "Ada left", "label": [[0, 3, "PER"]]}],
    "hugging face": [{"tokens": ["Ada", "left"], "ner_tags": ["B-PER", "O"]}],
}


@pytest.mark.parametrize("form", SENTENCE)
def test_files_of_marking_tools_are_read_and_bound(form, tmp_path):
    from fukami.core.recipe import DataChoices
    from fukami.data import read as read_data
    from fukami.data.bind import bind
    from fukami.tasks.registry import contract

    path = tmp_path / "a.json"
    path.write_text(json.dumps(SENTENCE[form] * 3), "utf-8")
    task = contract("text-tagging")
    table = read_data(path, DataChoices(), kinds=("words",))
    columns = bind(table, task, DataChoices())
    assert not table.problems
    _table, columns = task.examples(task, table, columns, DataChoices())
    field = task.target.learn(columns["tags"])
    stored = field.encode(columns["tags"], frames={"words": task.inputs["words"].frame(columns["words"])})
    assert stored["tag"].values.tolist() == [4, 0] * 3


def test_missed_cells_are_read_as_nothing_said(tmp_path):
    assert read("") is None and read(float("nan")) is None
