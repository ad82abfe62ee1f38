"""Labels and numbers of pictures, from a table of paths to answers: several things on one picture, how large a thing is."""

import csv

import numpy as np
import pytest
from PIL import Image as Pillow

import fukami
from fukami import api

SETTINGS = {"size": "tiny", "epochs": 14, "plan": "default", "test_fraction": 0.25}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """Pictures on which a disc, a box and a stripe of any colour are or are not; `tags.csv` and `sizes.csv` tell of them."""
    root, rng = tmp_path_factory.mktemp("scenes"), np.random.default_rng(0)
    tags, sizes = [("path", "labels")], [("path", "value")]
    for number in range(320):
        picture, there = rng.integers(0, 60, (32, 32, 3)), rng.random(3) < 0.5
        y, x = np.mgrid[:32, :32]
        radius, colours = rng.uniform(4, 9), rng.integers(60, 190, (3, 3))
        if there[0]:
            picture[(x - rng.integers(9, 23)) ** 2 + (y - rng.integers(9, 23)) ** 2 < radius**2] += colours[0]
        if there[1]:
            left, top = rng.integers(0, 20, 2)
            picture[top : top + 10, left : left + 10] += colours[1]
        if there[2]:
            picture[rng.integers(0, 28) :][:4] += colours[2]
        Pillow.fromarray(picture.clip(0, 255).astype(np.uint8)).save(root / f"{number}.png")
        tags.append((f"{number}.png", ";".join(np.array(["disc", "box", "stripe"])[there]) or "[]"))
        if there[0]:
            sizes.append((f"{number}.png", f"{radius:.2f}"))
    for name, rows in (("tags.csv", tags), ("sizes.csv", sizes)):
        with (root / name).open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    return root


@pytest.mark.slow
def test_everything_on_a_picture_is_told(scenes, tmp_path, capsys):
    run = fukami.train("image-tagging", str(scenes / "tags.csv"), out=tmp_path / "run", **SETTINGS)
    assert run.metrics["pr_auc"] > max(told["pr_auc"] for told in run.proofs["baselines"]["metrics"].values())
    assert run.metrics["f1_micro"] > 0.8 and 0 <= run.metrics["accuracy"] <= 1
    (answer,) = run.predict(str(scenes / "0.png"))
    assert set(answer["labels"]) <= {"disc", "box", "stripe"} == set(answer["scores"])
    assert run.evaluate()["metrics"]["pr_auc"]["value"] == pytest.approx(run.metrics["pr_auc"])


@pytest.mark.slow
def test_a_picture_is_measured(scenes, tmp_path):
    run = fukami.train("image-regression", str(scenes / "sizes.csv"), out=tmp_path / "run", **(SETTINGS | {"epochs": 40}))
    assert run.metrics["r2"] > 0.3 and set(run.proofs["baselines"]["metrics"]) == {"mean", "linear"}
    (answer,) = run.predict(str(scenes / "0.png"))
    assert 0 < answer["value"] < 15


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        (lambda rows: [*rows[:-1], (rows[-1][0], "")], "F-CATEGORIES-MISSING"),
        (lambda rows: [*rows, ("gone.png", "box")], "F-IMAGE-MISSING"),
        (lambda rows: [*rows[:-1], (rows[-1][0], "Box")], "F-CATEGORY-ALIKE"),
        (lambda rows: [(path, "") for path, _labels in rows], "F-BIND-NOTHING"),
        (lambda rows: [], "F-TABLE-EMPTY"),
    ],
)
def test_what_is_wrong_is_told(scenes, odd, code):
    with (scenes / "tags.csv").open() as file:
        head, *rows = csv.reader(file)
    with (scenes / "odd.csv").open("w", newline="") as file:
        csv.writer(file).writerows([head, *odd(rows)])
    try:
        told = [problem["code"] for problem in api.check("image-tagging", str(scenes / "odd.csv"))["problems"]]
    except fukami.FukamiError as error:
        told = [error.code]
    assert code in told
