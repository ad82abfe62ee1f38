"""One training, killed many times: `python -m tests.killed_lives FOLDER KILLS`. Prints what was left as JSON. No test itself.

The undisturbed training runs first, in this process, which loads every library; a life is a fork of it. (With one thread
there is no pool of threads that a fork would lack.) A third of the deaths come at once or while the data is
prepared, a third somewhere after a checkpoint, a third in the midst of writing one.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import torch

from fukami import api
from fukami.core import artefact
from fukami.core.seeds import generator
from fukami.engine import checkpoint
from fukami.training import session
from fukami.training.asked import Asked
from fukami.training.verb import run_training
from tests.runs.test_first_hour import table


def main(folder: Path, kills: int) -> dict[str, Any]:
    torch.set_num_threads(1)
    session.SAVE_EVERY_S = 0.0
    source = table(folder / "people.csv", {"row": "row", "label": "category"}, rows=560)
    settings = {
        "epochs": 18 if kills > 10 else 5,  # of fifty steps
        "batch_size": 8,
        "plan": "default",
        "snapshot_steps": 4,
        "optimizer": "adamw",
        "ema": 0.9,
    }
    recipe = api.recipe_for("tabular-classification", {**settings, "width": 16, "patience": 0}, model="mlp")

    def train(out: Path, resume: bool) -> None:
        run_training(Asked(recipe, str(source), out), resume=resume)

    whole, out = folder / "whole", folder / "run"
    train(whole, False)
    rng = generator(0, "kills")
    place = folder / ".run.unfinished" / "checkpoint.safetensors"
    deaths: dict[str, int] = {}
    while sum(deaths.values()) < kills and not out.exists():
        kind = ("early", "running", "writing")[sum(deaths.values()) % 3]
        resume = (place.parent / "recipe.toml").exists()
        code = life(lambda r=resume: train(out, r), folder, kind, place, rng)
        assert code == -signal.SIGKILL, f"a life ended with {code}, after {deaths}"
        deaths[kind] = deaths.get(kind, 0) + 1
        if kind == "writing":
            assert checkpoint.draft_of(place).exists(), "not in the midst of writing"
    resume = (place.parent / "recipe.toml").exists()
    assert out.exists() or life(lambda: train(out, resume), folder) == 0
    return {"deaths": deaths, "whole": told(whole), "run": told(out), "left": sorted(p.name for p in folder.glob(".*"))}


def life(live: Any, folder: Path, kind: str = "", place: Path | None = None, rng: Any = None) -> int:
    """Runs `live` in a fork, which is killed as `kind` says; its exit code, negative for a signal."""
    writes, delay = (int(rng.integers(1, 5)), float(rng.uniform(0, 0.08))) if rng is not None else (0, 0.0)
    before = inode(place)
    child = os.fork()
    if child == 0:
        born(live, folder, writes if kind == "writing" else 0)
    if kind == "running":
        while inode(place) in (before, 0) and os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            time.sleep(0.001)
    if kind in ("early", "running"):
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def born(live: Any, folder: Path, writes: int) -> None:
    """The child: lives, and kills itself half through writing a checkpoint where it is told which."""
    log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if writes:
        plain, left = checkpoint.save, [writes]

        def save(place: Path, tree: dict[str, Any], **_watch: Any) -> None:
            left[0] -= 1
            plain(place, tree, watch=None if left[0] else lambda done, total: die() if 2 * done >= total else None)

        checkpoint.save = save
    code = 1
    try:
        live()
        code = 0
    finally:
        os._exit(code)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def inode(place: Path | None) -> int:
    try:
        return place.stat().st_ino if place else 0
    except FileNotFoundError:
        return 0


def told(run: Path) -> dict[str, Any]:
    lines = artefact.read_lines(run / "history.jsonl")
    return {
        "weights": artefact.digest(run / "model" / "model.safetensors"),
        "steps": [(line["step"], line["loss"]) for line in lines if "loss" in line],
        "valid": [(line["step"], line["valid"]) for line in lines if "valid" in line],
        "best": artefact.read_json(run / "run.json")["training"]["best_step"],
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))
