"""How columns are read: learned once from training cells, told where it is in doubt, and applied alike to every later cell."""

import csv
import datetime
import time
import warnings

import numpy as np
import pyarrow as pa
import pytest

from fukami.core.recipe import DataChoices
from fukami.core.tables import Column
from fukami.data.checks.leakage import _signals
from fukami.data.readers import read_any
from fukami.export import assemble
from fukami.fields.number.field import Number
from fukami.fields.reading import column as reading
from fukami.fields.row.columns.registry import learned
from fukami.fields.row.field import Row, RowOptions
from fukami.fields.row.overview import in_short, understood

FORMS = {
    "1,234.5": (["1,234.5", "17", "2,000,000"], [1234.5, 17, 2e6]),
    "1.234,5": (["1.234,5", "17,25", "1.250"], [1234.5, 17.25, 1250]),
    "1 234,5": (["1\u202f234,5", "17,5", "12 000"], [1234.5, 17.5, 12000]),
    "1'234.5": (["1'234.5", "1’000", "3"], [1234.5, 1000, 3]),
    "0,125": (["0,125", "1,250", "12,500"], [0.125, 1.25, 12.5]),
    "0.125": (["0.125", "1.250", "850"], [0.125, 1.25, 850]),
    "−64.9": (["−64.9", "-3", "12"], [-64.9, -3, 12]),
    "(1,000)": (["(1,000)", "2,500", "(3.5)"], [-1000, 2500, -3.5]),
    "△1,000": (["△1,000", "2,500.5", "▲5"], [-1000, 2500.5, -5]),
    "1,000-": (["1,000-", "2.5", "1,234,567"], [-1000, 2.5, 1234567]),
    "12%": (["12%", "90 %", "７％"], [12, 90, 7]),
    "１２３": (["１２３", "４．５", "6"], [123, 4.5, 6]),
    "¥1,200": (["¥1,200", "￥900", "¥12,500"], [1200, 900, 12500]),
    "1,200円": (["1,200円", "900円", "12,500 円"], [1200, 900, 12500]),
    "3.2万円": (["3.2万円", "1億2000万円", "5千円"], [32000, 1.2e8, 5000]),
    "$1.5k": (["$1.5k", "$2.3M", "$800"], [1500, 2.3e6, 800]),
    "2.3M": (["2.3M", "1M", "900k"], [2.3e6, 1e6, 9e5]),
    "Mio. €": (["2,3 Mio. €", "1,25 Mio. €", "4 Mrd. €"], [2.3e6, 1.25e6, 4e9]),
    "USD 6,493": (["USD 6,493", "USD 12.5", "USD 7"], [6493, 12.5, 7]),
    "6 493 €": (["6 493 €", "12,5 €", "7 €"], [6493, 12.5, 7]),
    "72.5 kg": (["72.5 kg", "80kg", "1,200.5 KG"], [72.5, 80, 1200.5]),
    "2072 sqft": (["2072 sqft", "980 sqft", "1100 sqft"], [2072, 980, 1100]),
    "45歳": (["45歳", "7歳", "１０歳"], [45, 7, 10]),
    "36.5℃": (["36.5℃", "-3℃", "12 ℃"], [36.5, -3, 12]),
    "<31.0": (["<31.0", "45.2", ">100"], [31, 45.2, 100]),
    "1e-3": (["1e-3", "2.5E+2", "7"], [0.001, 250, 7]),
    "14:30": (["14:30", "9:05", "00:00"], [52200, 32700, 0]),
    "14:30:05": (["14:30:05", "09:05:00.5", "0:00:01"], [52205, 32700.5, 1]),
    "2:30 PM": (["2:30 PM", "12:05 am", "11:00 a.m."], [52200, 300, 39600]),
    "14時30分": (["14時30分", "9時5分", "午後3時"], [52200, 32700, 54000]),
    "14.30 Uhr": (["14.30 Uhr", "9 Uhr", "10:15 Uhr"], [52200, 32400, 36900]),
    "14h30": (["14h30", "9h05", "0h00"], [52200, 32700, 0]),
    "timedelta": (["0 days 20:24:53", "1 days 00:00:01", "-1 days +23:59:00"], [73493, 86401, -60]),
    "1h 20m": (["1h 20m", "45m", "2 h"], [4800, 2700, 7200]),
    "2時間30分": (["2時間30分", "45分", "3日"], [9000, 2700, 259200]),
    "PT1H": (["PT1H", "P1DT2H30M", "PT45S"], [3600, 95400, 45]),
}
DAYS = {
    "2024-05-06": ["2024-05-06", "2024/5/7"],
    "06.05.2024": ["06.05.2024", "7.5.2024"],
    "05/06/2024": ["05/06/2024", "05/07/2024", "12/31/2024"],
    "12/07/22": ["05/06/24", "05/07/24", "12/31/24"],
    "07.12.22": ["06.05.24", "07.05.24"],
    "2024年5月6日": ["2024年5月6日", "2024年5月7日(火)"],
    "令和": ["令和6年5月6日", "令和6年5月7日", "平成31年4月30日", "令和元年5月1日"],
    "R6.5.6": ["R6.5.6", "R06.05.07", "H31.4.30"],
    "May 6": ["May 6, 2024", "May 7th, 2024", "December 1, 2023"],
    "6 mai": ["6 mai 2024", "7 mai 2024", "1er août 2023"],
    "6. Mai": ["6. Mai 2024", "7. Mai 2024", "24. Dezember 2023"],
    "20240506": ["20240506", "20240507"],
    "ctime": ["Mon May 06 00:00:00 2024", "Tue May 07 00:00:00 2024"],
    "Z": ["2024-05-06T00:00:00Z", "2024-05-07 00:00:00Z"],
    "+02": ["2024-05-06 00:00:00+02", "2024-05-07 00:00:00+0200"],
    "CET": ["2024-05-06 00:00 CET", "2024-05-07 00:00 CET"],
    "RFC": ["Mon, 06 May 2024 00:00:00 GMT", "Tue, 07 May 2024 00:00:00 GMT"],
}
MONTHS = {"2024Q3": "2024-07", "2024年第3四半期": "2024-07", "Q3 2024": "2024-07", "2024-05": "2024-05", "2024年5月": "2024-05"}


