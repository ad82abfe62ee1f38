"""Rows of a table: what columns mean, what is missing, what models get.

N rows, n numbers, M categories.
"""

import datetime
import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch

from fukami.core.errors import DataError, UsageError
from fukami.core.tables import Column
from fukami.fields import parsing
from fukami.fields.reading import column as reading
from fukami.fields.row.columns.registry import learned
from fukami.fields.row.field import Row, RowOptions
from fukami.fields.row.hashing import column_hash

RNG = np.random.default_rng(0)


def column(name, cells, kind=None):
    values = cells if isinstance(cells, np.ndarray) else pa.array(cells, kind)
    return Column(name, values, file="t.csv")


def kinds(*columns, **options):
    return {told["name"]: told["kind"] for told in Row(options=RowOptions(**options)).learn(columns).describe()}


def kind(cells, **options):
    other = column("other", [str(i % 7) for i in range(len(cells))])
    return kinds(column("x", cells), other, **options)["x"]


def codes(*columns, **options):
    return {problem.code for problem in Row(options=RowOptions(**options)).check(columns)}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "2.5", "-3e2", "?"], "number"),
        (["1,234", "22", "3"], "number"),
        (["$3", "4", "$5.50"], "number"),
        (["１２", "３", "4"], "number"),
        (["12%", "3 %", "99%"], "number"),
        (["yes", "no", "yes"], "category"),
        (["True", "False", "true"], "category"),
        (["2024-01-05", "2023-12-31", ""], "date"),
        (["2024-01-05 10:30", "2023-12-31T23:59:59", "null"], "date"),
        (["5.1.2024", "31.12.2023"], "date"),
        (["Jan 5, 2024", "December 31, 2023"], "date"),
        (["2024年1月5日", "2023年12月31日"], "date"),
        (["20240105", "20231231"], "date"),
        (["20240105", "20239931"], "number"),
        (["a", "a", "a"], "ignored"),
        (["7", "7", "7"], "ignored"),
        (["", "NA", "?"], "ignored"),
    ],
)
def test_strings_are_read_for_what_they_mean(cells, expected):
    assert kind(cells) == expected


def test_typed_columns_of_parquet_and_frames_keep_their_meaning():
    day = datetime.date(2024, 1, 5)
    moment = pd.Timestamp("2024-01-05 10:00", tz="Asia/Tokyo")
    found = kinds(
        column("int", [1, 2, None]),
        column("float", [1.0, float("nan"), 2.0]),
        column("bool", [True, False, None]),
        column("date", [day, day + datetime.timedelta(3), None]),
        column("moment", [moment, moment + pd.Timedelta("3h"), None]),
        column("coded", pa.array(["a", "b", "a"]).dictionary_encode()),
        column("decimal", pa.array([1, 2, 3], pa.decimal128(10, 2))),
        Column("chunked", pa.chunked_array([["1", "2"], ["3"]])),
        column("list", [[1], [2], [3]]),
        column("null", [None, None, None]),
        column("numpy", np.array([1.5, 2.5, 2.5])),
        column("objects", np.array(["a", None, "b"], dtype=object)),
        column("mixed", np.array(["a", 1, "a"], dtype=object)),
        column("when", np.array(["2024-01-05", "NaT", "2024-02-05"], dtype="datetime64[D]")),
    )
    expected = {
        "number": ["int", "float", "decimal", "chunked", "numpy"],
        "category": ["bool", "coded", "objects", "mixed"],
        "date": ["date", "moment", "when"],
        "ignored": ["list", "null"],
    }
    assert found == {name: kind for kind, names in expected.items() for name in names}


def test_a_matrix_counts_as_several_numbers():
    row = Row().learn([column("v", RNG.normal(size=(20, 3)))])
    assert row.spec().num_numbers == 3 and row.restore_names()[0] == ["v[0]", "v[1]", "v[2]"]
    with pytest.raises(DataError, match="F-ROW-VECTOR"):
        row.encode([column("v", np.zeros((2, 4)))])


