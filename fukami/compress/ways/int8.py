"""Eight-bit integers: about a quarter of the size, and several times faster where the processor multiplies them.

Which of onnxruntime's ways is best depends on the network, so the likely ones are made and measured: the fastest of those that
lose least on validation examples is taken, and what was measured is told. Scales are found on training examples.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch

from fukami.compress import quantise
from fukami.compress.asked import Asked
from fukami.compress.contract import Form, Work
from fukami.compress.fused import FusedOperators
from fukami.compress.gate import headline_value
from fukami.compress.graphs import graph_of, timed
from fukami.core.cards import CompressionCard
from fukami.core.errors import RunError
from fukami.core.seeds import generator
from fukami.evaluate.evaluation import plain
from fukami.export.onnx_graph import write_graph
from fukami.fields import batch as trees
from fukami.metrics.points import points_lost
from fukami.models.onnx_network import OnnxNetwork, feeds, opened

CARD = CompressionCard(
    name="int8",
    summary="eight-bit integers: a quarter of the size, and several times faster on most processors",
    flag="--to int8",
    extra="compress",
    source="Nagel et al. 2021, arXiv:2106.08295; onnxruntime",
)

CALIBRATED_ON, BATCH = 256, 32
"""Training examples that scales are found on, and how many at a time."""
JUDGED_ON = 2_000
"""Validation examples that the ways are compared on."""
ENOUGH = 0.3
"""Points of the headline metric that may be lost for speed; where every way loses more, the one that loses least is taken."""


@dataclass(frozen=True)
class Tried:
    """One way: its ONNX file, the points of the headline metric that it loses, the milliseconds of 1 and of 32 examples."""

    name: str
    model: bytes
    drop: float
    ms: dict[int, float]

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return plain({"drop": round(self.drop, 3), "bytes": len(self.model), "ms": {str(k): v for k, v in self.ms.items()}})


def compress(form: Form, work: Work, asked: Asked) -> Form:
    """The form as an ONNX file in int8, made in the way that this machine and the validation examples speak for."""
    model, rows = fused_graph(form, work), judged_on(work)
    before = headline_value(form.predictor, work.store, rows)
    tried = [measured(form, work, rows, before, name, made) for name, made in candidates(form, work, model)]
    if min(one.drop for one in tried) > ENOUGH:  # rare extremes may have widened the scales
        best = min((one for one in tried if one.name.startswith("static")), key=lambda one: one.drop)
        operations = quantise.PRODUCTS if "products" in best.name else ()
        batches = calibration(form, work, model)
        made = quantise.static(model, batches, operations=operations, calibration="Percentile")
        tried.append(measured(form, work, rows, before, f"{best.name}, percentile", made))
    best = chosen(tried)
    return form.with_graph(best.model, f"int8 ({best.name})", int8={one.name: one.told() for one in tried})


def chosen(tried: list[Tried]) -> Tried:
    """The fastest of those that lose little; where none does, the one that loses least.

    Static ones go first: the scales of dynamic ones follow from a whole batch, so an answer depends a little on its neighbours.
    """
    good = [one for one in tried if one.drop <= ENOUGH]
    if not good:
        return min(tried, key=lambda one: one.drop)
    good = [one for one in good if one.name.startswith("static")] or good
    return min(good, key=lambda one: float(np.prod(list(one.ms.values()))))


def candidates(form: Form, work: Work, model: bytes) -> list[tuple[str, bytes]]:
    """The ways that suit the operations of the network, each with its ONNX file."""
    found = quantise.operations_in(model)
    batches = calibration(form, work, model)
    made = [("static, products", quantise.static(model, batches, operations=quantise.PRODUCTS))]
    if "Conv" in found and "Softmax" not in found:  # what lies between convolutions can stay in integers as well
        made.append(("static", quantise.static(model, batches)))
    if "Conv" not in found:
        made.append(("dynamic", quantise.dynamic(model)))
    return made


def fused_graph(form: Form, work: Work) -> bytes:
    """The float32 graph of a form with attention and GELU as single operators; as others write it where that cannot be."""
    plain = graph_of(form, work)
    if form.graph:
        return plain
    inputs, path = work.batch(work.train[:3], form.predictor), work.place / "graphs" / "fused.onnx"
    try:
        with FusedOperators():
            write_graph(form.predictor.network, inputs, path)
        fused = path.read_bytes()
        expected, answers = (OnnxNetwork(model)(inputs) for model in (plain, fused))
    except RunError:  # neither onnxruntime nor the exporter promises every operator for every shape
        return plain
    pairs = zip(trees.leaves(answers), trees.leaves(expected), strict=True)
    return fused if all(torch.allclose(*pair, rtol=1e-3, atol=1e-4) for pair in pairs) else plain


def calibration(form: Form, work: Work, model: bytes) -> list[dict[str, np.ndarray]]:
    """Batches of training examples, as the ONNX file takes them."""
    rows = work.train
    if len(rows) > CALIBRATED_ON:
        rows = generator(work.seed, "calibration").choice(rows, CALIBRATED_ON, replace=False)
    rows = rows[: len(rows) // BATCH * BATCH or None]  # percentiles are taken over batches of one size
    parts = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
    session = opened(model, 1)
    return [feeds(session, work.batch(part, form.predictor)) for part in parts]


def judged_on(work: Work) -> np.ndarray:
    """The rows on which the ways are compared."""
    rows = work.chosen_by
    return rows if len(rows) <= JUDGED_ON else generator(work.seed, "int8").choice(rows, JUDGED_ON, replace=False)


def measured(form: Form, work: Work, rows: np.ndarray, before: float, name: str, model: bytes) -> Tried:
    """What a way loses on `rows`, where the headline metric was `before`, and how fast it is with one thread."""
    network: Any = OnnxNetwork(model)
    after = headline_value(replace(form.predictor, network=network), work.store, rows)
    session, ms = opened(model, 1), {}
    for size in (1, BATCH):
        arrays = feeds(session, work.batch(np.resize(rows, size), form.predictor))
        ms[size] = timed({"": partial(session.run, None, arrays)}, seconds=0.2)[""]["median"]
    return Tried(name, model, points_lost(form.predictor.task.card.headline, before, after), ms)