def read(cells, **said):
    array = pa.array(cells)
    found = reading.learned(array, **said)
    return (reading.moments if found.kind == "date" else reading.numbers)(array, found.how).values


@pytest.mark.parametrize("form", FORMS)
def test_numbers_are_read_as_people_write_them(form):
    cells, values = FORMS[form]
    np.testing.assert_allclose(read(cells), values)


@pytest.mark.parametrize("form", DAYS)
def test_dates_are_read_as_people_write_them(form):
    first, second = read(DAYS[form])[:2]
    assert first == np.datetime64("2024-05-06") and second == np.datetime64("2024-05-07")


def test_months_quarters_and_days_without_a_year():
    assert all(read([cell])[0] == np.datetime64(month) for cell, month in MONTHS.items())
    assert (np.diff(read(["1月2日", "2月29日", "12月31日"])) == np.timedelta64(1, "D") * np.array([58, 306])).all()


def column(name, cells, **told):
    return Column(name, cells if isinstance(cells, pa.Array) else pa.array(cells), file="t.csv", told=told)


def row_of(*columns, **options):
    return Row(options=RowOptions(**options)).learn(columns)


def values_of(row, *columns):
    """What the row reads of its first column, and the codes of what it tells."""
    return learned(row.state["columns"][0]).raw(columns[0]).numbers[:, 0].tolist(), {p.code for p in row.unfamiliar(columns)}


# -- A: marks --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("cells", "told", "values", "doubt"),
    [
        (["0,125", "1,250"], "", [0.125, 1.25], False),  # no group of thousands begins with 0
        (["1,250", "3,125"], ",", [1.25, 3.125], False),  # the file decides
        (["1,250", "3,125"], ".", [1250, 3125], False),
        (["1,250", "3,125"], "", [1250, 3125], True),
        (["850", "1.250", "12.500"], ",", [850, 1250, 12500], False),
        (["850", "1.250", "12.500"], "", [850, 1250, 12500], True),
        (["850", "1.250", "12.5"], "", [850, 1.25, 12.5], False),
    ],
)
def test_a_mark_before_three_digits_is_decided_or_told(cells, told, values, doubt):
    target = column("y", cells, **({"decimal": told} if told else {}))
    field = Number().learn([target])
    assert field.encode([target])["value"].tolist() == values
    assert ("F-COLUMN-DECIMAL" in {p.code for p in Number().check([target])}) == doubt
    said = Number(options=Number.Options(decimal=","))
    assert "F-COLUMN-DECIMAL" not in {p.code for p in said.check([target])}
    feature = [column("x", cells, **target.told), column("other", [str(i) for i in range(len(cells))])]
    assert ("F-COLUMN-DECIMAL" in {p.code for p in Row().check(feature)}) == doubt


