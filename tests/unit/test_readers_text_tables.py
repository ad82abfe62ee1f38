"""Text tables: encodings, delimiters, names, quotes, and rows that do not fit."""

import bz2
import gzip
import lzma
from pathlib import Path

import pytest

from fukami.core.errors import DataError, UsageError
from fukami.core.recipe import DataChoices
from fukami.core.tables import Table
from fukami.data import read
from fukami.data.encodings import to_utf8


def table(path: Path, content: str | bytes, **choices) -> Table:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(str(path), DataChoices(**choices), kinds=("row",))


def cells(found: Table) -> dict[str, list]:
    return {name: column.values.to_pylist() for name, column in found.columns.items()}


def codes(found: Table) -> dict[str, str]:
    return {problem.code: problem.severity for problem in found.problems}


def test_cells_are_trimmed_strings_and_empty_ones_missing(tmp_path):
    found = table(tmp_path / "a.csv", 'age, city ,note\n31, Kyoto,\n45,"Oslo, Norway",x\n')
    assert cells(found) == {"age": ["31", "45"], "city": ["Kyoto", "Oslo, Norway"], "note": [None, "x"]}
    assert found.problems == ()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_tables_read_the_same(tmp_path, pack):
    found = table(tmp_path / "a.csv.packed", pack(b"a,b\n1,x\n"))
    assert cells(found) == {"a": ["1"], "b": ["x"]}


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", "F-ENCODING-FOUND"),
        ("utf-16-le", "F-ENCODING-FOUND"),
        ("utf-16-be", "F-ENCODING-FOUND"),
        ("utf-32", "F-ENCODING-FOUND"),
        ("cp932", "F-ENCODING-FOUND"),
        ("euc_jp", "F-ENCODING-FOUND"),
        ("iso2022_jp", "F-ENCODING-FOUND"),
    ],
)
def test_japanese_in_every_usual_encoding(tmp_path, encoding, told):
    text = "本文,ラベル\nとても良い映画でした,良い\n退屈で眠くなりました,悪い\n"
    found = table(tmp_path / "a.csv", text.encode(encoding))
    assert cells(found) == {"本文": ["とても良い映画でした", "退屈で眠くなりました"], "ラベル": ["良い", "悪い"]}
    assert list(codes(found)) == ([told] if told else [])


@pytest.mark.parametrize("text", ["男,女\n", "ｱｲｳ,ｶｷｸｹ\n", "氏名,住所\n山田太郎,東京都\n"])
def test_short_shift_jis_is_recognised(text):
    assert to_utf8(text.encode("cp932"), where="x")[0].decode() == text


@pytest.mark.parametrize("text", ["José,Köln\n", "naïve café\n", "Größe,Änderung\nüber,Straße\n", "señor,niño\n"])
def test_western_text_is_not_taken_for_japanese(text):
    data, told = to_utf8(text.encode("latin-1"), where="x")
    assert data.decode() == text
    assert [p.code for p in told] == ["F-ENCODING-GUESS"]


def test_a_named_encoding_is_strict_and_says_where(tmp_path):
    with pytest.raises(DataError) as caught:
        table(tmp_path / "a.csv", b"a,b\n1,x\n2,\xff\n", encoding="utf-8")
    assert caught.value.code == "F-ENCODING-BYTES"
    assert caught.value.where.endswith("a.csv:3")
    with pytest.raises(UsageError) as unknown:
        table(tmp_path / "a.csv", b"a\n1\n", encoding="shiftjis2")
    assert unknown.value.fix == "--set encoding=shift_jis"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "a;b\n1,5;x\n2,5;y\n"),
        ("a.tsv", "a\tb\n1,5\tx\n2,5\ty\n"),
        ("a.txt", "a|b\n1,5|x\n2,5|y\n"),
        ("b.csv", "a\tb\n1,5\tx\n2,5\ty\n"),
    ],
)
def test_the_delimiter_is_found(tmp_path, name, content):
    assert cells(table(tmp_path / name, content)) == {"a": ["1,5", "2,5"], "b": ["x", "y"]}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system(tmp_path, end):
    found = table(tmp_path / "a.csv", end.join(["a,b", "1,x", "2,y", ""]))
    assert cells(found) == {"a": ["1", "2"], "b": ["x", "y"]}
    assert found.columns["a"].rows.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("age,city\n31,Kyoto\n45,Oslo\n", ["age", "city"]),
        ("31,Kyoto\n45,Oslo\n", ["column1", "column2"]),
        ("a fine film\tpos\na bad film\tneg\nyes\tpos\n", ["column1", "column2"]),
        ("kommentar\tklasse\nsehr gut\tpos\nnaja\tneg\n", ["kommentar", "klasse"]),
        ("text,label\nhello,1\n", ["text", "label"]),
        ("2024-01-01,a\n2024-01-02,b\n", ["column1", "column2"]),
        (",a\n0,1\n1,2\n", ["column1", "a"]),
        ("a,a\n1,2\n", ["a", "a.2"]),
    ],
)
def test_whether_the_first_row_is_names(tmp_path, content, names):
    assert list(table(tmp_path / ("a.tsv" if "\t" in content else "a.csv"), content).columns) == names