def test_missing_numbers_are_zero_and_marked():
    row = Row().learn([column("x", ["1", "?", "3", " NaN ", "5"]), column("y", ["1", "2", "3", "4", "5"])])
    numbers = row.encode([column("x", ["3", None]), column("y", ["3", ""])])["numbers"]
    assert row.restore_names()[0] == ["x", "y", "x is missing"]
    np.testing.assert_allclose(numbers, [[0, 0, 0], [0, 0, 1]], atol=1e-6)


def test_unseen_rare_and_missing_categories_are_unknown():
    cells = ["a"] * 5 + ["b"] * 3 + ["once"] + [None]
    row = Row().learn([column("c", cells)])
    assert row.spec().cardinalities == (3,)
    assert row.encode([column("c", ["a", "b", " a", "once", "new", None, "?"])])["categories"][:, 0].tolist() == [
        1,
        2,
        1,
        0,
        0,
        0,
        0,
    ]


def test_the_number_of_categories_is_capped_by_frequency():
    cells = [f"v{i}" for i in range(10) for _repeat in range(10 - i)]
    row = Row(options=RowOptions(max_categories=3)).learn([column("c", cells)])
    assert row.state["columns"][0]["categories"][0]["values"] == ["v0", "v1", "v2"]


def test_truth_values_mean_the_same_however_they_are_spelt():
    row = Row().learn([column("b", ["True", "FALSE", "true", "false"])])
    expected = row.encode([column("b", ["true", "false"])])["categories"]
    np.testing.assert_array_equal(row.encode([column("b", [True, False])])["categories"], expected)
    assert len(np.unique(expected)) == 2


def test_dates_become_days_and_calendar_parts():
    days = pd.date_range("2024-01-01", periods=60, freq="D").strftime("%Y-%m-%d").tolist()
    row = Row().learn([column("d", days)])
    assert row.restore_names() == (["d (days)"], ["d (month)", "d (weekday)"])  # always midnight: no hour
    stored = row.encode([column("d", ["2024-01-01", "2024-02-29", "soon", ""])])
    assert stored["categories"].tolist() == [[1, 1], [2, 4], [0, 0], [0, 0]]  # Monday, Thursday
    assert stored["numbers"][0, 0] < -2 and stored["numbers"][1, 0] > 2 and stored["numbers"][2, 0] == 0


def test_the_order_of_day_and_month_follows_from_the_column():
    assert reading.learned(pa.array(["1/2/2024", "13/2/2024"])).how["form"] == "dmy"
    assert reading.learned(pa.array(["1/2/2024", "2/13/2024"])).how["form"] == "mdy"
    assert "F-COLUMN-DATE-ORDER" in codes(column("d", ["1/2/2024", "3/4/2024"]))
    assert "F-COLUMN-DATE-ORDER" not in codes(column("d", ["1/2/2024", "30/4/2024"]))
    assert "F-COLUMN-DATE-ORDER" not in codes(column("d", ["1/2/2024", "3/4/2024"]), date_order="dmy")


def test_impossible_days_are_no_dates():
    assert reading.moments(pa.array(["2023-02-29", "2024-02-29", "2024-13-01", "2024-01-01 25:00"])).bad.tolist() == [
        True,
        False,
        True,
        True,
    ]


def test_decimal_commas_are_found_out():
    row = Row().learn([column("x", ["3,14", "2,71", "1.000,5"])])
    assert row.state["columns"][0]["numbers"][0]["mean"] == pytest.approx((3.14 + 2.71 + 1000.5) / 3)


def test_identifiers_are_left_out_and_told():
    names = [f"k{i:04d}" for i in range(100)]
    used = column("x", RNG.normal(size=100))
    row_number = column("n", [str(i) for i in RNG.permutation(100)])
    key = column("customer_id", RNG.choice(10**9, 100, replace=False))
    amount = column("amount", RNG.choice(10**9, 100, replace=False))
    assert kinds(column("name", names), row_number, key, amount, used) == {
        "name": "ignored",
        "n": "ignored",
        "customer_id": "ignored",
        "amount": "number",
        "x": "number",
    }
    assert "F-COLUMN-IDENTIFIER" in codes(row_number)
    assert kinds(row_number, used, number=["n"])["n"] == "number"


