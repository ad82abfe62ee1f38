"""The ONNX files of forms, and how long they take on this machine.

Shapes: B batch, L tokens.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fukami.compress.contract import Form, Work
from fukami.core.errors import FukamiError, UsageError
from fukami.core.language import _
from fukami.export.onnx_graph import write_graph
from fukami.models.onnx_network import feeds, opened

BATCHES, THREADS = (1, 32), (1, 2)
"""Numbers of examples and of threads for which times are told."""
LEAST, MOST, SECONDS = 10, 300, 0.6
"""Fewest and most answers that a time rests on, and how many seconds they may take together."""


def graph_of(form: Form, work: Work) -> bytes:
    """The ONNX file that gives the raw outputs of a form: its own, or float32 of what it holds, which is traced once.

    Raises:
        UsageError: F-COMPRESS-GRAPH where an answer is more than one call of the network. RunError: F-EXPORT-TRACE.
    """
    if form.graph:
        return form.graph
    task = form.predictor.task
    if not task.is_one_pass(form.predictor.network):
        raise UsageError(
            "F-COMPRESS-GRAPH",
            _("a network that is asked more than once for an answer cannot be computed as one graph"),
            where=task.name,
            fix="--to bf16",
        )
    path = work.place / "graphs" / f"{form.key}.onnx"
    if not path.exists():
        write_graph(form.predictor.network, work.batch(work.train[:3], form.predictor), path)
    return path.read_bytes()


def latencies(
    forms: dict[str, Form],
    work: Work,
    *,
    batches: tuple[int, ...] = BATCHES,
    threads: tuple[int, ...] = THREADS,
    seconds: float = SECONDS,
) -> list[dict[str, Any]]:
    """How long answers to held-out examples take: `{"batch", "threads", "ms": {name: {"median", "p99"}}}` for each; in
    onnxruntime where every form has a graph, else as their predictors compute.

    They are timed in alternation, so that whatever else the machine does falls on all of them.
    """
    told, usual = [], torch.get_num_threads()
    try:
        models = {name: graph_of(form, work) for name, form in forms.items()}
    except FukamiError as error:
        if error.code not in ("F-COMPRESS-GRAPH", "F-EXPORT-TRACE"):
            raise
        models = {}
    for count in threads:
        sessions = {name: opened(model, count) for name, model in models.items()}
        torch.set_num_threads(count)
        try:
            for size in batches:
                rows = np.resize(work.held_out, size)
                batch = work.batch(rows, next(iter(forms.values())).predictor)
                asked = {name: _asked(session, batch) for name, session in sessions.items()}
                asked = asked or {name: partial(form.predictor.answers, batch) for name, form in forms.items()}
                told.append({"batch": size, "threads": count, "ms": timed(asked, seconds=seconds)})
        finally:
            torch.set_num_threads(usual)
    return told


def _asked(session: Any, batch: dict[str, Any]) -> Callable[[], Any]:
    return partial(session.run, None, feeds(session, batch))


def timed(asked: dict[str, Callable[[], Any]], *, seconds: float) -> dict[str, dict[str, float]]:
    """Milliseconds that each takes to answer: median and 99th percentile."""
    taken: dict[str, list[float]] = {name: [] for name in asked}
    for answer in asked.values():  # the first answers allocate
        answer()
        answer()
    until = time.perf_counter() + seconds * len(asked)
    while len(next(iter(taken.values()))) < MOST:
        if time.perf_counter() > until and len(next(iter(taken.values()))) >= LEAST:
            break
        for name, answer in asked.items():
            started = time.perf_counter()
            answer()
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