def test_the_user_may_say_whether_there_are_names(tmp_path):
    assert list(table(tmp_path / "a.csv", "2019,2020\n1,2\n", header="yes").columns) == ["2019", "2020"]
    assert len(table(tmp_path / "a.csv", "age,city\n31,Kyoto\n", header="no")) == 2


def test_few_ragged_rows_are_left_out_and_named(tmp_path):
    found = table(tmp_path / "a.csv", "a,b\n" + "1,2\n" * 150 + "\n1,2,3\n" + "1,2\n" * 150 + "4\n")
    assert len(found) == 300
    (problem,) = found.problems
    assert (problem.code, problem.severity, problem.count) == ("F-TABLE-RAGGED", "warning", 2)
    assert "line 153: 3 cells" in problem.got and "line 304: 1 cells" in problem.got
    assert found.columns["a"].rows[[0, 149, 150]].tolist() == [2, 151, 154]


def test_many_ragged_rows_are_an_error(tmp_path):
    assert codes(table(tmp_path / "a.csv", "a,b\n1,2\n1,2,3\n1,2\n")) == {"F-TABLE-RAGGED": "error"}


def test_lines_are_counted_through_cells_of_several_lines(tmp_path):
    found = table(tmp_path / "a.csv", 'text,label\n"one\ntwo, three",1\nfour,0\n\n"five ""x""\nsix",1\n')
    assert cells(found)["text"] == ["one\ntwo, three", "four", 'five "x"\nsix']
    assert found.columns["text"].rows.tolist() == [2, 4, 6]
    assert found.columns["text"].where(2).endswith("a.csv:6 (text)")


def test_stray_quotation_marks_swallow_nothing(tmp_path):
    found = table(tmp_path / "a.tsv", 'text\tlabel\n"Never again\t0\nfine\t1\n5" screen\t1\n')
    assert cells(found)["text"] == ['"Never again', "fine", '5" screen']
    assert codes(found) == {"F-TABLE-QUOTES": "note"}


def test_a_quotation_mark_that_never_closes_is_an_error(tmp_path):
    found = table(tmp_path / "a.csv", 'text,label\n"good, yes",1\n"never closed,0\nbad,0\n')
    assert codes(found)["F-TABLE-RAGGED"] == "error"
    assert "never closed" in found.problems[0].fix


def test_remarks_on_top_and_empty_rows_below(tmp_path):
    found = table(tmp_path / "a.test", "|1x3 Cross validator\n25, Private\n38, State\n")
    assert cells(found) == {"column1": ["25", "38"], "column2": ["Private", "State"]}
    assert "F-TABLE-REMARKS" in codes(found)
    assert found.columns["column1"].rows.tolist() == [2, 3]
    assert codes(table(tmp_path / "b.csv", "a,b\n1,2\n,\n,\n")) == {"F-TABLE-BLANK": "note"}


def test_zero_bytes(tmp_path):
    found = table(tmp_path / "a.csv", b"a,b\n1,\0x\n" + b"2,y\n" * 100)
    assert cells(found)["b"][0] == "x" and codes(found) == {"F-TABLE-ZEROS": "warning"}
    with pytest.raises(DataError) as caught:
        table(tmp_path / "b.csv", b"a,b\n1," + b"\0" * 2000)
    assert caught.value.code in ("F-TABLE-BINARY", "F-TABLE-CONTENT")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "F-TABLE-EMPTY"),
        (b"\n \n", "F-TABLE-EMPTY"),
        (b"a,b\n", "F-TABLE-EMPTY"),
        (b"\x89PNG\r\n\x1a\n....", "F-TABLE-CONTENT"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "F-TABLE-CONTENT"),
        (gzip.compress(b"a,b\n1,2\n" * 99, mtime=0)[:-20], "F-DATA-DAMAGED"),
    ],
)
def test_what_is_no_table_says_so(tmp_path, content, code):
    with pytest.raises(DataError) as caught:
        table(tmp_path / "a.csv", content)
    assert caught.value.code == code
    assert "a.csv" in caught.value.where


def test_a_spreadsheet_that_is_called_a_text_table_says_so(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.csv", "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(DataError) as caught:
        read(str(tmp_path / "a.csv"), DataChoices(), kinds=("row",))
    assert "a.xlsx" in caught.value.fix


def test_a_very_long_cell_is_read_and_an_endless_line_refused(tmp_path, monkeypatch):
    long = "x" * 3_000_000
    assert cells(table(tmp_path / "a.csv", f"a,b\n{long},1\n"))["a"] == [long]
    monkeypatch.setattr("fukami.data.text_table.MOST_LINE_BYTES", 1000)
    with pytest.raises(DataError) as caught:
        table(tmp_path / "a.csv", f"a,b\n{long},1\n")
    assert caught.value.code == "F-TABLE-LINE"


def test_a_column_that_names_the_parts(tmp_path):
    found = table(tmp_path / "a.csv", "text,label,split\na,1,train\nb,0,dev\nc,1,test\n")
    assert list(found.columns) == ["text", "label"]
    assert found.parts.tolist() == ["train", "valid", "test"]
    kept = table(tmp_path / "b.csv", "text,label,split\na,1,wood\nb,0,test\n")
    assert "split" in kept.columns and kept.parts is None
