"""Questions about texts: how answers are written, read, compared, found in windows, and a training by the command line."""

import json
import re
import string
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
import torch

import fukami
from fukami.cli.main import main
from fukami.core.errors import DataError
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column
from fukami.data.readers import squad
from fukami.export import assemble
from fukami.fields.extract import marks
from fukami.fields.extract.check import against_texts
from fukami.fields.extract.field import Extract
from fukami.fields.extract.likeness import likeness
from fukami.fields.question.field import AskedField
from fukami.fields.question.spec import Asked
from fukami.fields.words.spec import Words
from fukami.layers.extracting import NOBODY, Extracting
from fukami.metrics.contract import Running
from fukami.models import bidaf

TEXT = "A cat sat on a mat. A dog lay on the red rug."
QUESTIONS = Column("question", pa.array(["Who sat?", "What was red?"]))
TEXTS = Column("context", pa.array([TEXT, TEXT]))
ANSWERS = Column("answers", pa.array(['{"text": ["A cat"], "answer_start": [0]}', '[{"text": "rug", "answer_start": 41}]']))


@pytest.fixture(scope="module")
def learned():
    return AskedField().learn([QUESTIONS, TEXTS])


# -- how alike two answers are -------------------------------------------------------------------------------------------
def official(said, right):
    """The rules of SQuAD's own program, written anew: small letters, no punctuation, no articles, single blanks."""

    def normal(text):
        letters = "".join(c for c in text.lower() if c not in string.punctuation)
        return " ".join(word for word in re.sub(r"\b(a|an|the)\b", " ", letters).split())

    def f1(one, other):
        ours, theirs = normal(one).split(), normal(other).split()
        if not ours or not theirs:
            return float(ours == theirs)
        same = sum((Counter(ours) & Counter(theirs)).values())
        precision, recall = same / len(ours), same / len(theirs)
        return 2 * precision * recall / (precision + recall) if same else 0.0

    right = [one for one in right if normal(one)] or [""]
    return max(float(normal(said) == normal(one)) for one in right), max(f1(said, one) for one in right)


def test_exact_match_and_f1_are_those_of_squad():
    rng = np.random.default_rng(0)
    words = ["The", "a", "an", "cat", "Cat,", "dog", "sat", "U.S.", "(mat)", "—", "'s", "1,000", "theatre"]
    for _time in range(500):
        said = " ".join(rng.choice(words, rng.integers(0, 6)))
        right = [" ".join(rng.choice(words, rng.integers(0, 5))) for _one in range(rng.integers(0, 4))]
        assert likeness(said, right, characters=False) == pytest.approx(official(said, right), abs=1e-12), (said, right)


@pytest.mark.parametrize(
    ("said", "right", "expected"),
    [
        ("Denver Broncos", ["The Denver Broncos.", "Broncos"], (1.0, 1.0)),
        ("the big red dog", ["red dog"], (0.0, 0.8)),
        ("", [], (1.0, 1.0)),
        ("a cat", [], (0.0, 0.0)),
        ("", ["cat"], (0.0, 0.0)),
    ],
)
def test_known_values_of_english(said, right, expected):
    assert likeness(said, right, characters=False) == pytest.approx(expected)


def test_japanese_is_compared_by_characters():
    assert likeness("東京都", ["「東京都」。"], characters=True) == (1.0, 1.0)
    assert likeness("東京", ["東京都"], characters=True) == pytest.approx((0.0, 0.8))
    target = Extract().learn([Column("answer", pa.array(["東京都", "一九六四年"]))])
    assert target.characters and not Extract().learn([Column("answer", pa.array(["the city", "a year"]))]).characters


# -- how answers are written ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "cell",
    [
        "red rug",
        ["red rug"],
        '["red rug"]',
        {"text": "red rug", "answer_start": 37},
        {"text": ["red rug"], "answer_start": [37]},
        [{"text": "red rug", "answer_start": 37}],
        '{"text": ["red rug"], "answer_start": [37]}',
        {"start": 37, "end": 44},
        {"answer": "red rug", "start": "37"},
    ],
)
def test_usual_forms_of_answers_are_read(cell):
    assert placed(cell).spans == [(37, 44)]


def placed(cell):
    told = marks.read(cell)
    assert isinstance(told, list)
    return marks.placed(told, TEXT)


