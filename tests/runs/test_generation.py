"""Pictures by the command that people type: from a folder to files, resumed and exported; to the figures that are claimed."""

import base64
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

import fukami
from fukami import api

SMALL = {"plan": "default", "epochs": 2, "width": 8, "steps": 3}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures of 16 pixels with a bright quarter."""
    place, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for number in range(120):
        pixels = rng.integers(0, 60, (16, 16)).astype(np.uint8)
        top, left = divmod(number % 4, 2)
        pixels[top * 8 : top * 8 + 8, left * 8 : left * 8 + 8] += 150
        Pillow.fromarray(pixels).save(place / f"{number}.png")
    return place


def pixels(run, seeds) -> list[str]:
    return [told["picture"] for told in run.predict(seeds)]


def test_from_a_folder_to_pictures(folder, tmp_path):
    run = fukami.train("image-generation", folder, out=tmp_path / "run", settings=SMALL)
    assert 0 < run.metrics["frechet_distance"] < 10 and run.evaluation["generated"]["copies"] < 0.5
    assert "What it makes" in (tmp_path / "run" / "report.html").read_text("utf-8")
    told = fukami.predict(tmp_path / "run", ["3:6"], out=tmp_path / "out")["predictions"]
    assert [one["input"] for one in told] == [3, 4, 5]
    assert [one["picture"] for one in told] == [str(tmp_path / "out" / f"{seed}.png") for seed in (3, 4, 5)]
    assert Pillow.open(told[0]["picture"]).size == (16, 16)
    again = fukami.load(tmp_path / "run")
    assert pixels(run, ["3:6"]) == pixels(again, [3, 4, 5]) and len(set(pixels(again, ["0:4"]))) == 4
    assert pixels(again, [4]) == pixels(again, ["3:6"])[1:2]
    other = fukami.predict(tmp_path / "run", [4], settings={"steps": 1})["predictions"]
    assert other[0]["picture"] != pixels(again, [4])[0]
    with pytest.raises(fukami.FukamiError, match="F-VERB-WITHOUT"):
        run.explain([4])


@pytest.mark.slow
def test_players_are_resumed_to_the_same_weights(folder, tmp_path):
    """Spectral norms, batch norms, averages and both players' states come back."""
    settings = {"plan": "default", "epochs": 3, "size": "tiny", "width": 4, "name": "dcgan", "batch_size": 24}
    run = fukami.train("image-generation", folder, out=tmp_path / "run", settings=settings, prove_resume=True)
    assert run.proofs["resume"]["held"], run.proofs["resume"]


@pytest.mark.slow
@pytest.mark.parametrize("model", ["ddpm", "dcgan"])
def test_what_is_exported_draws_the_same(folder, tmp_path, model):
    run = fukami.train("image-generation", folder, out=tmp_path / "run", settings={**SMALL, "name": model, "noise": 0.5})
    told = api.export(run, to="onnx", out=tmp_path / "onnx")
    assert told["parity"]["held"] and told["parity"]["max_difference"] < 1e-3
    command = [sys.executable, str(tmp_path / "onnx" / "predict.py"), "0:2"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout.splitlines()
    assert [json.loads(line) for line in lines] == [{"input": n, "picture": str(Path("made", f"{n}.png"))} for n in (0, 1)]
    for number, own in enumerate(run.predict(["0:2"])):
        theirs = np.asarray(Pillow.open(tmp_path / "made" / f"{number}.png")).astype(int)
        ours = np.asarray(Pillow.open(io.BytesIO(base64.b64decode(own["picture"].partition(",")[2]))))
        assert np.abs(theirs - ours).max() <= 1


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("FUKAMI_DATA"), reason="reads real data")
@pytest.mark.parametrize("model", ["ddpm", "dcgan"])
def test_fashion_mnist_in_fifteen_minutes(tmp_path, model):
    run = fukami.train("image-generation", "fashion-mnist", model=model, out=tmp_path / "run", settings={"minutes": 15})
    beside = run.proofs["baselines"]["metrics"]
    assert beside["true_pictures"]["frechet_distance"] < run.metrics["frechet_distance"]
    reached = run.evaluation["metrics"]["frechet_distance"]
    assert reached["high"] < beside["gaussian_pictures"]["frechet_distance"]  # seen: 0.157 (ddpm) and 0.031 (dcgan) below 0.19
    assert run.evaluation["generated"]["copies"] < 0.03
