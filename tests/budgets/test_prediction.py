"""What an answer costs: `fukami predict` loads the run, decodes the input and asks the network, and imports nothing besides.

A script by hand that does the same (imports torch, loads the weights, decodes the picture, runs the network) is the measure:
the command takes at most 1.3 times its time.
"""

import ast
import json
import os
import statistics
import subprocess
import sys

import pytest

import fukami
from fukami.core import cards, rooms
from tests.runs.test_first_hour import picture_folder, table

NEEDLESS = (
    "pandas",
    "sklearn",
    "scipy",
    "timm",
    "transformers",
    "torchvision",
    "tensorboardX",
    "matplotlib",
    "torch._dynamo",
    "jinja2",
)
MODELS = {"image-classification": "cnn", "text-classification": "gru", "tabular-classification": "tabm"}
ASK = """
import json, sys
from fukami.cli.main import main
code = main()
print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""
BARE = """
import sys
import numpy as np, torch
from PIL import Image
from safetensors.torch import load_file
state = load_file(sys.argv[1] + "/model/model.safetensors")
x = torch.from_numpy(np.asarray(Image.open(sys.argv[2]), np.float32) / 255)[None, None]
layer = torch.nn.Conv2d(1, 16, 3)
with torch.inference_mode():
    print(layer(x).amax((2, 3)).softmax(-1))
"""


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Task → a run that was trained for one epoch, and an input for it."""
    place = tmp_path_factory.mktemp("runs")
    photos = picture_folder(place / "photos")
    data = {
        "image-classification": photos,
        "text-classification": table(place / "reviews.csv", {"text": "text", "label": "category"}, rows=60),
        "tabular-classification": table(place / "people.csv", {"row": "row", "label": "category"}, rows=60),
    }
    for task, model in MODELS.items():
        fukami.train(task, data[task], model=model, out=place / task, epochs=1, plan="default")
    (place / "one.csv").write_text("height,noise,town,day\n0.1,0.2,town1,2024-03-02\n", "utf-8")
    inputs = (next(photos.rglob("*.png")), "A fine film.", place / "one.csv")
    return {task: (str(place / task), str(one)) for task, one in zip(MODELS, inputs, strict=True)}


@pytest.mark.parametrize("task", [pytest.param(t, marks=pytest.mark.slow) if n else t for n, t in enumerate(MODELS)])
def test_an_answer_imports_nothing_needless(asked, task):
    done = subprocess.run([sys.executable, "-c", ASK, "predict", *asked[task]], capture_output=True, text=True, check=True)
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0
    assert "torch" in modules
    assert not {name for name in modules for needless in NEEDLESS if f"{name}.".startswith(f"{needless}.")}


@pytest.mark.slow
def test_an_answer_costs_little_more_than_a_script_by_hand(asked):
    run, picture = asked["image-classification"]
    by_hand, ours = [], []
    for _trial in range(5):  # in turns, so that whatever else the machine does hits both
        by_hand.append(seconds_of("-c", BARE, run, picture))
        ours.append(seconds_of("-m", "fukami", "predict", run, picture))
    assert statistics.median(ours) < 1.3 * statistics.median(by_hand)


def seconds_of(*words: str) -> float:
    """Processor time of a command: other processes disturb it less than the clock."""
    before = os.times()
    subprocess.run([sys.executable, *words], capture_output=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


@pytest.mark.parametrize("room", ["tasks", "models", "metrics", "fields", "objectives", "evaluate/baselines", "data/datasets"])
def test_a_card_is_read_alike_by_itself_and_with_its_file(room, monkeypatch):
    """Only the statement of a card is parsed, which is ten times as quick as its file."""
    paths = [file.path for file in rooms.files(room).values()]
    quickly = [cards.read_card(path) for path in paths]
    assert any(quickly)
    monkeypatch.setattr(cards, "_statements", lambda source, name: ast.parse(source, name).body)
    assert quickly == [cards.read_card(path) for path in paths]


def test_a_card_in_any_form_is_read(tmp_path):
    odd = tmp_path / "odd.py"
    odd.write_text('"""A file."""\n\nCARD = LossCard(\n    name="odd", summary="""a\n)\nb""", of=("number",))\n', "utf-8")
    found = cards.read_card(odd)
    assert found is not None
    assert (found.name, found.summary) == ("odd", "a\n)\nb")