@pytest.mark.parametrize("cell", [None, "", float("nan"), "  "])
def test_cells_that_say_nothing(cell):
    assert marks.read(cell) is None


@pytest.mark.parametrize(
    "cell",
    ["{}", '{"span": 3}', '{"start": 3}', '{"text": ["a", "b"], "answer_start": [1]}', '{"text": "a", "answer_start": "x"}',
     {"text": {"a": 1}}],
)  # fmt: skip
def test_cells_that_are_no_answers_are_told(cell):
    assert isinstance(marks.read(cell), str) or placed(cell).missing
    column = Column("answer", np.array([cell, "A cat"], dtype=object)) if isinstance(cell, dict) else None
    column = column or Column("answer", pa.array([cell, "A cat"]))
    codes = {problem.code for problem in Extract().check([column])}
    codes |= {problem.code for problem in against_texts(column, line(2)).problems}
    assert codes & {"F-EXTRACT-FORM", "F-EXTRACT-MISSING"}


def line(count):
    return AskedField().learn([QUESTIONS, TEXTS]).frame([QUESTIONS, Column("context", pa.array([TEXT] * count))])


def test_answers_beside_their_places_are_moved_and_told():
    cells = [{"text": "dog ", "answer_start": 21}, {"text": "on", "answer_start": 30}, {"text": "cow"}, {"text": "on"}]
    column = Column("answer", pa.array([json.dumps(cell) for cell in cells]))
    found = against_texts(column, line(4))
    assert found.fits.tolist() == [True, True, False, True]
    assert [problem.code for problem in found.problems] == ["F-EXTRACT-MISSING", "F-EXTRACT-MOVED", "F-EXTRACT-SEVERAL"]
    assert placed(cells[1]).spans == [(30, 32)]


def test_answers_behind_what_is_read_are_left_out_and_told():
    short = AskedField(options=AskedField.Options(max_words=5)).learn([QUESTIONS, TEXTS])
    found = against_texts(ANSWERS, short.frame([QUESTIONS, TEXTS]))
    assert found.fits.tolist() == [True, False] and [p.code for p in found.problems] == ["F-EXTRACT-BEYOND"]


# -- files ---------------------------------------------------------------------------------------------------------------
def written(place, qas, **more):
    place.write_text(json.dumps({"data": [{"title": "t", "paragraphs": [{"context": TEXT, "qas": qas, **more}]}]}))
    return place


GOOD = {"id": "1", "question": "Who sat?", "answers": [{"text": "A cat", "answer_start": 0}]}