def test_the_file_tells_its_decimal_mark(tmp_path):
    for text, mark in (("a;b\n1,250;x\n2,500;y\n", ","), ("a,b\n1.5,x\n1.250,y\n", "."), ('a,b\n"1,250",x\n', "")):
        (tmp_path / "t.csv").write_text(text)
        table = read_any(tmp_path / "t.csv", DataChoices())
        assert table.columns["a"].told.get("decimal", "") == mark


@pytest.mark.parametrize(
    ("trained", "cell"), [("1,5", "3.125"), ("1.5", "3,125"), ("90%", "0.9"), ("72.5 kg", "3 g"), ("1.5", "3 kg"), ("7", "05")]
)
def test_a_later_cell_that_the_reading_does_not_fit_is_told(trained, cell):
    row = row_of(column("x", [trained, trained.replace("5", "6").replace("7", "8").replace("9", "8")]))
    (value,), codes = values_of(row, column("x", [cell]))
    assert np.isnan(value) and "F-COLUMN-UNREADABLE" in codes
    (told,) = (p for p in row.unfamiliar([column("x", [cell])]) if p.code == "F-COLUMN-UNREADABLE")
    assert told.got == cell and (trained in told.expected or trained == "7" or trained == "1.5")


def test_the_leak_check_reads_as_the_row_does():
    rng = np.random.default_rng(0)
    cells = [f"{v:.2f}".replace(".", ",") for v in rng.random(99)]
    (signal,) = _signals(Row(), column("a", cells))
    assert not signal.is_code and signal.values.max() <= 1


# -- B: nothing becomes text without a word --------------------------------------------------------------------------------
def test_a_text_that_is_only_measured_is_told():
    cells = [f"word {i} and {'more ' * (i % 7)}" for i in range(300)]
    (told,) = Row().check([column("note", cells)])
    assert (told.code, told.severity) == ("F-COLUMN-TEXT", "warning") and "--set number=note" in told.fix


def test_cells_with_a_unit_are_numbers_whatever_their_count():
    cells = [f"{50 + i % 211}.{i % 10} kg" for i in range(300)]
    row = row_of(column("weight", cells))
    assert row.describe()[0]["kind"] == "number" and not list(Row().check([column("weight", cells)]))
    forced = row_of(column("weight", cells), number=["weight"])
    assert values_of(forced, column("weight", ["61.5 kg"]))[0] == [61.5]


def test_mixed_columns_are_told_however_they_end():
    cells = [f"{i} pieces" if i % 3 else f"lot no. {i} of 3" for i in range(300)]
    codes = {p.code for p in Row().check([column("x", cells)])}
    assert codes == {"F-COLUMN-TEXT", "F-COLUMN-MIXED"}


def test_a_column_of_which_nothing_can_be_read_is_an_error():
    cells = column("d", ["soon", "later", "never"])
    for kind in ("date", "number"):
        (told,) = Row(options=RowOptions(**{kind: ["d"]})).check([cells])
        assert (told.code, told.severity, told.got) == ("F-COLUMN-UNREADABLE", "error", "soon, later, never")


# -- D: zones --------------------------------------------------------------------------------------------------------------
def hours(row, cells):
    stored = row.encode([column("t", cells)])["categories"]
    return [int(code) - 1 for code in stored[:, row.restore_names()[1].index("t (hour)")]]


