"""Places at which no training can begin, and numbers and recipes with which none can: told in one message."""

import numpy as np
import pytest

import fukami
from fukami.core.errors import UsageError
from fukami.training.lock import locked
from fukami.training.written import recipe_of


@pytest.mark.parametrize("name", ["x" * 300, "file/under", "file"])
def test_a_place_where_no_folder_can_be(tmp_path, name):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError) as told, locked(tmp_path / name):
        pass
    assert told.value.code == "F-RUN-PLACE"


def test_an_empty_recipe_is_told():
    with pytest.raises(UsageError) as told:
        recipe_of("")
    assert told.value.code == "F-RECIPE-TASK"


def test_numbers_too_large_to_compute_with_count_as_missing(tmp_path):
    draws = np.random.default_rng(0).normal(size=(60, 2))
    rows = [f"{'1e308' if i % 3 else '-1e308'},{a:.3f},{'ab'[int(b > 0)]}" for i, (a, b) in enumerate(draws)]
    mostly = [f"{'1e300' if i % 9 == 0 else round(a, 3)},{b:.3f},{'ab'[int(b > 0)]}" for i, (a, b) in enumerate(draws)]
    for name, lines in {"all": rows, "some": mostly}.items():
        (tmp_path / f"{name}.csv").write_text("\n".join(["huge,x,target", *lines]))
        options = {"plan": "default", "epochs": 1, "out": tmp_path / name}
        run = fukami.train("tabular-classification", tmp_path / f"{name}.csv", model="mlp", **options)
        assert run.summary()["metrics"]
