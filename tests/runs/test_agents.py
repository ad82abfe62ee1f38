"""An agent is trained, killed on the way, resumed, asked, judged and shown; what has no meaning for it is refused."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from fukami import api
from fukami.core.errors import UsageError

SETTINGS = {
    "limit": 640,
    "epochs": 6,
    "first": 100,
    "memory": 500,
    "environments": 3,
    "explore_steps": 30,
    "plan": "default",
    "snapshot_steps": 4,
    "width": 16,
}
LIFE = """
import sys
from fukami import api
from fukami.training import session
session.SAVE_EVERY_S = 0.0
api.train("reinforcement-learning", "CartPole-v1", out=sys.argv[1], settings=eval(sys.argv[2]), resume=sys.argv[3] == "resume")
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("agents") / "whole"
    api.train("reinforcement-learning", "CartPole-v1", out=out, settings=SETTINGS)
    return out


def life(out: Path, resume: bool) -> subprocess.Popen:
    words = [sys.executable, "-c", LIFE, str(out), repr(SETTINGS), "resume" if resume else "new"]
    return subprocess.Popen(
        words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )


@pytest.mark.slow
def test_a_killed_training_resumes_to_the_same_weights_and_history(whole, tmp_path):
    out = tmp_path / "killed"
    first = life(out, resume=False)
    saved, until = tmp_path / ".killed.unfinished" / "checkpoint.safetensors", time.monotonic() + 240
    while not saved.exists() and first.poll() is None and time.monotonic() < until:
        time.sleep(0.005)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert first.returncode == -signal.SIGKILL and not out.exists()
    second = life(out, resume=True)
    said = second.communicate(timeout=480)[1].decode()
    assert second.returncode == 0 and "step" in said, said
    left, right = (load_file(run / "model" / "model.safetensors") for run in (whole, out))
    assert left.keys() == right.keys() and all(np.array_equal(left[name], right[name]) for name in left)
    assert history(whole) == history(out)


def history(run: Path) -> list[dict]:
    """What does not depend on the clock."""
    lines = map(json.loads, (run / "history.jsonl").read_text().splitlines())
    return [{name: line[name] for name in ("step", "loss", "valid") if name in line} for line in lines if "event" not in line]


def test_an_agent_is_asked_judged_and_shown(whole):
    run = api.load(whole)
    told = run.predict([7, "CartPole-v1#7", {"seed": 7}])
    assert told[0]["length"] == len(told[0]["actions"]) == told[0]["return"]
    assert all({**one, "input": 0} == {**told[0], "input": 0} for one in told)
    judged = run.evaluate()
    assert judged["metrics"]["mean_return"]["low"] <= judged["metrics"]["mean_return"]["value"]
    assert set(judged["baselines"]) == {"random_actions", "one_action"}
    page = (whole / "report.html").read_text("utf-8")
    assert "How it acts" in page and page.count("data:image/png") >= 3


@pytest.mark.parametrize(
    ("verb", "asked"),
    [
        ("explain", lambda run: run.explain(7)),
        ("compress", lambda run: run.compress(to="int8")),
        ("export", lambda run: run.export(to="onnx")),
        ("diagnose", lambda run: run.diagnose()),
    ],
)
def test_what_has_no_meaning_is_refused_with_the_reason(whole, verb, asked):
    run = api.load(whole)
    with pytest.raises(UsageError) as caught:
        asked(run)
    assert caught.value.code == "F-VERB-WITHOUT" and verb in caught.value.what


@pytest.mark.slow
def test_cartpole_is_solved_by_the_default(tmp_path):
    """Mean over five seeds of the mean return over 100 episodes that were not trained in: 475 and more."""
    values = []
    for seed in range(5):
        run = api.train("reinforcement-learning", "CartPole-v1", out=tmp_path / str(seed), settings={"seed": seed})
        values.append(json.loads((run.path / "proofs" / "evaluation.json").read_text())["metrics"]["mean_return"]["value"])
    assert np.mean(values) >= 475, values
