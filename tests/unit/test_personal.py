"""Personal data is recognised by cells and titles, in several languages, and what is none is left alone."""

import numpy as np
import pyarrow as pa
import pytest

from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields.personal import HIDDEN, kind_of, masked
from fukami.fields.row.columns.personal import hashed
from fukami.fields.row.field import Row
from fukami.training.finish import stored

PERSONAL = [
    ("氏名", ["山田太郎", "鈴木花子", "あ"]),
    ("c", ["山田太郎", "鈴木花子", "佐藤健", "田中実"]),
    ("Name", ["Braund, Mr. Owen Harris", "Cumings, Mrs. John", "Heikkinen, Miss. Laina"]),
    ("c", ["John Smith", "Mary Jones", "Robert Brown"]),
    ("住所", ["東京都新宿区西新宿2-8-1", "x"]),
    ("c", ["東京都新宿区西新宿2-8-1", "大阪府大阪市北区梅田3丁目1番", "横浜市中区日本大通1"]),
    ("c", ["〒160-0023 東京都新宿区西新宿2-8-1"]),
    ("c", ["12 Main Street", "5 Oak Ave", "221B Baker St"]),
    ("c", ["Hauptstraße 5", "Am Weg 12"]),
    ("c", ["12 rue de la Paix"]),
    ("c", ["03-1234-5678", "090-1234-5678", "0120-123-456"]),
    ("c", ["０９０−１２３４−５６７８"]),
    ("c", ["+81 90-1234-5678", "+49 30 1234567"]),
    ("c", ["(555) 123-4567", "555-123-4567"]),
    ("c", ["09012345678"]),
    ("phone", [9012345678, 312345678, 9011112222]),
    ("電話番号", ["0312345678", "0398765432", "0311112222"]),
    ("メール", ["a@b.jp", "c@d.com"]),
    ("customer_id", ["C001", "C002"]),
    ("customerNumber", [1001, 1002]),
    ("顧客ID", [1001, 1002]),
    ("name", ["Alice", "Bob", "Carol", "Dave"]),
    ("フリガナ", ["ヤマダ タロウ"]),
    ("c", ["ヤマダ タロウ", "サトウ ハナコ"]),
    ("customer", ["田中", "鈴木", "木村", "高橋"]),
    ("full name", ["a b"]),
    ("担当者", ["田中", "鈴木", "木村", "高橋"] * 3),
    ("担当者", ["佐藤", "鈴木", "田中"] * 30),
    ("name", ["Anna", "Ben"] * 50),
    ("Vorname", ["Hans"]),
    ("Telefon", ["030 123456", "089 654321", "040 98765"]),
    ("住所（自宅）", ["奈良市1-2"]),
]
ORDINARY = [
    ("town", ["京都市", "奈良市", "大阪市"]),
    ("都道府県", ["東京都", "大阪府", "北海道"]),
    ("name", ["ford torino", "bmw 320i", "vw 1131 deluxe"]),
    ("name", ["a", "b", "c"]),
    ("name", ["Espresso", "Latte"] * 50),
    ("担当者", ["営業", "開発"] * 50),
    ("date", ["2024-05-06 10:30", "2023-01-02 11:20"]),
    ("product", ["Green Tea", "Black Coffee", "Orange Juice"]),
    ("code", ["A-1234", "B-2345"]),
    ("isbn", ["978-4-06-123456-1", "978-4-06-123456-2"]),
    ("price", ["1,234", "5,678"]),
    ("id", [1, 2, 3]),
    ("mobile", ["yes", "no", "yes"]),
    ("phone", ["iPhone", "Galaxy", "Pixel"]),
    ("country", ["United States", "Japan", "Germany"]),
    ("city", ["New York", "San Diego", "Los Angeles"]),
    ("category", ["山岳", "河川", "森林", "原料"]),
    ("store", ["新宿店", "渋谷店"]),
    ("zip", ["160-0023", "530-0001"]),
    ("ip", ["192.168.0.1", "10.0.0.1"]),
    ("serial", ["0123456789", "1234567890"]),
    ("home", ["rent", "own", "mortgage"]),
    ("client", ["web", "app", "phone"] * 5),
    ("contact", ["cellular", "telephone", "unknown"] * 9),
    ("owner", ["First Owner", "Second Owner", "Third Owner"] * 7),
]


