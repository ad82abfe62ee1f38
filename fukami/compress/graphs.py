"""The ONNX files of forms, and how long they take on this machine.

Shapes: B batch, L tokens.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fukami.compress.contract import Form, Work
from fukami.export.onnx_graph import write_graph
from fukami.models.onnx_network import feeds, opened

BATCHES, THREADS = (1, 32), (1, 2)
"""Numbers of examples and of threads for which times are told."""
LEAST, MOST, SECONDS = 10, 300, 0.6
"""Fewest and most answers that a time rests on, and how many seconds they may take together."""


def graph_of(form: Form, work: Work) -> bytes:
    """The ONNX file that gives the raw outputs of a form: its own, or float32 of what it holds, which is traced once."""
    if form.graph:
        return form.graph
    path = work.place / "graphs" / f"{form.key}.onnx"
    if not path.exists():
        write_graph(form.predictor.network, work.batch(work.train[:3], form.predictor), path)
    return path.read_bytes()


def latencies(
    models: dict[str, bytes],
    form: Form,
    work: Work,
    *,
    batches: tuple[int, ...] = BATCHES,
    threads: tuple[int, ...] = THREADS,
    seconds: float = SECONDS,
) -> list[dict[str, Any]]:
    """How long onnxruntime takes for held-out examples: `{"batch", "threads", "ms": {name: {"median", "p99"}}}` for each.

    Files are timed in alternation, so that whatever else the machine does falls on all of them.
    """
    told = []
    for count in threads:
        sessions = {name: opened(model, count) for name, model in models.items()}
        for size in batches:
            rows = np.resize(work.held_out, size)
            arrays = feeds(next(iter(sessions.values())), work.batch(rows, form.predictor))
            told.append({"batch": size, "threads": count, "ms": timed(sessions, arrays, seconds=seconds)})
    return told


def timed(sessions: dict[str, Any], arrays: dict[str, np.ndarray], *, seconds: float) -> dict[str, dict[str, float]]:
    """Milliseconds of each session for the same arrays: median and 99th percentile."""
    taken: dict[str, list[float]] = {name: [] for name in sessions}
    for session in sessions.values():  # the first answers allocate
        session.run(None, arrays)
        session.run(None, arrays)
    until = time.perf_counter() + seconds * len(sessions)
    while len(next(iter(taken.values()))) < MOST:
        if time.perf_counter() > until and len(next(iter(taken.values()))) >= LEAST:
            break
        for name, session in sessions.items():
            started = time.perf_counter()
            session.run(None, arrays)
            taken[name].append((time.perf_counter() - started) * 1000)
    return {
        name: {"median": round(float(np.median(times)), 4), "p99": round(float(np.percentile(times, 99)), 4)}
        for name, times in taken.items()
    }


def file_bytes(form: Form, place: Path) -> int:
    """The bytes of the file of weights that the form writes into the folder `place`, where it is not written yet."""
    if not place.exists():
        form.save(place)
    return max(file.stat().st_size for file in place.iterdir())


def num_threads() -> int:
    """The threads that answers are computed with where nothing else is said."""
    return torch.get_num_threads()