def test_the_clock_time_counts_where_training_had_no_zone():
    row = row_of(column("t", [f"2024-05-{d:02d} {d % 24}:30" for d in range(1, 29)]))
    later = [datetime.datetime(2024, 5, 6, 10, 30)]
    tokyo = pa.array(later).cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    local = pa.compute.assume_timezone(pa.array(later), "Asia/Tokyo")  # pyright: ignore
    for cells in (["2024-05-06T10:30:00+09:00"], ["2024-05-06 10:30Z"], local, tokyo):
        assert hours(row, cells) == [10]
        assert [p.code for p in row.unfamiliar([column("t", cells)])] == ["F-COLUMN-ZONE"]


def test_moments_with_a_zone_are_the_same_wherever_they_are_written():
    row = row_of(column("t", [f"2024-05-{d:02d} {d % 24}:30+09:00" for d in range(1, 29)]))
    assert hours(row, ["2024-05-06 10:30+09:00", "2024-05-06 01:30Z", "2024-05-06 10:30"]) == [10, 10, 10]
    assert not list(row.unfamiliar([column("t", ["2024-05-06 01:30Z"])]))
    assert [p.code for p in row.unfamiliar([column("t", ["2024-05-06 10:30"])])] == ["F-COLUMN-ZONE"]
    local = pa.compute.assume_timezone(pa.array([datetime.datetime(2024, 5, d, d) for d in range(1, 20)]), "Asia/Tokyo")  # pyright: ignore
    assert hours(row_of(column("t", local)), ["2024-05-06 01:30Z", "2024-05-06 10:30+09:00"]) == [10, 10]


def test_zones_in_some_cells_only_are_told():
    cells = ["2024-05-06 10:30", "2024-05-07 11:30", "2024-05-07T11:30:00+09:00"]
    assert {p.code for p in Row().check([column("t", cells)])} == {"F-COLUMN-ZONE"}


# -- E, G, L: codes, row numbers, units between training and later -----------------------------------------------------------
def test_zeros_in_front_make_a_code():
    row = row_of(column("zip", ["00501", "501", "02134", "501", "00501", "02134"]))
    assert row.describe()[0]["kind"] == "category" and len(row.describe()[0]["most"]) == 3
    many = [f"{i * 7 % 500:05d}" for i in range(900)]
    assert row_of(column("zip", many), column("x", ["1", "2", "3"] * 300)).describe()[0]["kind"] == "category"


def test_shares_without_their_sign_are_hundredths_or_told():
    both = column("share", ["90%", "0.9", "0.1", "10 %"])
    assert values_of(row_of(both), both)[0] == [90, 90, 10, 10]


@pytest.mark.parametrize("later", [pa.array(["3.0", "1"]), pa.array([3.0, 1.0]), pa.array(["3", "1.00"])], ids=str)
def test_a_code_is_one_however_it_arrives(later):
    row = row_of(column("code", ["1", "2", "3", "x"] * 3), min_count=1)
    code = row.state["columns"][0]["categories"][0]["values"].index
    assert row.encode([column("code", later)])["categories"][:, 0].tolist() == [code("3") + 1, code("1") + 1]


def test_far_numbers_and_new_gaps_are_told():
    row = row_of(column("height", [str(v) for v in range(150, 200)] * 2), column("town", ["a", "b"] * 50))
    told = {p.code for p in row.unfamiliar([column("height", ["1.90", None]), column("town", ["a", None])])}
    assert told == {"F-COLUMN-FAR", "F-COLUMN-NEVER-MISSING"}


@pytest.mark.parametrize("name", ["Unnamed: 0", ""])
def test_row_numbers_are_left_out_by_their_name(name, tmp_path):
    with (tmp_path / "t.csv").open("w", newline="") as file:
        csv.writer(file).writerows([[name, "x", "y"], *([i * 3, i % 7, "ab"[i % 2]] for i in range(40))])
    table = read_any(tmp_path / "t.csv", DataChoices())
    kinds = {told["name"]: told["kind"] for told in row_of(*list(table.columns.values())[:2]).describe()}
    assert list(kinds.values()) == ["ignored", "number"]


def test_a_column_said_to_hold_numbers_is_read_with_its_unit():
    cells = column("歳", [f"{20 + i % 50}歳" for i in range(300)])
    assert values_of(row_of(cells, number=["歳"]), column("歳", ["45歳"]))[0] == [45]


