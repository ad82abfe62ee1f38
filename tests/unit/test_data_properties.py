"""What holds for any data: tables survive being written and read, splits are sound. Drawn by hypothesis where it is there."""

import csv
import io

import numpy as np
import pytest

from fukami.core.recipe import DataChoices
from fukami.data import draws
from fukami.data.encodings import to_utf8
from fukami.data.readers import delimited

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

settings.register_profile("quick", max_examples=60, deadline=None, derandomize=True)
settings.load_profile("quick")

WORD = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x30FF, exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), max_size=8
)
CELL = st.one_of(WORD, st.sampled_from(["a, b", 'say "hi"', "two\nlines", "semi;colon", "1.5", ""]))


@given(
    st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=12))
)
def test_a_table_that_python_writes_is_read_as_it_was(tmp_path_factory, rows):
    names = [f"name{i}" for i in range(len(rows[0]))]
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        return
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows([names, *rows])
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_text(buffer.getvalue(), "utf-8", newline="")
    found = delimited.read(path, DataChoices(delimiter=",", header="yes"))
    read = [["" if v is None else v for v in column.values.to_pylist()] for column in found.columns.values()]
    assert [list(row) for row in zip(*read, strict=True)] == [[cell.strip() for cell in row] for row in rows]
    lines = buffer.getvalue().replace("\r\n", "\n").split("\n")
    assert all(1 < line <= len(lines) for line in found.columns["name0"].rows)


@given(st.binary(max_size=300))
def test_any_bytes_become_text_or_are_refused(data):
    text, _told = to_utf8(data, where="x")
    text.decode("utf-8")


@given(
    st.text(st.characters(min_codepoint=0x3041, max_codepoint=0x3093), min_size=4, max_size=40),
    st.sampled_from(["cp932", "euc_jp"]),
)
def test_hiragana_survives_every_japanese_encoding(text, encoding):
    assert to_utf8(text.encode(encoding), where="x")[0].decode() == text


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30)), min_size=1, max_size=80),
    st.floats(0, 0.4),
    st.floats(0, 0.5),
    st.integers(0, 5),
)
def test_draws_are_sound(pairs, valid, test, seed):
    strata, together = (np.array(x) for x in zip(*pairs, strict=True))
    for parts in (
        draws.by_stratum(strata, together, valid, test, seed=seed),
        draws.by_group(together, valid, test, seed=seed),
        draws.by_time(together.astype(float), valid, test),
    ):
        assert set(parts) <= {"train", "valid", "test"} and len(parts) == len(pairs)
        for unit in np.unique(together):
            assert len(set(parts[together == unit])) == 1
        assert (parts == "test").any() <= (test > 0)
        assert (parts == "valid").any() <= (valid > 0)
    drawn = draws.by_stratum(strata, np.arange(len(strata)), valid, test, seed=seed)
    assert set(strata[drawn == "train"]) == set(strata)


@given(st.integers(2, 6), st.lists(st.integers(0, 40), min_size=10, max_size=60), st.integers(0, 3))
def test_folds_are_even(count, together, seed):
    together = np.array(together)
    units = len(np.unique(together))
    if units < count:
        return
    fold = draws.folds(np.zeros(len(together), int), together, count, seed=seed)
    per_fold = np.bincount([fold[together == u][0] for u in np.unique(together)], minlength=count)
    assert per_fold.max() - per_fold.min() <= 1
    assert set(draws.group_folds(together, count, seed=seed)) == set(range(count))
