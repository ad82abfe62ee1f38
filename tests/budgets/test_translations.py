"""Every sentence has a Japanese translation with the same placeholders, in the catalogue of the part that says it."""

import doctest
import importlib.util
import re
from pathlib import Path

import pytest

from fukami.core import language

ROOT = Path(__file__).parent.parent.parent
SPEC = importlib.util.spec_from_file_location("translations", ROOT / "tools" / "translations.py")
assert SPEC is not None and SPEC.loader is not None
translations = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(translations)
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
TOLD = {sentence: text for part in translations.read().values() for sentence, text in part.items()}


def test_the_catalogues_are_complete():
    faults = list(translations.faults(translations.collect()))
    assert not faults, "\n".join(["run python tools/translations.py", *faults])


def test_the_catalogues_are_as_the_tool_writes_them():
    """So that a branch that adds a sentence changes nothing else."""
    for part, told in translations.read().items():
        assert (translations.JAPANESE / f"{part}.po").read_text("utf-8") == translations.po_text(told), part


def test_japanese_sentences_are_japanese():
    # Names, units and formats have no Japanese; a sentence of four words or more has.
    odd = {s: t for s, t in TOLD.items() if t and len(s.split()) >= 4 and not JAPANESE.search(t)}
    assert not odd


def test_what_is_inside_backquotes_stays_as_it_is():
    code = re.compile(r"`[^`]*`|--[a-z_]+")
    odd = {s: t for s, t in TOLD.items() if t and sorted(code.findall(s)) != sorted(code.findall(t))}
    assert not odd


def written(place: Path, part: str, told: dict[str, str]) -> None:
    (place / f"{part}.po").parent.mkdir(parents=True, exist_ok=True)
    (place / f"{part}.po").write_text(translations.po_text(told), "utf-8")


def test_what_is_missing_filled_otherwise_or_said_by_nobody_is_found(tmp_path):
    sentences = {"{n} files": ["fukami/data/bind.py"], "done": ["fukami/tasks/a.py"]}
    translations.write(sentences, tmp_path)
    assert translations.read(tmp_path) == {"data": {"{n} files": ""}, "tasks/a": {"done": ""}}
    assert ["no translation" in fault for fault in translations.faults(sentences, tmp_path)] == [True, True]
    written(tmp_path, "data", {"{n} files": "{m} 個のファイル", "gone": "もうない"})
    written(tmp_path, "tasks/a", {"done": "完了"})
    placeholders, gone = translations.faults(sentences, tmp_path)
    assert "placeholders" in placeholders and "nobody says" in gone


def test_a_sentence_stays_where_it_is_told_and_moves_with_its_code(tmp_path):
    written(tmp_path, "tasks/b", {"done": "完了"})
    both = {"done": ["fukami/tasks/a.py", "fukami/tasks/b.py"]}
    translations.write(both, tmp_path)
    assert translations.read(tmp_path) == {"tasks/b": {"done": "完了"}}, "a new file that says it too changes no catalogue"
    moved = {"done": ["fukami/engine/loop.py"]}
    assert "said elsewhere" in next(translations.faults(moved, tmp_path))
    translations.write(moved, tmp_path)
    assert translations.read(tmp_path) == {"engine": {"done": "完了"}}


def test_two_branches_may_tell_a_sentence_alike_but_not_otherwise(tmp_path):
    both = {"done": ["fukami/tasks/a.py", "fukami/tasks/b.py"]}
    for text, faults in (("完了", 0), ("終わり", 1)):
        written(tmp_path, "tasks/a", {"done": "完了"})
        written(tmp_path, "tasks/b", {"done": text})
        assert len(list(translations.faults(both, tmp_path))) == faults


def test_a_sentence_put_together_before_translation_is_refused():
    with pytest.raises(translations.NotLiteral):
        list(translations.in_python('_(f"{n} files")'))


def test_fukami_reads_catalogues_as_babel_does(tmp_path, monkeypatch):
    odd = 'a "quoted"\nline with \\ and\ttab'
    told = {odd: '"訳"\n\n\\二行\\', "ends with \n": "\n", "x" * 300: "長い", "20 % of it": "その 20 %"}
    written(tmp_path / "ja", "a/b", {**told, "untold": ""})
    written(tmp_path / "ja", "c", {odd: "", "d": "四"})
    assert translations.read(tmp_path / "ja")["a/b"] == {**told, "untold": ""}
    monkeypatch.setattr(language, "_LOCALE", tmp_path)
    found = language.catalogue.__wrapped__("ja")
    assert {s: t for s, t in found.items() if s} == {**told, "d": "四"}
    assert language.catalogue.__wrapped__("en") == {}


def test_all_translations_are_spoken():
    with language.speaking("ja"):
        assert all(str(language._(sentence)) == text for sentence, text in TOLD.items() if text)


def test_the_examples_of_the_tool_run():
    assert doctest.testmod(translations).failed == 0
