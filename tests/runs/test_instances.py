"""Instances from the first look to the exported program, on made-up pictures; the figure on nuclei (slow, with data)."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image as Pillow

import fukami
from fukami.fields.instances.marks import of_coco


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """Bright discs on noise, label images of 16 bits beside, folders of parts."""
    root, rng = tmp_path_factory.mktemp("discs"), np.random.default_rng(0)
    y, x = np.mgrid[:64, :80]
    for part, count in (("train", 16), ("valid", 5), ("test", 5)):
        (root / part / "images").mkdir(parents=True)
        (root / part / "labels").mkdir()
        for number in range(count):
            picture, labels = rng.integers(0, 50, (64, 80)), np.zeros((64, 80), np.uint16)
            for slot in rng.permutation(4)[: rng.integers(1, 4)].tolist():
                middle = 18 + slot % 2 * 40, 16 + slot // 2 * 32
                disc = (x - middle[0]) ** 2 + (y - middle[1]) ** 2 < int(rng.integers(7, 11)) ** 2
                labels[disc] = 300 + slot
                picture[disc] += 140
            Pillow.fromarray(picture.astype(np.uint8)).save(root / part / "images" / f"{number}.png")
            Pillow.fromarray(labels).save(root / part / "labels" / f"{number}.png")
    return root


@pytest.fixture(scope="module")
def run(scenes, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "run"
    settings = {"size": "tiny", "epochs": 12, "plan": "default", "size_px": 64, "shift": 0.0, "zoom": 0.0}
    return fukami.train("instance-segmentation", str(scenes), out=out, **settings)


@pytest.mark.slow
def test_it_learns_and_says_so(run):
    assert run.metrics["mask_ap50"] > 0.6 and run.metrics["panoptic_quality"] > 0.4
    told = run.proofs["baselines"]["metrics"]
    assert set(told) == {"nearest_boxes", "bright_pieces"} and told["nearest_boxes"]["mask_ap50"] < run.metrics["mask_ap50"]
    assert run.evaluate()["metrics"]["mask_ap50"]["value"] == pytest.approx(run.metrics["mask_ap50"])
    assert "image-rendering:pixelated" in (run.path / "report.html").read_text("utf-8")


@pytest.mark.slow
def test_answers_are_masks_in_pixels_of_the_given_picture(run, scenes):
    labels = np.array(Pillow.open(scenes / "test" / "labels" / "0.png"))
    wide = Pillow.open(scenes / "test" / "images" / "0.png").resize((160, 64))
    wide.save(scenes / "wide.png")
    (answer,) = run.predict(str(scenes / "wide.png"))
    masks = [of_coco(one["mask"])[:, ::2] for one in answer["instances"]]
    assert masks and masks[0].shape == labels.shape
    best = max(
        (mask & (labels == value)).sum() / (mask | (labels == value)).sum()
        for mask in masks for value in np.unique(labels[labels > 0])
    )  # fmt: skip
    assert best > 0.6


@pytest.mark.slow
def test_the_exported_program_answers_as_the_run(run, scenes, tmp_path):
    run.export("onnx", out=tmp_path / "onnx")
    picture = str(scenes / "test" / "images" / "1.png")
    asked = [sys.executable, str(tmp_path / "onnx" / "predict.py"), picture]
    told = json.loads(subprocess.run(asked, capture_output=True, check=True, text=True).stdout)
    (own,) = run.predict(picture)
    assert own["instances"] and len(told["instances"]) == len(own["instances"])
    for one, other in zip(told["instances"], own["instances"], strict=True):
        np.testing.assert_allclose(one["box"], other["box"], atol=0.05)
        assert one["score"] == pytest.approx(other["score"], abs=1e-3)
        assert (of_coco(one["mask"]) != of_coco(other["mask"])).mean() < 1e-3


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.skipif("FUKAMI_DATA" not in os.environ, reason="FUKAMI_DATA names no folder")
def test_nuclei(tmp_path):
    """The given test part, from scratch with defaults."""
    started = time.process_time()
    run = fukami.train("instance-segmentation", "nuclei", out=tmp_path / "run")
    assert run.metrics["mask_ap50"] >= 0.70
    assert time.process_time() - started < 3600