def test_long_texts_count_by_length():
    texts = [f"word {'and more ' * (i % 5)} {i}" for i in range(400)]
    row = Row().learn([column("t", texts)])
    assert row.describe()[0]["kind"] == "text" and row.restore_names()[0] == ["t (characters)", "t (words)"]


def test_check_names_the_rows_that_do_not_fit():
    cells = [str(i % 13) for i in range(100)]
    cells[41], cells[60] = "twelve", "inf"
    problems = {p.code: p for p in Row().check([column("x", cells)])}
    assert problems["F-COLUMN-UNREADABLE"].where == "t.csv:42 (x)" and problems["F-COLUMN-UNREADABLE"].got == "twelve"
    assert problems["F-COLUMN-INFINITE"].where == "t.csv:61 (x)"


def test_check_tells_what_is_missing_constant_empty_or_mixed():
    assert codes(column("x", ["1", None, "3", "4"])) == {"F-COLUMN-MISSING"}
    assert codes(column("x", ["1", "1"])) == {"F-COLUMN-CONSTANT"}
    assert codes(column("x", ["", None])) == {"F-COLUMN-EMPTY"}
    assert codes(column("x", [[1], [2]])) == {"F-COLUMN-NESTED"}
    assert codes(column("x", ["1", "2", "3", "low", "high"])) == {"F-COLUMN-MIXED"}
    assert codes(column("x", ["1", "2", "3", "n.v."]), missing=["n.v."]) == {"F-COLUMN-MISSING"}
    assert codes(column("x", ["1", "2", "3"])) == set()


def test_a_learned_column_that_is_absent_is_an_error_that_names_it():
    columns = [column("x", ["1", "2", "3"]), column("c", ["a", "b", "a"]), column("same", ["k", "k", "k"])]
    row = Row().learn(columns)
    both = [column("C ", ["a"]), column("x", [None])]  # names match without case and white space; what was left out may lack
    stored = row.encode(both)
    assert stored["numbers"].tolist() == [[0.0]] and stored["categories"].tolist() == [[1]]
    for asked in (row.encode, row.plain_features, row.boosting_features, row.sketch):
        with pytest.raises(DataError, match="F-ROW-NO-COLUMN") as error:
            asked([column("C ", ["a"]), column("z", ["1"])])
        assert error.value.expected == "x" and error.value.got == "C , z" and "1 of the 2" in error.value.what
    with pytest.raises(DataError, match="2 of the 2"):
        row.encode(row.gather([{"z": 1}]))
    assert row.schema()["required"] == ["x", "c"]


def test_what_the_training_did_not_know_is_counted():
    row = Row().learn([column("x", ["1", "2", "3"]), column("c", ["a", "b", "a"]), column("d", ["u", "v", "u"])])
    new = [column("x", ["1", "two", "", "inf"]), column("c", ["a", "new", None, "newer"]), column("d", ["u"] * 4)]
    found = {(p.code, p.count): p for p in row.check(new)}
    empty = [("F-COLUMN-NEVER-MISSING", 1)]  # in x and in c
    assert set(found) == {("F-COLUMN-UNREADABLE", 1), ("F-COLUMN-INFINITE", 1), ("F-COLUMN-UNKNOWN", 2), *empty}
    unknown = found["F-COLUMN-UNKNOWN", 2]
    assert unknown.severity == "note" and unknown.expected == "a, b" and unknown.got == "new, newer"
    assert "2 cells (50.0\u00a0%)" in unknown.what and "two" in found["F-COLUMN-UNREADABLE", 1].got
    assert list(row.unfamiliar([column("x", ["2"]), column("c", ["b"]), column("d", ["u"])])) == []


