"""A training that is killed thirty times, at any moment, ends with the weights and the history of one that never was."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_thirty_kills_lose_nothing(tmp_path):
    words = [sys.executable, "-m", "tests.killed_lives", str(tmp_path), "30"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    log = tmp_path / "log.txt"
    assert done.returncode == 0, done.stderr + (log.read_text()[-3000:] if log.exists() else "")
    told = json.loads(done.stdout)
    assert told["deaths"] == {"early": 10, "running": 10, "writing": 10}
    assert told["run"] == told["whole"]
    assert len(told["run"]["steps"]) > 100 and len(told["run"]["valid"]) > 10
    assert told["left"] == []