# -- predict.py ------------------------------------------------------------------------------------------------------------
def test_an_exported_program_reads_every_form_alike(tmp_path):
    many = {name: cells for name, (cells, _values) in FORMS.items()} | DAYS
    odd = ["", "odd one", "?", "5", "3,125", "1.250", "0.9", "2024-05-06T10:30:00+09:00", "７％", "05"]
    columns = [column(name, [*(cells * 50)[:100], *odd]) for name, cells in many.items()]
    row = row_of(*columns)
    assert {told["kind"] for told in row.describe()} == {"number", "date"}
    rows = np.array([0, 1, 2, *range(100, 110)])
    taken = [c.take(rows) for c in columns]
    want = row.batch(row.encode(taken), np.arange(len(rows)))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        program = assemble.as_json(row.portable())
        got = assemble.member(tuple(program["code"]), "read")(row.as_inputs(columns, rows, tmp_path), program)
    np.testing.assert_allclose(got["row_numbers"], want.numbers.numpy(), atol=1e-5)
    assert (got["row_categories"] == want.categories.numpy()).all()
    assert any("'odd one' counts as missing" in str(one.message) for one in told)


def test_a_fraction_is_none_of_the_thousands():
    how = reading.learned(pa.array(["1.234,5", "17,25", "1.250"])).how
    got = reading.numbers(pa.array(["0.125", "-0.5", "0.125,5", "1.250"]), how).values
    assert got.tolist() == [0.125, -0.5, 125.5, 1250]


def test_zeros_in_front_are_odd_behind_a_sign_too():
    how = reading.learned(pa.array(["7", "-12", "3"])).how
    assert reading.numbers(pa.array(["-007", "-7"]), how).bad.tolist() == [True, False]


def test_a_cell_of_endless_digits_is_read_at_once():
    how, begin = reading.learned(pa.array(["1,234.5", "17"])).how, time.perf_counter()
    assert reading.numbers(pa.array(["9" * 20_000 + "x", "2.e3"]), how).values[1] == 2000
    assert time.perf_counter() - begin < 0.2


def test_one_missing_cell_does_not_slow_plain_numbers(monkeypatch):
    cells = pa.array([None, "NA", "gone", *(f" {i}.5" for i in range(2000)), "-3", "1e3"])
    want = [np.nan] * 3 + [i + 0.5 for i in range(2000)] + [-3, 1000]
    how = reading.learned(cells, kinds=("number",), missing=("gone",)).how
    slow = reading.numbers(pa.array([*cells.to_pylist(), "x"]), how, missing=("gone",))
    monkeypatch.setattr(reading, "number_of", None)
    found = reading.numbers(cells, how, missing=("gone",))
    np.testing.assert_array_equal(found.values, want)
    np.testing.assert_array_equal(slow.values[:-1], want)
    assert not found.bad.any() and np.flatnonzero(slow.bad).tolist() == [len(cells)]


# -- the table as it was understood ----------------------------------------------------------------------------------------
def test_every_column_is_told_with_what_became_of_it():
    columns = [
        column("weight", [f"{50 + i}.5 kg" for i in range(60)]),
        column("opened", [f"{i % 24}:30" for i in range(59)] + [None]),
        column("born, day", [f"{1 + i % 28}.{1 + i % 12}.2001" for i in range(60)]),
        column("town", ["Nara", "Nara", "Kyoto"] * 20),
        column("note", [f"some words {i}" for i in range(60)]),
        column("key", [f"k{i}" for i in range(60)]),
    ]
    row = Row(options=RowOptions(max_categories=20))
    told = {one["column"]: one for one in understood(row, columns)}
    read = {name: (one["read"], one["distinct"]) for name, one in told.items()}
    assert read == {
        "weight": ("number, kg", 60),
        "opened": ("time of day", 24),
        "born, day": ("date, dmy", 60),
        "town": ("category", 2),
        "note": ("text", 60),
        "key": ("–", 60),
    }
    assert told["opened"]["missing"] == pytest.approx(1 / 60) and told["town"]["example"] == "Nara"
    assert told["key"]["became"] == "left out: looks like an identifier"
    assert told["born, day"]["option"] == "--set 'category=born, day'"
    kept = {one["column"]: one["example"] for one in in_short(told.values())}
    assert kept["note"] == kept["key"] == "" and kept["weight"] == "50.5 kg"
    assert understood(row.learn(columns), columns) == list(told.values())
