"""Fukami through its public function, with every choice that the peers do not make set to theirs.

What it decides by itself stays its own: the step plan, the order of the examples, the buckets. What is timed: `seconds` is the
measuring of the plan and the steps (the peers' `fit()` holds whatever they do before their first step), `loop_seconds` the
steps alone as `run.json` has them. Reading, the doctor, the evaluation and the report are in the whole command's time only.
"""

from __future__ import annotations

import importlib
import json
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.contract import Outcome, Settings
from benchmarks.sides.clock import load_lazily, reached

PLAIN: dict[str, Any] = {
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "schedule": "constant",
    "warmup": 0.0,
    "weight_decay": 0.0,
    "clip_norm": 0.0,
    "label_smoothing": 0.0,
    "imbalance": "none",
    "keep_best": False,
    "valid_fraction": 0.0,
}
"""Adam at a fixed rate and nothing else; no validation part, so nothing is validated on the way."""


def fit(
    task: str,
    data: Any,
    settings: Settings,
    *,
    model: Any,
    decodes: bool = False,
    **choices: Any,
) -> Outcome:
    """`fukami.train` on `data`, which has the parts train and test (and valid, where an accuracy is to be reached).

    `decodes` counts the decoding into the prepared store too, for works whose peers decode inside `fit()`.
    """
    import torch  # noqa: F401

    import fukami

    load_lazily()
    given = {**PLAIN, "batch_size": settings.batch_size, "seed": settings.seed, "device": settings.device, **choices}
    with spent("fukami.training.begin", "make_ready") as planning, spent("fukami.training.prepare", "prepare") as storing:
        run = fukami.train(task, data, model=model, out="run", epochs=settings.epochs, settings=given)
    training = run.told["training"]
    before = sum(planning) + (sum(storing) if decodes else 0.0)
    recipe = tomllib.loads((run.path / "recipe.toml").read_text("utf-8"))
    lines = [json.loads(line) for line in (run.path / "history.jsonl").read_text("utf-8").splitlines()]
    waited = [line["waited_s"] for line in lines if "waited_s" in line]
    outcome = Outcome(
        seconds=training["seconds"] + before,
        units=training["steps"] * recipe["learning"]["batch_size"],
        accuracy=run.metrics["accuracy"],
        loop_seconds=training["seconds"],
        plan=recipe["plan"],
        notes={"waited for data": waited[-1] / training["seconds"]} if waited else {},
    )
    return to_accuracy(outcome, lines, settings, before) if settings.to_accuracy else outcome


@contextmanager
def spent(module: str, name: str) -> Iterator[list[float]]:
    """The seconds of each call of `module.name` inside the block. `run.json` does not tell them."""
    holder = importlib.import_module(module)
    function, times = getattr(holder, name), []

    def timed(*args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            times.append(time.perf_counter() - started)

    setattr(holder, name, timed)
    try:
        yield times
    finally:
        setattr(holder, name, function)


def to_accuracy(outcome: Outcome, lines: list[dict[str, Any]], settings: Settings, before: float) -> Outcome:
    """The same training up to the first epoch whose validation reached the accuracy, by the lines of its history."""
    seconds = {line["step"]: line["seconds"] for line in lines if "seconds" in line}
    looks = [(line["step"], line["valid"]["accuracy"]) for line in lines if "valid" in line]
    step, accuracy = next((look for look in looks if look[1] >= settings.to_accuracy), looks[-1])
    epochs = [look[0] for look in looks].index(step) + 1
    return Outcome(
        seconds=seconds[step] + before,
        units=outcome.units * step // looks[-1][0],
        accuracy=accuracy,
        loop_seconds=seconds[step],
        plan=outcome.plan,
        notes={**outcome.notes, **reached(settings, accuracy, epochs)},
    )
