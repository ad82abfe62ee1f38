"""What a run holds is told in the language of whoever reads it, whatever was spoken when it was written."""

import copy
import html
import importlib.util
import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

import fukami
from fukami.core import artefact, language
from fukami.core.language import _, _n, joined, stored, told
from fukami.core.problems import Problem
from fukami.report.content import Content
from fukami.report.page import render

JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


@pytest.fixture(autouse=True)
def english():
    language.use("en")
    yield
    language.use("en")


def in_english(made: str) -> str:
    kept = json.loads(json.dumps(stored(made)))
    language.use("en")
    return told(kept)


def test_a_sentence_is_told_again_in_the_other_language():
    language.use("ja")
    made = _("{n} examples or more").format(n=np.int64(50))
    assert JAPANESE.search(made)
    assert in_english(made) == "50 examples or more"
    kept = stored({"a": [made]})
    language.use("ja")
    assert told(kept) == {"a": [made]}


def test_sentences_inside_sentences_and_joined_ones_are_told_again():
    language.use("ja")
    inner = _("{n} examples or more").format(n=2)
    made = joined("; ", [_("line {line}: {text}").format(line=1, text=inner), "名前 {x}"])
    assert JAPANESE.search(made)
    assert in_english(made) == "line 1: 2 examples or more; 名前 {x}"


def test_copies_of_a_sentence_know_what_it_was_made_from():
    made = _("{n} examples or more").format(n=50)
    problem = Problem(code="F-X", severity="note", what=made, where="a")
    for copied in (copy.deepcopy(made), pickle.loads(pickle.dumps(made)), problem.as_dict()["what"]):
        assert copied == made
        assert stored(copied) == {"sentence": "{n} examples or more", "values": {"n": 50}}


def test_data_that_looks_like_a_sentence_stays_data():
    for odd in ({"sentence": 3}, {"sentence": "a", "more": 1}, {"text": "a", "values": {}}, ["{n}"], "{n}"):
        assert told(odd) == odd


@pytest.mark.parametrize("message", ["{n.__class__}", "{n[0]}", "{n:>999999999}", "{n!r}", "{n", "{m}"])
def test_a_message_that_is_none_of_ours_is_not_filled(message):
    assert told({"sentence": message, "values": {"n": 1}}) == message


def test_every_sentence_of_ours_can_be_told_again():
    place = Path(fukami.__file__).parent.parent / "tools" / "translations.py"
    spec = importlib.util.spec_from_file_location("translations", place)
    assert spec is not None and spec.loader is not None
    translations = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(translations)
    assert not [sentence for sentence in translations.collect() if not language._PATTERN.fullmatch(sentence)]


def test_figures_that_json_cannot_hold_are_left_as_they_were_told():
    assert stored(_("{n} examples or more").format(n=float("nan"))) == "nan examples or more"


def test_one_and_many():
    assert [_n("{n} error", "{n} errors", n) for n in (0, 1, 2)] == ["0 errors", "1 error", "2 errors"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The same training told in each language, on data with much to complain about."""
    place = tmp_path_factory.mktemp("language")
    rows = [f"{i % 7},{'abc'[i % 3]},{'yes' if i % 2 else 'no'}" for i in range(240)]
    rows[5] += ",9"  # a cell too many
    rows[9] = f"{9 % 7},{'abc'[9 % 3]},perhaps"
    source = place / "people.csv"
    source.write_text("\n".join(["height,town,income", *rows]), "utf-8")
    made = {}
    for spoken in language.LANGUAGES:
        language.use(spoken)
        settings = {"epochs": 1, "plan": "default", "target": "income", "groups": ["town"], "model": "mlp"}
        made[spoken] = fukami.train("tabular-classification", source, out=place / spoken, **settings).path
    return made


def report_of(run: Path, spoken: str) -> str:
    """The report's words about problems, proofs and figures, made again from the folder."""
    language.use(spoken)
    proofs = {path.stem: artefact.read_json(path) for path in sorted((run / "proofs").glob("*.json"))}
    evaluation, problems = proofs.pop("evaluation"), proofs.pop("data")["problems"]
    assert {p["code"] for p in problems} >= {"F-TABLE-RAGGED", "F-DATA-DUPLICATE"}
    told_run = artefact.read_json(run / "run.json")
    page = render(Content(run=told_run, evaluation=evaluation, proofs=proofs, problems=problems))
    return words_of(page)


def words_of(page: str) -> str:
    """What a page says, without its markup, its time and the name of Fukami."""
    text = re.sub(r"<(script|style).*?</\1>|<[^>]*>|20\d\d-[\d: -]+UTC|深み", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(text))


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_a_report_made_again_speaks_one_language(runs, spoken):
    """Whichever language was spoken in the training, the same words come out."""
    other = next(name for name in language.LANGUAGES if name != spoken)
    again = report_of(runs[other], spoken)
    assert again == report_of(runs[spoken], spoken)
    assert bool(JAPANESE.search(again)) == (spoken == "ja")


def test_a_report_in_the_other_language_tells_everything_anew():
    language.use("ja")
    problem = Problem(code="F-X", severity="note", what=_("{n} examples or more").format(n=5), where="a.csv")
    page = render(Content(run={"task": "demo"}, problems=[problem.as_dict()]), language="en")
    assert "5 examples or more" in page
    assert not JAPANESE.search(words_of(page))


def test_problems_reach_a_program_as_plain_strings(runs, capsys):
    from fukami.cli.main import main

    main(
        [
            "check",
            "tabular-classification",
            str(runs["en"].parent / "people.csv"),
            "--set",
            "target=income",
            "--json",
            "--lang",
            "ja",
        ]
    )
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert all(isinstance(value, (str, int)) for problem in problems for value in problem.values())
    assert JAPANESE.search(problems[0]["what"])