def test_files_of_squad_are_read(tmp_path):
    none = {"id": "2", "question": "Who flew?", "answers": [], "is_impossible": True}
    hidden = {"id": "3", "question": "Who else?"}
    place = written(tmp_path / "dev.json", [GOOD, none, hidden, {"id": "4", "question": " "}])
    assert squad.claims(place, ()) == 1.0
    table = squad.read(place, DataChoices())
    assert table.columns["answers"].values.to_pylist()[1:] == ["[]", None]
    assert (
        table.origin is not None
        and table.origin.tolist() == [0, 0, 0]
        and [problem.code for problem in table.problems] == ["F-SQUAD-ENTRY"]
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"data": [{"paragraphs": [', "F-SQUAD-SHAPE"),
        ('{"data": {"paragraphs": 3}}', "F-SQUAD-SHAPE"),
        ('{"data": [{"paragraphs": [{"context": "a", "qas": [3]}]}]}', "F-SQUAD-SHAPE"),
        ('{"data": [{"paragraphs": []}]}', "F-SQUAD-EMPTY"),
        ('{"data": [{"paragraphs": [{"qas": [{"question": "Who?"}]}]}]}', "F-SQUAD-EMPTY"),
    ],
)
def test_broken_files_are_errors(tmp_path, text, code):
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(DataError, match=code):
        squad.read(tmp_path / "bad.json", DataChoices())


# -- the input -----------------------------------------------------------------------------------------------------------
def test_question_and_text_are_told_apart(learned):
    batch = learned.batch(learned.encode([TEXTS, QUESTIONS]), np.arange(2))
    question, text = batch.question(learned.state["asked"]), batch.text()
    assert question.lengths.tolist() == [3, 4] and question.looks.shape[1] == 4
    assert text.lengths.tolist() == [15, 15] and text.looks[0, 2, 0] == question.looks[0, 1, 0] > 1  # sat
    assert not question.looks[0, 3].any() and not text.looks[0, 15:].any()


@pytest.mark.parametrize("names", [("question", "context"), ("質問", "本文"), ("query", "x"), ("y", "passage"), ("one", "two")])
def test_both_columns_are_found(names):
    columns = [Column(name, one.values) for name, one in zip(names, (QUESTIONS, TEXTS), strict=True)]
    assert [column.name for column in AskedField().both(columns)] == list(names)


def test_columns_that_could_be_any_are_refused():
    columns = [Column(name, TEXTS.values) for name in ("one", "two", "three")]
    with pytest.raises(DataError, match="F-ASKED-COLUMNS"):
        AskedField().both(columns)


@pytest.mark.parametrize("value", ["a text", {"question": "Who?"}, ["Who?"], 3, {"question": "Who?", "context": {}}, {}])
def test_what_is_no_question_is_refused_here_and_outside(learned, value):
    with pytest.raises(DataError, match="F-ASKED-INPUT"):
        learned.gather([value])
    with pytest.raises(ValueError, match="question"):
        assemble.read(learned.portable(), [value])


def test_the_doctor_tells_of_questions(learned):
    asked = Column("question", pa.array(["who " * 200, "why?"]))
    found = {problem.code: problem for problem in AskedField().check([asked, TEXTS, Column("id", pa.array(["1", "2"]))])}
    assert {"F-ASKED-LONG", "F-ASKED-UNREAD"} <= set(found) and "F-TEXT-CONSTANT" not in found
    empty = Column("question", pa.array(["who?", " "]))
    assert AskedField().usable([empty, TEXTS]).tolist() == [True, False]


# -- models --------------------------------------------------------------------------------------------------------------
class Numbers(Extracting):
    """Scores a word by its number."""

    def score(self, context, question):
        return context.looks[:, :, 0].float(), -context.looks[:, :, 0].float()


def asked_words(lengths, longest=None):
    longest = longest or max(lengths)
    looks = torch.arange(longest).repeat(len(lengths), 1)[:, :, None] + 10
    looks = torch.cat([torch.full((len(lengths), 2, 1), 5), looks], 1)
    return Asked(looks, looks[:, :, :0], torch.tensor(lengths) + 2, torch.full((len(lengths),), 2))


@pytest.mark.parametrize("longest", [3, 8, 9, 12, 13, 31])
def test_windows_together_are_the_text(longest):
    found = Numbers(2, 8)(asked_words([longest, 2]))
    assert found["start"][0, :longest].tolist() == list(range(10, 10 + longest))
    assert found["start"][1, 2:].eq(NOBODY).all() and found["end"][1, :2].tolist() == [-10, -11]


@pytest.mark.parametrize("longest", [3, 8, 11, 12, 20])
def test_windows_of_a_text_do_not_depend_on_its_company(longest):
    class Places(Numbers):
        def score(self, context, question):
            where = torch.arange(context.looks.shape[1]).expand(context.looks.shape[:2]).float()
            return where, where

    alone, beside = (Places(2, 8)(asked_words(lengths))["start"][0, :longest] for lengths in ([longest], [longest, 31]))
    assert alone.tolist() == beside.tolist()


def test_a_step_sees_a_right_answer_wherever_it_stands():
    model, rng = Numbers(2, 8), torch.Generator().manual_seed(0)
    for first in (0, 1, 17, 38):
        for _time in range(20):
            both = asked_words([40, 40])
            starts_BN, wide = model._seen(both.text(), torch.tensor([first, -1]), torch.tensor([first + 1, -1]), rng)
            assert starts_BN[0, 0] <= first and first + 1 < starts_BN[0, 0] + wide
            assert starts_BN.min() >= 0 and starts_BN.max() <= 32 and starts_BN.shape == (2, 3)


def test_the_loss_is_how_unlikely_right_answers_are():
    both, target = asked_words([5]), {"first": torch.tensor([[1, 3, -1]]), "last": torch.tensor([[2, 3, -1]])}
    found = Numbers(2, 8).losses({"asked": both}, {"answer": target}, torch.Generator())["surprise"]
    start = torch.cat([torch.arange(10.0, 15), torch.zeros(1)]).log_softmax(0)
    end = torch.cat([-torch.arange(10.0, 15), torch.zeros(1)]).log_softmax(0)
    wanted = torch.stack([start[1] + end[2], start[3] + end[3]]).logsumexp(0)
    torch.testing.assert_close(found, -wanted[None])
    none = {name: torch.full((1, 2), -1) for name in target}
    found = Numbers(2, 8).losses({"asked": both}, {"answer": none}, torch.Generator())["surprise"]
    torch.testing.assert_close(found, -(start[5] + end[5])[None])


def test_words_are_the_same_by_number_or_by_letters():
    spelt = {"cat": [3, 1, 4, 0], "cow": [3, 5, 6, 0]}
    numbers = {"cat": 7, "cow": 1}

    def words(*told):
        looks = torch.tensor([[[numbers[word]] for word in told]])
        return Words(looks, torch.tensor([[spelt[word] for word in told]]), torch.tensor([len(told)]))

    same = bidaf.same(words("cat", "cow", "cat"), words("cow", "cat"))
    assert same[0].int().tolist() == [[0, 1], [1, 0], [0, 1]]
    runs = bidaf.in_runs(same, 2)
    assert runs[1][0].int().tolist() == [[0, 0], [1, 0], [0, 0]]
    assert bidaf.covered(runs[1].any(2), 2).int().tolist() == [[0, 1, 1]]


def test_the_passage_that_scores_most_is_found():
    rng = np.random.default_rng(0)
    target = Extract(state={"longest": 4, "compared": "words", "without": 0.0})
    scores = {name: torch.tensor(rng.normal(size=(30, 12)), dtype=torch.float32) for name in ("start", "end")}
    found = target.answers(scores)
    for row in range(30):
        best = max(
            (float(scores["start"][row, i] + scores["end"][row, j]), i, j) for i in range(12) for j in range(i, min(i + 4, 12))
        )
        assert (int(found["first"][row]), int(found["last"][row])) == best[1:]
        assert float(found["odds"][row]) == pytest.approx(best[0])


def test_from_which_odds_on_there_is_an_answer_is_learned(learned):
    cells = ['{"text": "A cat", "answer_start": 0}', "[]", '{"text": "rug", "answer_start": 41}', "[]"]
    column = Column("answer", pa.array(cells))
    target = Extract().learn([column], beside={"asked": learned})
    truth = target.truth(target.batch(target.encode([column], frames={"asked": line(4)}), np.arange(4)))
    answers = target.ideal(truth) | {"odds": torch.tensor([3.0, 1.0, 2.0, 0.0])}
    answers |= {name: answers[name].clamp(min=1) for name in ("last",)} | {"first": answers["first"].clamp(min=0)}
    settled = target.settled(answers, truth)
    assert target.settles and 1.0 < settled.state["least_odds"] < 2.0
    assert settled.settle(answers)["first"].tolist() == [0, -1, 13, -1]
    running = Running(["exact_match", "answer_f1"], settled)
    running.update(settled.settle(answers), truth)
    assert running.compute() == {"exact_match": 1.0, "answer_f1": 1.0}


# -- by the command line -------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def run(tmp_path_factory):
    place = tmp_path_factory.mktemp("questions")
    animals, things = ("cat", "dog", "bird", "fish", "cow", "hen"), ("mat", "rug", "bed", "box")
    with (place / "questions.jsonl").open("w") as file:
        for number in range(48):
            animal, thing = animals[number % 6], things[number % 4]
            text = f"{number} days ago a {animal} sat on a {thing}. Then it went away."
            one = {"context": text, "question": "What did it sit on?", "answers": [thing] if number % 8 else []}
            file.write(json.dumps(one) + "\n")
    settings = {"epochs": 2, "batch_size": 8, "size": "tiny", "plan": "default"}
    return fukami.train("question-answering", place / "questions.jsonl", out=place / "run", settings=settings)


def test_answers_are_quotes_with_their_places(run, capsys):
    value = {"context": "9 days ago a cat sat on a rug. Then it went away.", "question": "What did it sit on?"}
    assert main(["predict", str(run.path), json.dumps(value), "--json"]) == 0
    (quoted,) = json.loads(capsys.readouterr().out)["predictions"]
    assert quoted["text"] == value["context"][quoted.get("start", 0) : quoted.get("end", 0)] and 0 <= quoted["score"] <= 1
    told = run.evaluate()
    assert {"answer_f1", "exact_match"} <= set(told["metrics"]) and "shared_words" in told["baselines"]