def test_nothing_to_learn_from_is_refused():
    with pytest.raises(DataError, match="F-ROW-NOTHING"):
        Row().learn([column("x", ["1", "1"]), column("y", [None, None])])
    with pytest.raises(UsageError, match="F-ROW-COLUMN") as error:
        Row(options=RowOptions(category=["ag"])).learn([column("age", ["1", "2"])])
    assert "age" in error.value.fix


def test_batches_are_tensors_and_what_was_learned_is_json():
    columns = [column("x", RNG.normal(size=50)), column("c", ["a", "b"] * 25), column("d", ["2024-01-05", "2023-05-01"] * 25)]
    row = Row().learn(columns)
    again = Row(state=json.loads(json.dumps(row.state)))
    stored = again.encode(columns)
    batch = again.batch(stored, np.array([3, 1]))
    assert batch.numbers.dtype == torch.float32 and batch.categories.dtype == torch.int64
    assert batch.categories[:, 0].tolist() == stored["categories"][[3, 1], 0].tolist()
    assert again.spec() == row.spec() and all(np.diff(edges).min() > 0 for edges in row.spec().edges)
    assert batch.numbers.shape[1] == row.spec().num_numbers == len(row.restore_names()[0])
    assert (stored["categories"] < np.array(row.spec().cardinalities)).all()


def test_encoding_in_chunks_equals_encoding_at_once():
    columns = [
        column("x", [f"{v:.2f}" for v in RNG.normal(size=40)]),
        column("d", ["1/2/2024", "3/4/2024"] * 19 + ["20/1/2024"] * 2),
    ]
    row = Row().learn(columns)
    whole = row.encode(columns)
    halves = [row.encode([c.take(np.arange(a, a + 20)) for c in columns]) for a in (0, 20)]
    for name, values in whole.items():
        np.testing.assert_array_equal(values, np.concatenate([half[name] for half in halves]))


def test_fingerprints_are_equal_where_rows_are():
    a = [column("x", ["1", "2", "1", "1"]), column("y", ["a", "a", " a ", "b"])]
    first, other, same, different = Row().fingerprint(a)
    assert first == same and len({first, other, different}) == 3
    np.testing.assert_array_equal(Row().fingerprint(a), Row().fingerprint(a[::-1]))
    swapped = [column("x", ["a"]), column("y", ["1"])]
    assert Row().fingerprint(swapped)[0] != first
    many = Row().fingerprint([column("x", RNG.normal(size=20_000)), column("y", [f"r{i}" for i in range(20_000)])])
    assert len(np.unique(many)) == 20_000
    empty, null, space = Row().fingerprint([column("x", ["", None, "?"])])
    assert empty == null == space


def test_features_for_baselines():
    columns = [column("x", ["1", "2", None, "4"]), column("c", ["a", "b", "a", None])]
    row = Row(options=RowOptions(min_count=1)).learn(columns)
    plain = row.plain_features(columns)
    assert plain.shape == (4, 2 + 3) and np.isfinite(plain).all() and plain[:, 2:].sum(1).tolist() == [1, 1, 1, 1]
    values, mask = row.boosting_features(columns)
    assert mask.tolist() == [False, True] and np.isnan(values[2, 0]) and np.isnan(values[3, 1]) and values[1, 0] == 2


@pytest.mark.parametrize("transform", ["quantile", "robust", "standard"])
def test_every_transform_keeps_the_order(transform):
    values = np.sort(RNG.lognormal(size=500))
    numbers = (
        Row(options=RowOptions(transform=transform)).learn([column("x", values)]).encode([column("x", values)])["numbers"][:, 0]
    )
    assert (np.diff(numbers) >= 0).all() and np.unique(numbers).size > 200 and abs(np.median(numbers)) < 0.6


def test_raw_inputs_are_objects_or_lists_of_cells():
    columns = Row().gather([{"x": 1, "c": "a"}, {"x": "2", "d": None}])
    row = Row().learn([column("x", ["1", "2", "3"]), column("c", ["a", "b", "a"])])
    assert [c.name for c in columns] == ["x", "c", "d"]
    expected = row.encode(columns)
    assert expected["categories"].tolist() == [[1], [0]]
    listed = row.encode(row.gather([[1, "a"], [np.float64(2), None]]))
    np.testing.assert_array_equal(listed["numbers"], expected["numbers"])
    for wrong in ([[1]], ["age"]):
        with pytest.raises(DataError, match="F-ROW-INPUT"):
            row.gather(wrong)


