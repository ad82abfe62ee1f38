"""What the report says about single examples."""

import numpy as np
import pyarrow as pa

from fukami.core.tables import Column
from fukami.evaluate.whole import place
from fukami.fields.row.field import Row

ROWS = np.array([2, 3])


def test_an_example_of_many_cells_stands_in_a_row_and_one_of_a_single_cell_in_its_cell():
    columns = [Column(name, pa.array(["a", "b"]), file="people.csv", rows=ROWS) for name in ("age", "town")]
    assert place(columns, 1) == "people.csv:3"
    assert place(columns[:1], 1) == "people.csv:3 (age)"


def test_missing_cells_of_a_row_are_shown_as_a_dash():
    columns = [
        Column("age", pa.array(["31", None], pa.string())),
        Column("size", np.array([1.5, np.nan])),
        Column("town", pa.array(["None", ""])),
    ]
    shown = Row(name="row").render(columns, 1)
    assert "None" not in shown and "nan" not in shown and shown.count("–") == 2
    assert "<td>None</td>" in Row(name="row").render(columns, 0)  # a word of the data stays
