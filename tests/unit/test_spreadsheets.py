"""Spreadsheets as tables: typed cells, titles, several sheets; and what spreadsheet programs leave in text tables."""

import zipfile
from datetime import date, datetime, time, timedelta

import openpyxl
import pandas as pd
import pytest

from fukami.core.errors import DataError, UsageError
from fukami.core.recipe import DataChoices
from fukami.data import read
from fukami.fields.row.field import Row

HEAD = ["名前", "個数", "率", "日付", "時刻", "ok", "code"]
ROWS = [
    ["a", 1, 0.5, date(2024, 1, 2), time(14, 30), True, "00501"],
    ["b ", 2, None, datetime(2024, 1, 2, 3, 4), None, False, 12],
    ["c", 3, 1.5, None, time(9), None, None],
]


def book(path, **sheets):
    """A workbook of these sheets, each a list of rows."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def told(place, **choices):
    table = read(str(place), DataChoices(**choices))
    return {name: column.values.to_pylist() for name, column in table.columns.items()}, table


def test_cells_keep_their_types_and_their_places(tmp_path):
    found, table = told(book(tmp_path / "t.xlsx", 売上=[["売上表"], [], HEAD, *ROWS], leer=[]))
    assert found == {
        "名前": ["a", "b", "c"],
        "個数": [1, 2, 3],
        "率": [0.5, None, 1.5],
        "日付": [datetime(2024, 1, 2), datetime(2024, 1, 2, 3, 4), None],
        "時刻": [time(14, 30), None, time(9)],
        "ok": [True, False, None],
        "code": ["00501", "12", None],
    }
    assert table.columns["名前"].where(1) == f"{tmp_path / 't.xlsx'}:5 (名前)"
    assert [problem.code for problem in table.problems] == ["F-TABLE-REMARKS"]


def test_durations_are_read(tmp_path):
    assert told(book(tmp_path / "t.xlsx", a=[["d", "y"], [timedelta(hours=30), 1], [timedelta(hours=2), 2]]))[0]["d"] == [
        timedelta(hours=30),
        timedelta(hours=2),
    ]


def test_the_sheet_is_chosen_or_asked_for(tmp_path):
    place = book(tmp_path / "t.xlsx", **{"2023": [["x", "y"], [1, 2]], "Jan 2024": [["x", "y"], [3, 4]]})
    with pytest.raises(UsageError, match="F-SHEET-SEVERAL") as asked:
        told(place)
    assert asked.value.fix == "--set sheet=2023 or --set sheet='Jan 2024'"
    assert told(place, sheet="Jan 2024")[0] == {"x": [3], "y": [4]}
    with pytest.raises(UsageError, match="F-SHEET-NAME"):
        told(place, sheet="Feb")
    one = book(tmp_path / "one.xlsx", Tabelle1=[["x", "y"], [1, 2]], Notizen=[["nur ein Wort"]])
    found, table = told(one, sheet="2023")  # as the run learned from, whose newer tables have another sheet
    assert found == {"x": [1], "y": [2]} and [problem.code for problem in table.problems] == ["F-SHEET-NAME"]


def test_opendocument_is_read(tmp_path):
    cell = '<table:table-cell office:value-type="{kind}" {value}><text:p>{text}</text:p></table:table-cell>'
    rows = [["x", "y"], [1, "a"], [2, "b"]]
    lines = "".join(
        "<table:table-row>"
        + "".join(
            cell.format(kind="string", value="", text=v) if isinstance(v, str)
            else cell.format(kind="float", value=f'office:value="{v}"', text=v)
            for v in row
        )
        + "</table:table-row>"
        for row in rows
    )  # fmt: skip
    space = "urn:oasis:names:tc:opendocument:xmlns"
    names = " ".join(f'xmlns:{name}="{space}:{name}:1.0"' for name in ("office", "table", "text"))
    content = f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {names}><office:body><office:spreadsheet>'
    content += f'<table:table table:name="A">{lines}</table:table></office:spreadsheet></office:body></office:document-content>'
    for name in ("t.ods", "unnamed"):
        with zipfile.ZipFile(tmp_path / name, "w") as made:
            made.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            made.writestr("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{space}:manifest:1.0"/>')
            made.writestr("content.xml", content)
        assert told(tmp_path / name)[0] == {"x": [1, 2], "y": ["a", "b"]}


def test_what_is_no_spreadsheet_says_so(tmp_path):
    (tmp_path / "t.xlsx").write_bytes(b"PK\x03\x04nothing")
    with pytest.raises(DataError, match="F-SHEET-DAMAGED"):
        told(tmp_path / "t.xlsx")
    book(tmp_path / "empty.xlsx", a=[])
    with pytest.raises(DataError, match="F-TABLE-EMPTY"):
        told(tmp_path / "empty.xlsx")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sep=;\na;y\n1,5;x\n2,5;z\n", {"a": ["1,5", "2,5"], "y": ["x", "z"]}),
        ("sep=|\r\na|y\r\n1|x\r\n", {"a": ["1"], "y": ["x"]}),
        ("a,b,y\n1,2,x,\n3,4,z,\n", {"a": ["1", "3"], "b": ["2", "4"], "y": ["x", "z"]}),
        ("a,b,y,\n1,2,x,\n3,4,z,\n", {"a": ["1", "3"], "b": ["2", "4"], "y": ["x", "z"]}),
        ("a;b;y\n1;2;x;;\n3;4;z\n", {"a": ["1", "3"], "b": ["2", "4"], "y": ["x", "z"]}),
        ('a,b,y\n1,"2,\n3",x,\n3,4,"z,",\n', {"a": ["3"], "b": ["4"], "y": ["z,"]}),
    ],
)
def test_what_spreadsheet_programs_leave_in_text_tables(tmp_path, text, expected):
    (tmp_path / "t.csv").write_text(text)
    found, table = told(tmp_path / "t.csv")
    assert found == expected
    ragged = sum(problem.count for problem in table.problems if problem.code == "F-TABLE-RAGGED")
    assert ragged == (1 if '\n3"' in text else 0)


def test_two_columns_of_one_name_are_told():
    frame = pd.DataFrame([[1, 2, "a"], [3, 4, "b"]], columns=["v", "v", "y"])
    for data in (frame, (frame[["v"]], frame["y"])):
        table = read(data, DataChoices(), kinds=("row",))
        assert list(table.columns) == ["v", "v.2", "y"] and [p.code for p in table.problems] == ["F-TABLE-NAMES"]


def test_row_numbers_without_a_name_are_left_out(tmp_path):
    rows = [[i * 3, "ab"[i % 2], i * 37 % 11 / 2] for i in range(40)]
    columns = told(book(tmp_path / "t.xlsx", a=[[None, "kind", "size"], *rows]))[1].columns
    row = Row().learn(list(columns.values()))
    assert columns["column1"].told == {"name": ""} and columns["kind"].told == {}
    assert [one["name"] for one in row.describe() if one["kind"] != "ignored"] == ["kind", "size"]
