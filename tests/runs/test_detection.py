"""Boxes from the first look to the exported program: every verb on made-up pictures; the figure on BCCD (slow, with data)."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image as Pillow

import fukami
from fukami.fields.boxes.overlap import iou

NAMES = ("ball", "box")


def scene(rng: np.random.Generator) -> tuple[np.ndarray, list[dict]]:
    """Red discs and green boxes on noise, one or two of each, and where they are."""
    picture, told = rng.integers(0, 60, (72, 96, 3)), []
    y, x = np.mgrid[:72, :96]
    for slot in rng.permutation(6)[: rng.integers(1, 5)].tolist():
        left, top, half = 4 + slot % 3 * 31, 4 + slot // 3 * 34, int(rng.integers(9, 14))
        label = NAMES[slot % 2]
        if label == "ball":
            disc = (x - left - half + 0.5) ** 2 + (y - top - half + 0.5) ** 2 < half**2
            picture[disc] = picture[disc] + [150, 20, 20]
        else:
            picture[top : top + 2 * half, left : left + 2 * half] = [30, 160, 60]
        told.append({"box": [left, top, 2 * half, 2 * half], "label": label})
    return picture.clip(0, 255).astype(np.uint8), told


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """As COCO has them, in folders of parts."""
    root, rng = tmp_path_factory.mktemp("scenes"), np.random.default_rng(0)
    for part, count in (("train", 48), ("valid", 12), ("test", 12)):
        (root / part).mkdir()
        images, annotations = [], []
        for number in range(count):
            picture, told = scene(rng)
            Pillow.fromarray(picture).save(root / part / f"{number}.png")
            images.append({"id": number, "file_name": f"{number}.png", "width": 96, "height": 72})
            annotations += [{"image_id": number, "category_id": NAMES.index(one["label"]), "bbox": one["box"]} for one in told]
        categories = [{"id": k, "name": name} for k, name in enumerate(NAMES)]
        whole = {"images": images, "annotations": annotations, "categories": categories}
        (root / part / "_annotations.coco.json").write_text(json.dumps(whole))
    return root


@pytest.fixture(scope="module")
def run(scenes, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "run"
    settings = {"size": "tiny", "epochs": 14, "plan": "default", "size_px": 96, "batch_size": 8, "shift": 0.0, "zoom": 0.0}
    return fukami.train("object-detection", str(scenes), out=out, **settings)


def test_it_learns_and_says_so(run):
    assert run.metrics["map50"] > 0.6
    told = run.proofs["baselines"]["metrics"]
    assert set(told) == {"mean_boxes", "nearest_boxes"} and told["nearest_boxes"]["map50"] < run.metrics["map50"]
    page = (run.path / "report.html").read_text("utf-8")
    assert "<rect" in page and "ball" in page and "data:image" in page


def test_answers_are_boxes_in_pixels_of_the_given_picture(run, scenes):
    told = json.loads((scenes / "test" / "_annotations.coco.json").read_text())
    known = [one["bbox"] for one in told["annotations"] if one["image_id"] == 0]
    wide = Pillow.open(scenes / "test" / "0.png").resize((192, 72))
    wide.save(scenes / "wide.png")
    for path, grow in ((scenes / "test" / "0.png", 1), (scenes / "wide.png", 2)):
        (answer,) = run.predict(str(path))
        found = np.array([one["box"] for one in answer["boxes"]], float).reshape(-1, 4) / [grow, 1, grow, 1]
        assert {one["label"] for one in answer["boxes"]} <= set(NAMES)
        corners = [np.concatenate([box[:, :2], box[:, :2] + box[:, 2:]], 1) for box in (np.array(known, float), found)]
        assert (iou(*corners).max(1) > 0.5).mean() > 0.5


def test_it_is_judged_again_to_the_same_figures(run):
    assert run.evaluate()["metrics"]["map50"]["value"] == pytest.approx(run.metrics["map50"])


@pytest.mark.slow
def test_explanations_weigh_parts_of_the_picture(run, scenes):
    told = run.explain(str(scenes / "test" / "1.png"), method="occlusion")
    assert len(told.weights.weights) and np.isfinite(told.weights.weights).all()


@pytest.mark.slow
def test_the_exported_program_answers_as_the_run(run, scenes, tmp_path):
    run.export("onnx", out=tmp_path / "onnx")
    picture = str(scenes / "test" / "2.png")
    printed = subprocess.run(
        [sys.executable, str(tmp_path / "onnx" / "predict.py"), picture], capture_output=True, check=True, text=True
    ).stdout
    told, (own,) = json.loads(printed), run.predict(picture)
    assert [one["label"] for one in told["boxes"]] == [one["label"] for one in own["boxes"]] and own["boxes"]
    for one, other in zip(told["boxes"], own["boxes"], strict=True):
        np.testing.assert_allclose(one["box"], other["box"], atol=0.05)
        assert one["score"] == pytest.approx(other["score"], abs=1e-3)


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.skipif("FUKAMI_DATA" not in os.environ, reason="FUKAMI_DATA names no folder")
def test_bccd(tmp_path):
    """The authors' test part, from scratch with defaults."""
    started = time.monotonic()
    run = fukami.train("object-detection", "bccd", out=tmp_path / "run")
    assert run.metrics["map50"] >= 0.70
    assert time.monotonic() - started < 1800
