"""The prepared store on disk."""

import numpy as np
import pyarrow as pa

from fukami.core.tables import Column
from fukami.data.store import CHUNK, prepare
from fukami.fields.row import Row


def test_a_large_table_without_numbers_is_stored(tmp_path, monkeypatch):
    monkeypatch.setenv("FUKAMI_CACHE", str(tmp_path))
    column = Column("colour", pa.array(["red", "green", "blue"] * CHUNK), base=tmp_path)
    field = Row(name="row").learn([column])
    for _once_written_once_found in range(2):
        store = prepare({"row": field}, {"row": [column]}, {"row": field.fingerprint([column])})
        assert store.batch(np.arange(3))["row"].numbers.shape == (3, 0)
    assert list((tmp_path / "store").glob("*/meta.json"))
