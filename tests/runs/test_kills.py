"""A training that is killed, however often and at any moment, ends with the weights and the history of one that never was."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.slow
@pytest.mark.parametrize("kills", [6, 30])
def test_kills_lose_nothing(tmp_path, kills):
    words = [sys.executable, "-m", "tests.killed_lives", str(tmp_path), str(kills)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    log = tmp_path / "log.txt"
    assert done.returncode == 0, done.stderr + (log.read_text()[-3000:] if log.exists() else "")
    told = json.loads(done.stdout)
    assert told["deaths"] == dict.fromkeys(("early", "running", "writing"), kills // 3)
    assert told["run"] == told["whole"]
    assert len(told["run"]["steps"]) > 100 and len(told["run"]["valid"]) >= 5
    assert told["left"] == []
