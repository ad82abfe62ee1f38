"""Words and tags in columns, as CoNLL and its relatives have them."""

from pathlib import Path

import numpy as np
import pytest

from fukami.core.errors import DataError
from fukami.core.recipe import DataChoices
from fukami.data import read
from fukami.data.readers import conll

USUAL = "-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nrejects VBZ I-VP O\n\nPeter NNP I-NP I-PER\nBlackburn NNP I-NP I-PER\n"
NAMED = {
    "word and tag": ("EU B-ORG\nleft O\n\nAda B-PER\n\n", ["EU", "left"], ["B-ORG", "O"]),
    "tag first": ("B-ORG\tEU\nO\tleft\n\nB-PER\tAda\n", ["EU", "left"], ["B-ORG", "O"]),
    "blanks in a word": ("New York\tB-LOC\nis\tO\n\nAda\tB-PER\n", ["New York", "is"], ["B-LOC", "O"]),
    "windows lines and a mark": ("\ufeffEU B-ORG\r\nleft O\r\n\r\nAda B-PER\r\n", ["EU", "left"], ["B-ORG", "O"]),
    "japanese": ("東 B-地名\n京 I-地名\nへ O\n\n行 O\nく O\n", ["東", "京", "へ"], ["B-地名", "I-地名", "O"]),
}


def written(folder: Path, text: str, name: str = "a.conll", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def test_the_usual_columns_are_read_and_others_kept(tmp_path):
    table = read(written(tmp_path, USUAL), DataChoices(), kinds=("words",))
    assert table.layout == "conll" and list(table.columns) == ["words", "tags", "column2", "column3"]
    assert table.columns["words"].values.to_pylist() == [["EU", "rejects"], ["Peter", "Blackburn"]]
    assert table.columns["tags"].values.to_pylist() == [["I-ORG", "O"], ["I-PER", "I-PER"]]
    assert table.columns["column2"].values.to_pylist()[0] == ["NNP", "VBZ"]
    assert table.columns["tags"].where(1).endswith("a.conll:6 (tags)")


@pytest.mark.parametrize("name", NAMED)
def test_columns_of_any_order_are_told_apart(tmp_path, name):
    text, words, tags = NAMED[name]
    table = conll.table_of(written(tmp_path, text), DataChoices())
    assert table.columns["words"].values.to_pylist()[0] == words and table.columns["tags"].values.to_pylist()[0] == tags


def test_parts_of_speech_of_conllu_are_read_without_what_is_no_word(tmp_path):
    lines = ["# text = don't go", "1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_"]
    lines += [
        f"{n}\t{w}\t{w}\t{p}\t_\t_\t0\troot\t_\t_" for n, w, p in ((1, "do", "AUX"), (2, "n't", "PART"), (3, "go", "VERB"))
    ]
    table = conll.table_of(written(tmp_path, "\n".join([*lines, "", *lines]), "a.conllu"), DataChoices())
    assert table.columns["words"].values.to_pylist() == [["do", "n't", "go"]] * 2
    assert table.columns["tags"].values.to_pylist()[0] == ["AUX", "PART", "VERB"]


def test_a_folder_has_its_parts_by_the_names_of_its_files(tmp_path):
    for name in ("eng.train", "eng.testa", "eng.testb"):
        written(tmp_path, USUAL, name)
    assert conll.claims(tmp_path, ("words",)) > 0.9 and conll.claims(tmp_path, ("image",)) == 0
    table = read(tmp_path, DataChoices(), kinds=("words",))
    assert table.parts is not None and np.array_equal(table.parts, np.repeat(["train", "valid", "test"], 2))


def test_a_text_of_other_lines_is_not_claimed(tmp_path):
    path = written(tmp_path, "a fine day\n\nand another one\n", "a.txt")
    assert conll.claims(path, ("words",)) == 0


def codes(table) -> list[str]:
    return [problem.code for problem in table.problems]


def test_a_line_that_lacks_a_column_is_named(tmp_path):
    table = conll.table_of(written(tmp_path, "EU B-ORG\n\nAda\nleft O\n\nEU B-ORG\n"), DataChoices())
    (problem,) = table.problems
    assert problem.code == "F-CONLL-LINES" and problem.severity == "error" and problem.where.endswith("a.conll:3")
    assert len(table) == 2


def test_another_encoding_is_read_and_told(tmp_path):
    text = "東 B-地名\n京 I-地名\nへ O\n\n行 O\nく O\n" * 20
    table = conll.table_of(written(tmp_path, text, encoding="cp932"), DataChoices())
    assert table.columns["words"].values.to_pylist()[0] == ["東", "京", "へ"] and codes(table)


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "F-TABLE-EMPTY"), ("\n \n\n", "F-TABLE-EMPTY"), ("EU\nleft\n\nAda\n", "F-CONLL-WIDTH")],
)
def test_files_without_tags_say_so(tmp_path, text, code):
    with pytest.raises(DataError) as raised:
        conll.table_of(written(tmp_path, text), DataChoices())
    assert raised.value.code == code


def test_a_file_without_blank_lines_is_one_sentence_and_told(tmp_path):
    table = conll.table_of(written(tmp_path, "word O\n" * 600), DataChoices())
    assert "F-CONLL-ONE" in codes(table)


def test_a_picture_called_conll_says_what_it_is(tmp_path):
    path = tmp_path / "a.conll"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2000))
    with pytest.raises(DataError) as raised:
        conll.table_of(path, DataChoices())
    assert raised.value.code == "F-TABLE-CONTENT"
