"""Every sentence exists in English and Japanese, with the same placeholders, and the compiled catalogues are fresh."""

import doctest
import gettext
import importlib.util
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SPEC = importlib.util.spec_from_file_location("translations", ROOT / "tools" / "translations.py")
assert SPEC is not None and SPEC.loader is not None
translations = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(translations)
LOCALE = ROOT / "fukami" / "locale"
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def test_the_catalogues_are_complete():
    faults = list(translations.faults(translations.collect(), LOCALE))
    assert not faults, "\n".join(["run python tools/translations.py", *faults])


def test_japanese_sentences_are_japanese():
    told = translations.read_po(LOCALE / "ja" / "LC_MESSAGES" / "fukami.po")
    # Names, units and formats have no Japanese; a sentence of four words or more has.
    odd = {s: t for s, t in told.items() if t and len(s.split()) >= 4 and not JAPANESE.search(t)}
    assert not odd


def test_what_is_inside_backquotes_stays_as_it_is():
    told = translations.read_po(LOCALE / "ja" / "LC_MESSAGES" / "fukami.po")
    code = re.compile(r"`[^`]*`|--[a-z_]+")
    odd = {s: t for s, t in told.items() if t and sorted(code.findall(s)) != sorted(code.findall(t))}
    assert not odd


def test_a_missing_translation_another_placeholder_and_a_stale_catalogue_are_found(tmp_path):
    sentences = {"{n} files": {"a.py"}, "done": {"a.py"}}
    translations.write(sentences, tmp_path)
    folder = tmp_path / "ja" / "LC_MESSAGES"
    assert len([f for f in translations.faults(sentences, tmp_path) if "no translation" in f]) == 2
    text = translations.po_text("ja", sentences, {"{n} files": "{m} 個のファイル", "done": "完了"})
    (folder / "fukami.po").write_text(text, "utf-8")
    faults = list(translations.faults(sentences, tmp_path))
    assert len(faults) == 2 and "placeholders" in faults[0] and "older" in faults[1]


def test_a_sentence_put_together_before_translation_is_refused():
    with pytest.raises(translations.NotLiteral):
        list(translations.in_python('_(f"{n} files")'))


def test_the_compiled_catalogue_is_read_by_gettext():
    told = {"done": "完了", 'a "quoted"\nline': "二行"}
    catalogue = gettext.GNUTranslations(io.BytesIO(translations.mo_bytes("ja", told)))
    assert [catalogue.gettext(s) for s in (*told, "unknown")] == ["完了", "二行", "unknown"]


def test_a_catalogue_reads_back_what_was_written(tmp_path):
    told = {'a "quoted"\nline with \\ and\ttab': "訳", "b": ""}
    path = tmp_path / "x.po"
    path.write_text(translations.po_text("ja", {s: {"f.py"} for s in told}, told), "utf-8")
    assert translations.read_po(path) == told


def test_the_examples_of_the_tool_run():
    assert doctest.testmod(translations).failed == 0
