"""Keypoints from the first look to the exported program, on made-up people of lines."""

import json
import subprocess
import sys
import time

import pytest

import fukami
from tests import stick_figures


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    return stick_figures.write(tmp_path_factory.mktemp("people"), {"train": 48, "valid": 8, "test": 8}, size=64, people=2)


@pytest.fixture(scope="module", params=["pose-heatmap", "keypoint-rcnn"])
def run(request, people, tmp_path_factory):
    settings = {"model": request.param, "size": "tiny", "epochs": 2, "plan": "default", "size_px": 64}
    return fukami.train("keypoint-detection", str(people), out=tmp_path_factory.mktemp("runs") / "run", **settings)


@pytest.mark.slow
def test_it_is_judged_drawn_and_answered(run, people):
    assert {"pck", "oks_map", "oks_ap50"} <= set(run.metrics)
    assert run.evaluate()["metrics"]["pck"]["value"] == pytest.approx(run.metrics["pck"])
    page = (run.path / "report.html").read_text("utf-8")
    assert "stroke-linecap" in page and "left_elbow" in page
    (answer,) = run.predict(str(people / "test" / "0000.png"))
    assert all(set(one) == {"box", "label", "score", "points"} for one in answer["keypoints"])


@pytest.mark.slow
def test_the_exported_program_answers_as_the_run(run, people, tmp_path):
    run.export("onnx", out=tmp_path / "onnx")
    picture = str(people / "test" / "0001.png")
    asked = [sys.executable, str(tmp_path / "onnx" / "predict.py"), picture]
    told = json.loads(subprocess.run(asked, capture_output=True, check=True, text=True).stdout)
    (own,) = run.predict(picture)
    assert len(told["keypoints"]) == len(own["keypoints"])
    for one, other in zip(told["keypoints"], own["keypoints"], strict=True):
        assert one["box"] == pytest.approx(other["box"], abs=0.05)
        for name, point in other["points"].items():
            assert one["points"][name]["x"] == pytest.approx(point["x"], abs=0.05)


@pytest.mark.slow
def test_stick_figures(tmp_path):
    """1,000 pictures of one person, from scratch with defaults."""
    folder = stick_figures.write(tmp_path / "sticks", {"train": 800, "valid": 100, "test": 100})
    started = time.process_time()
    run = fukami.train("keypoint-detection", str(folder), out=tmp_path / "run")
    assert run.metrics["pck"] >= 0.9
    assert time.process_time() - started < 1800
