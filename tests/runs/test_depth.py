"""Depth from the first look to the exported program, on made-up rooms; the figure (slow)."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image as Pillow

import fukami
from fukami.fields.depth import decode
from tests import depth_scenes


@pytest.fixture(scope="module")
def rooms(tmp_path_factory):
    counts = {"train": 24, "valid": 6, "test": 8}
    return depth_scenes.write(tmp_path_factory.mktemp("rooms"), counts, height=48, width=64)


@pytest.fixture(scope="module", params=["unet", "dpt"])
def run(request, rooms, tmp_path_factory):
    settings = {"model": request.param, "size": "tiny", "epochs": 2, "plan": "default", "size_px": 48, "depth_scale": 0.001}
    return fukami.train("depth-estimation", str(rooms), out=tmp_path_factory.mktemp("runs") / "run", **settings)


@pytest.mark.slow
def test_it_is_judged_drawn_and_answered(run, rooms):
    assert {"abs_rel", "delta1", "depth_rmse"} <= set(run.metrics)
    assert "(bright)" in (run.path / "report.html").read_text("utf-8")
    wide = Pillow.open(rooms / "test" / "rgb" / "0000.png").resize((128, 48))
    wide.save(rooms / "wide.png")
    (answer,) = run.predict(str(rooms / "wide.png"))
    depth_HW = decode.read(answer["depth"], None, "", 1.0, answer["step"])
    assert depth_HW.shape == (48, 128) and answer["near"] <= np.median(depth_HW) <= answer["far"]


@pytest.mark.slow
def test_the_exported_program_answers_as_the_run(run, rooms, tmp_path):
    run.export("onnx", out=tmp_path / "onnx")
    picture = str(rooms / "test" / "rgb" / "0001.png")
    asked = [sys.executable, str(tmp_path / "onnx" / "predict.py"), picture]
    told = json.loads(subprocess.run(asked, capture_output=True, check=True, text=True).stdout)
    (own,) = run.predict(picture)
    both = [decode.read(one["depth"], None, "", 1.0, one["step"]) for one in (told, own)]
    np.testing.assert_allclose(*both, rtol=0.01, atol=0.002)


@pytest.mark.slow
def test_rooms(tmp_path):
    """600 rooms, from scratch with defaults."""
    folder = depth_scenes.write(tmp_path / "rooms", {"train": 480, "valid": 60, "test": 60})
    started = time.process_time()
    run = fukami.train("depth-estimation", str(folder), out=tmp_path / "run")
    assert run.metrics["abs_rel"] < 0.2 and run.metrics["delta1"] > 0.7
    assert time.process_time() - started < 3600
