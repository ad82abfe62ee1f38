"""The files of docs/extending.md, installed as a package, make a task that every verb knows."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fukami

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"
FILES = dict(re.findall(r"^```python (\S+\.py)\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S))


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder of the path as an installer leaves it, and a table of directions beside it."""
    place = tmp_path_factory.mktemp("extending")
    for name, text in FILES.items():
        path = place / "site" / "wind" / "fukami" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (place / "site" / "wind" / "__init__.py").touch()
    info = place / "site" / "wind-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: wind\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[fukami.plugins]\nwind = wind.fukami\n")
    rng = np.random.default_rng(0)
    east, north = rng.normal(size=(2, 300))
    told = np.rad2deg(np.arctan2(north, east)) % 360
    lines = [f"{e:.3f},{n:.3f},{d:.1f}" for e, n, d in zip(east, north, told, strict=True)]
    (place / "wind.csv").write_text("\n".join(["east,north,direction", *lines, "1.0,0.5,"]) + "\n")
    return place


def environment(place: Path) -> dict[str, str]:
    """One that knows the package as an installed one."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(place / "site"), os.environ.get("PYTHONPATH", "")])}


def test_a_kind_of_answer_from_nothing_is_checked_learned_judged_and_asked(place, monkeypatch):
    monkeypatch.setenv("FUKAMI_PLUGINS", str(place / "site" / "wind" / "fukami"))
    codes = [problem["code"] for problem in fukami.check("tabular-direction", place / "wind.csv")["problems"]]
    assert "F-DIRECTION-MISSING" in codes and "F-DIRECTION-RADIANS" not in codes
    settings = {"epochs": 12, "plan": "default"}
    run = fukami.train("tabular-direction", place / "wind.csv", out=place / "short", model="mlp", settings=settings)
    assert run.evaluation["metrics"]["mean-turn"]["value"] < 20
    assert find(json.loads((run.path / "proofs" / "baselines.json").read_text()), "mean-turn") > 40
    assert abs(find(run.predict({"east": 0.0, "north": 1.0}), "degrees") - 90) < 25


def said(place: Path, *words: str) -> dict:
    """What a verb prints with `--json`, in a process of its own."""
    command = [sys.executable, "-m", "fukami", *words, "--json"]
    done = subprocess.run(command, cwd=place, env=environment(place), capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_it_goes_through_the_other_verbs(place):
    settings = ["--model", "mlp", "--set", "epochs=12", "--set", "plan=default"]
    said(place, "train", "tabular-direction", "wind.csv", "--out", "run", *settings)
    told = said(place, "predict", "run", '{"east": 0.0, "north": 1.0}')
    assert find(said(place, "explain", "run", '{"east": 0.0, "north": 1.0}'), "units")
    assert find(said(place, "evaluate", "run"), "mean-turn")["value"] < 20
    said(place, "compress", "run", "--to", "int8", "--out", "small")
    said(place, "export", "run", "--to", "onnx", "--out", "left")
    program = [sys.executable, "predict.py", '{"east": 0.0, "north": 1.0}']
    done = subprocess.run(program, cwd=place / "left", capture_output=True, text=True)
    assert abs(find(json.loads(done.stdout), "degrees") - find(told, "degrees")) < 0.1, done.stderr


def find(told, name: str):
    """The first value of that name, however deep."""
    parts = told.items() if isinstance(told, dict) else enumerate(told) if isinstance(told, list) else ()
    for key, part in parts:
        if key == name:
            return part
        if (found := find(part, name)) is not None:
            return found
    return None
