"""An exported folder away from home: 100 held-out examples of real data, answered in an environment without torch and Fukami.

`FUKAMI_BARE_PYTHON` names the Python of that environment, which is made with

    uv venv bare && VIRTUAL_ENV=bare uv pip install numpy pillow onnxruntime
"""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fukami
from fukami import api
from fukami.evaluate.examples import held_out
from fukami.export.contract import plain
from fukami.export.parity import same_answers

BARE = os.environ.get("FUKAMI_BARE_PYTHON", "")
TRAININGS = {
    "fashion-mnist": ("image-classification", {"model": "cnn", "size": "tiny", "limit": 2000}),
    "cifar10": ("image-classification", {"model": "resnet10t", "limit": 500}),
    "sst2": ("text-classification", {"model": "gru", "limit": 2000}),
    "adult": ("tabular-classification", {"model": "mlp", "limit": 5000}),
    "california-housing": ("tabular-regression", {"model": "mlp", "limit": 5000}),
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.data,
    pytest.mark.skipif("FUKAMI_DATA" not in os.environ, reason="FUKAMI_DATA names no folder"),
    pytest.mark.skipif(not BARE, reason="FUKAMI_BARE_PYTHON names no Python"),
]


def test_the_environment_is_bare():
    for name in ("torch", "fukami", "tokenizers", "pyarrow", "transformers"):
        assert subprocess.run([BARE, "-I", "-c", f"import {name}"], capture_output=True).returncode, name


@pytest.mark.parametrize("data", TRAININGS)
def test_the_program_answers_as_the_run_does(data, tmp_path):
    task, options = TRAININGS[data]
    run = fukami.train(task, data, out=tmp_path / "run", epochs=1, **options)
    folder = Path(api.export(run)["out"])
    values = inputs_of(run, tmp_path / "inputs")
    lines = "".join(json.dumps(value) + "\n" for value in values)
    command = [BARE, "-I", str(folder / "predict.py"), "-"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, encoding="utf-8", cwd=tmp_path)
    assert not done.returncode, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    ((name, field),) = run.predictor.task.inputs.items()
    own = plain(run.predictor).predict({name: field.gather(values)})
    told = [{key: value for key, value in answer.items() if key != "input"} for answer in said]
    assert len(told) == 100 and all(map(same_answers, own, told))


def inputs_of(run, folder: Path) -> list:
    """100 held-out raw inputs; pictures as JPEGs."""
    judged = held_out(run)
    ((name, field),) = run.predictor.task.inputs.items()
    rows = np.random.default_rng(0).choice(judged.rows, 100, replace=False)
    values = field.as_inputs(judged.columns[name], rows, folder)
    if field.kind != "image":
        return values
    for place, value in enumerate(values):
        Image.open(value).convert("RGB").save(folder / f"{place}.jpg", quality=95)
    return [str(folder / f"{place}.jpg") for place in range(len(values))]