def test_schema_and_pictures_of_a_row():
    columns = [column("a<b", ["1", "2", "3"]), column("c", ["x", "y", "x"])]
    row = Row().learn(columns)
    assert set(row.schema()["properties"]) == {"a<b", "c"} and row.schema()["properties"]["c"]["examples"] == ["x", "y"]
    assert "a&lt;b" in row.render(columns, 0) and "<td>2</td>" in row.render(columns, 1)


def test_sketches_of_the_same_field_can_be_compared():
    columns = [column("x", RNG.normal(size=200)), column("c", ["a", "b"] * 100)]
    row = Row().learn(columns)
    shifted = [column("x", np.append(RNG.normal(size=99) + 9, np.nan)), column("c", ["a", "z"] * 50)]
    before, after = row.sketch(columns), row.sketch(shifted)
    assert before["x"]["numbers"][0]["edges"] == after["x"]["numbers"][0]["edges"]
    assert sum(before["x"]["numbers"][0]["counts"]) == 200 and sum(after["x"]["numbers"][0]["counts"]) == 99
    assert after["x"]["numbers"][0]["counts"][-1] > 90 and after["x"]["numbers"][0]["missing"] == 0.01
    assert after["c"]["categories"][0]["counts"] == [50, 0] and after["c"]["categories"][0]["unknown"] == 50


def test_recognise_prefers_numbers_to_words_to_pictures():
    numbers, words, pictures = column("x", ["1", "2"]), column("c", ["a", "b"]), column("p", np.zeros((2, 8, 8, 3)))
    assert Row.recognise(numbers) > Row.recognise(words) > Row.recognise(pictures)


def test_a_number_has_one_hash_however_it_is_written():
    words = pa.array(["1.50", "+1.5", "1.5e0", "-0", None, "town"])
    told = column_hash(Column("a", words))
    typed = column_hash(Column("a", pa.array([1.5, 1.5, 1.5, 0.0, None, 7.0])))
    assert list(told == typed) == [True, True, True, True, True, False]


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64(), pa.decimal128(6, 3)], ids=str)
def test_a_number_is_one_word_however_it_is_stored(kind):
    cells = [None, 0.1, 2.0, -0.0] if pa.types.is_floating(kind) else [None, Decimal("0.1"), Decimal(2), Decimal(0)]
    assert parsing.strings(pa.array(cells, kind)).to_pylist() == [None, "0.1", "2", "0"]


@pytest.mark.parametrize("beside", [2.5, "a", 2**60 + 1, None], ids=str)
def test_a_number_is_the_same_word_whatever_is_beside_it(beside):
    """Cells of JSON: what else is asked at once decides the type of the column."""
    for number in (1, 1.0, 10**15, 1e15, 1e31, 0.1 + 0.2):
        alone, both = (
            parsing.strings(Row().gather([{"x": cell} for cell in cells])[0].values) for cells in ([number], [number, beside])
        )
        assert alone[0] == both[0], number


def test_spans_and_times_of_day_are_seconds():
    lasted = Column("lasted", pa.array(np.array([1500, 250, 90_000, "NaT"], "timedelta64[ms]")))
    opened = Column("opened", pa.array([9 * 3600, 10 * 3600 + 30, None, 0], pa.time32("s")))
    row = Row().learn([lasted, opened])
    assert [told["kind"] for told in row.describe()] == ["number", "number"]
    raw = np.concatenate(
        [learned(t).raw(c).numbers for t, c in zip(row.state["columns"], [lasted, opened], strict=True)], axis=1
    )
    np.testing.assert_allclose(raw, [[1.5, 32400], [0.25, 36030], [90, np.nan], [np.nan, 0]])
