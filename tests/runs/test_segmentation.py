"""Masks from the first look to the exported program: every verb on made-up pictures; the figure on CamVid (slow, with data)."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image as Pillow

import fukami
from fukami.fields.mask import decode

NAMES = ["background", "ball", "box"]


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    """Red discs and green boxes on noise, in parts that folders name; the top row is not judged."""
    root, rng = tmp_path_factory.mktemp("shapes"), np.random.default_rng(0)
    for part, count in (("train", 32), ("val", 8), ("test", 8)):
        for number in range(count):
            picture, mask = rng.integers(0, 60, (48, 64, 3)), np.zeros((48, 64), np.uint8)
            y, x = np.mgrid[:48, :64]
            disc = (x - rng.integers(12, 52)) ** 2 + (y - rng.integers(12, 36)) ** 2 < rng.integers(6, 12) ** 2
            picture[disc], mask[disc] = picture[disc] + [150, 20, 20], 1
            left, top = rng.integers(0, 40), rng.integers(0, 30)
            picture[top : top + 10, left : left + 14] = [30, 160, 60]
            mask[top : top + 10, left : left + 14] = 2
            mask[0] = 255
            for kind, image in (("images", picture.clip(0, 255).astype(np.uint8)), ("masks", mask)):
                (root / part / kind).mkdir(parents=True, exist_ok=True)
                Pillow.fromarray(image).save(root / part / kind / f"{number}.png")
    (root / "classes.txt").write_text("\n".join(NAMES))
    return root


@pytest.fixture(scope="module")
def run(shapes, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "run"
    settings = {"size": "tiny", "epochs": 8, "plan": "default", "size_px": 64}
    return fukami.train("semantic-segmentation", str(shapes), out=out, **settings)


def test_it_learns_and_says_so(run):
    assert run.metrics["miou"] > 0.6
    told = run.proofs["baselines"]["metrics"]
    assert set(told) == {"majority_pixel", "mean_mask", "pixel_linear"} and told["majority_pixel"]["miou"] < 0.4
    page = (run.path / "report.html").read_text("utf-8")
    assert "data:image/png;base64," in page and "ball" in page


def test_answers_are_masks_as_large_as_the_picture(run, shapes):
    wide = Pillow.open(shapes / "test" / "images" / "0.png").resize((128, 96))
    wide.save(shapes / "wide.png")
    for path, size in ((shapes / "test" / "images" / "0.png", (48, 64)), (shapes / "wide.png", (96, 128))):
        (answer,) = run.predict(str(path))
        values, _coloured, _lossy = decode.read(answer["mask"], None, "")
        assert values.shape == size and set(np.unique(values)) <= {0, 1, 2}
        assert set(answer["classes"]) <= set(NAMES) and sum(answer["classes"].values()) == pytest.approx(1, abs=1e-3)


def test_it_is_judged_again_to_the_same_figures(run):
    assert run.evaluate()["metrics"]["miou"]["value"] == pytest.approx(run.metrics["miou"])


def test_explanations_weigh_parts_of_the_picture(run, shapes):
    told = run.explain(str(shapes / "test" / "images" / "1.png"), method="occlusion")
    assert len(told.weights.weights) and np.isfinite(told.weights.weights).all()


@pytest.mark.slow
def test_the_exported_program_answers_as_the_run(run, shapes, tmp_path):
    run.export("onnx", out=tmp_path / "onnx")
    picture = str(shapes / "test" / "images" / "2.png")
    printed = subprocess.run(
        [sys.executable, str(tmp_path / "onnx" / "predict.py"), picture], capture_output=True, check=True, text=True
    ).stdout
    told, (own,) = json.loads(printed), run.predict(picture)
    ours, theirs = (decode.read(answer["mask"], None, "")[0] for answer in (own, told))
    assert (ours != theirs).mean() < 0.001 and told["classes"].keys() == own["classes"].keys()


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.skipif("FUKAMI_DATA" not in os.environ, reason="FUKAMI_DATA names no folder")
def test_camvid(tmp_path):
    """The published test part, 11 classes, judged at 480 × 360, from scratch with defaults."""
    started = time.monotonic()
    run = fukami.train("semantic-segmentation", "camvid", out=tmp_path / "run")
    assert run.metrics["miou"] >= 0.45
    assert time.monotonic() - started < 1800