@pytest.mark.parametrize("name, values", PERSONAL)
def test_personal_columns_are_recognised(name, values):
    assert kind_of(Column(name, pa.array(values)))


@pytest.mark.parametrize("name, values", ORDINARY)
def test_ordinary_columns_are_left_alone(name, values):
    assert not kind_of(Column(name, pa.array(values)))


def test_texts_are_masked_and_dates_and_codes_are_not():
    assert masked("tel 03-1234-5678, a.b@c.jp") == f"tel {HIDDEN}, {HIDDEN}"
    for text in ("2024-05-06 10:30:22", "12345-678", "0.1 0.2", "1234567890", "192.168.100.100", "ISBN 978-0-306-40615-7"):
        assert masked(text) == text


NAMES = [f"山田 {c}子" for c in "花春夏秋冬"] * 12
TABLE = [Column("氏名", pa.array(NAMES)), Column("age", pa.array([float(i % 7) for i in range(60)]))]


def test_a_row_leaves_personal_columns_out_and_says_how_to_keep_them():
    (problem,) = [p for p in Row().check(TABLE) if p.code == "F-COLUMN-PERSONAL"]
    assert problem.severity == "warning" and "--set keep=氏名" in problem.fix and not any(n in str(problem) for n in NAMES)
    row = Row().learn(TABLE)
    assert [told["kind"] for told in row.describe()] == ["ignored", "number"]
    for field in (row, Row()):
        assert "山田" not in field.render(TABLE, 0) and HIDDEN in field.render(TABLE, 0)
    assert "山田" not in str((row.state, row.sketch(TABLE), row.portable(), row.schema()))


def test_a_personal_column_that_is_asked_for_is_kept_as_hashes():
    for options in (Row.Options(keep=["氏名"]), Row.Options(category=["氏名"])):
        row = Row(options=options).learn(TABLE)
        assert [told["kind"] for told in row.describe()] == ["personal", "number"]
        codes = row.encode(TABLE)["categories"][:, 0]
        assert len(set(codes.tolist())) == 5 and (codes > 0).all()
        strange = [Column("氏名", pa.array(["山田 太郎"])), TABLE[1].take([0])]
        (note,) = row.unfamiliar(strange)
        kept = (row.state, row.sketch(TABLE), row.portable(), row.schema(), row.render(TABLE, 0), note.as_dict())
        assert "山田" not in str(kept) and hashed("山田 花子") in str(row.state)
        assert "warning" in [p.severity for p in Row(options=options).check(TABLE) if p.code == "F-COLUMN-PERSONAL"]


def test_a_run_keeps_no_cell_of_a_free_text():
    found = Problem(code="F-COLUMN-TEXT", severity="warning", what="x", where="t.csv", got="Anna wrote that …", fix="y")
    other = Problem(code="F-COLUMN-MIXED", severity="warning", what="x", where="t.csv", got="12x")
    assert [told["got"] for told in stored([found, other])] == ["", "12x"]


def test_addresses_among_the_values_of_a_category_are_not_kept():
    cells = ["none given", "ask", "none given", "none given", "taro@example.jp"] * 20 + ["090-1234-5678", "06.05.2024"] * 2
    row = Row().learn([Column("contact", pa.array(cells))])
    assert row.state["columns"][0]["categories"][0]["values"] == ["none given", "ask", "06.05.2024"]
    codes = row.batch(row.encode([Column("contact", pa.array(["taro@example.jp", "ask", None]))]), np.arange(3)).categories
    assert codes[:, 0].tolist() == [0, 2, 0]
    assert "taro" not in str([row.state, row.describe(), *row.sketch([Column("contact", pa.array(cells))]).items()])
