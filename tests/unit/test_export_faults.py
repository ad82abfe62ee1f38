"""The gate of exporting, tried with planted faults: what was written is altered before it is asked, and has to be refused."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pytest

from fukami.core.cards import card, cards, load
from fukami.core.errors import GateError
from fukami.core.tables import Column
from fukami.data.store import prepare
from fukami.evaluate.examples import Judged
from fukami.export import parity, surroundings
from fukami.export.contract import Material, plain
from fukami.export.onnx_graph import answered, session, write_graph
from fukami.export.verb import first_batch, proven, without_value
from fukami.fields import batch as trees
from fukami.fields.row.columns.registry import column_class
from fukami.fields.scored import Scored
from fukami.predictor import Predictor
from tests.small_predictors import trained
from tests.synthetic import columns

PLACE = TemporaryDirectory(prefix="fukami-faults-")
TASKS = {
    "image": ("image-classification", "linear"),
    "text": ("text-classification", "bag-of-embeddings"),
    "row": ("tabular-classification", "mlp"),
}


@dataclass(frozen=True)
class Written:
    """A small export, and what its gate compares it with."""

    folder: Path
    material: Material
    judged: Judged


def raw_columns(kind: str) -> dict[str, list[Column]]:
    found = columns({kind: kind, "label": "category"}, 240 if kind == "row" else 48)  # fewer names would be categories
    if kind == "image":  # in colours, and larger than the network takes them
        grey = np.asarray(found["image"][0].values)
        shades = np.stack([grey, grey // 2, 255 - grey], -1).repeat(3, 1).repeat(3, 2)
        return {**found, "image": [Column("image", shades)]}
    if kind == "text":
        capitals = [text.capitalize() for text in found["text"][0].strings()]
        return {**found, "text": [Column("text", pa.array(capitals))]}
    return {**found, "row": [*found["row"], *other_columns(len(found["row"][0]))]}


def other_columns(total: int) -> list[Column]:
    """Columns of the kinds that `tests.synthetic` has none of: texts, dates and truths with their types, kinds in numbers."""
    rng = np.random.default_rng(0)
    names = [None, *(f"{'very ' * (i % 5)}long name, no {i}" for i in range(1, total))]
    return [
        Column("name", pa.array(names)),
        Column("flag", pa.array([None, *(bool(v) for v in rng.integers(0, 2, total - 1))])),
        Column("moment", pa.array(np.datetime64("2020-01-01T05:06:07", "s") + rng.integers(0, 10**8, total))),
        Column("count", pa.array([None, *rng.integers(0, 9, total - 1).tolist()])),
        Column("several", rng.normal(size=(total, 3))),
        Column("lasted", pa.array(rng.integers(0, 10**6, total).astype("timedelta64[ms]"))),
        Column("once", pa.array([None if i % 2 else 1 for i in range(total)])),  # one value, or none: a scale of one knot
    ]


def warmed(predictor: Predictor, temperature: float) -> Predictor:
    target = predictor.task.target
    assert isinstance(target, Scored)
    return replace(predictor, task=predictor.task.with_fields({target.name: target.tempered(temperature)}))


@cache
def written(kind: str) -> Written:
    task, model = TASKS[kind]
    raw, format = raw_columns(kind), card("export/formats", "onnx")
    predictor, _columns = trained(task, raw, model=model)
    predictor = plain(warmed(predictor, 1.6))
    judged = Judged(None, raw, prepare(predictor.task.fields, raw, {}), np.arange(40), [], 0, 0)  # type: ignore[arg-type]
    folder, run = Path(PLACE.name, kind), SimpleNamespace(task=task, told={"model": {"name": model}})
    (folder / "run" / "model").mkdir(parents=True)
    (folder / "run" / "model" / "config.json").write_text("{}")
    described = surroundings.description(run, predictor, format)  # type: ignore[arg-type]
    material = Material(predictor, first_batch(predictor, judged), folder / "run")
    load("export/formats", "onnx").write(material, folder)
    described |= {"tensors": surroundings.tensors(material, format), **surroundings.asking(material)}
    surroundings.write(folder, format, described, material, ["# a run"])
    return Written(folder, material, judged)


def judge(kind: str, place: Path, *, alter: Callable[[Path], None] | None = None, answers: Any = None) -> dict[str, Any]:
    """The gate, with `alter` done to the folder, and with `answers` changing what the graph gives."""
    whole = written(kind)
    shutil.copytree(whole.folder, place)
    if alter:
        alter(place)
    opened = session(place / "model.onnx")

    def asked(inputs):
        scores = answered(opened, inputs)["scores"]
        return whole.material.answers({"scores": scores if answers is None else answers(scores, inputs).copy()})

    limits = {"tolerance": parity.TOLERANCE, "points": parity.POINTS}
    return proven(place, card("export/formats", "onnx"), whole.material, asked, whole.judged, **limits)


# -- faults --------------------------------------------------------------------------------------------------------------
def says(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    """Another `preprocessing.json`."""

    def alter(folder: Path) -> None:
        file = folder / "preprocessing.json"
        told = json.loads(file.read_text("utf-8"))
        change(told)
        file.write_text(json.dumps(told), "utf-8")

    return alter


def does(old: str, new: str) -> Callable[[Path], None]:
    """Another `predict.py`."""

    def alter(folder: Path) -> None:
        file = folder / "predict.py"
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")

    return alter


def input_says(**changed: Any) -> Callable[[Path], None]:
    return says(lambda told: told["input"].update(changed))


def swap(mapping: dict[str, Any], one: str, other: str) -> None:
    mapping[one], mapping[other] = mapping[other], mapping[one]


def stale(told: dict[str, Any]) -> None:
    """The scale of a number column as it was of other rows."""
    scale = told["input"]["scales"][0]
    key = "at" if "at" in scale else "centre"
    scale[key] = (np.asarray(scale[key]) * 1.01).tolist()


def forgets_the_temperature(folder: Path) -> None:
    material = written("row").material
    warm = Material(material.predictor.unsettled(), material.inputs, material.folder)
    write_graph(warm.predictor.network, warm.inputs, folder / "model.onnx", after=warm.after)


def weights(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    """Other weights in the graph."""

    def alter(folder: Path) -> None:
        model = onnx.load(folder / "model.onnx")
        for weight in model.graph.initializer:
            values = onnx.numpy_helper.to_array(weight)
            if values.dtype == np.float32 and values.size > 1:
                weight.CopyFrom(onnx.numpy_helper.from_array(change(values).astype(np.float32), weight.name))
        onnx.save(model, folder / "model.onnx")

    return alter


FOLDERS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "another mean": ("image", says(lambda told: told["input"]["mean"].__setitem__(0, told["input"]["mean"][0] + 0.002))),
    "another deviation": ("image", says(lambda told: told["input"]["std"].__setitem__(1, told["input"]["std"][1] * 1.01))),
    "blue for red": ("image", does(".transpose(0, 3, 1, 2)", "[..., ::-1].transpose(0, 3, 1, 2)")),
    "nearest pixels": ("image", does("Resampling.BILINEAR", "Resampling.NEAREST")),
    "another filter": ("image", does("Resampling.BILINEAR", "Resampling.BICUBIC")),
    "grey pictures": ("image", input_says(mode="L")),
    "swapped classes": ("image", says(lambda told: told["answer"]["classes"].reverse())),
    "capitals kept": ("text", input_says(lower=False)),
    "a token less": ("text", says(lambda told: told["input"].update(most_tokens=told["input"]["most_tokens"] - 1))),
    "swapped words": ("text", says(lambda told: swap(told["input"]["vocabulary"], "sun", "moon"))),
    "another unknown": ("text", says(lambda told: told["input"].update(unknown=told["input"]["padding"]))),
    "missing inverted": ("row", does("np.isnan(numbers[", "~np.isnan(numbers[")),
    "missing not told": ("row", does("np.isnan(numbers[", "False & np.isnan(numbers[")),
    "stale scale": ("row", says(stale)),
    "swapped towns": ("row", says(lambda told: swap(told["input"]["columns"][2]["values"], "town1", "town2"))),
    "whole numbers with a point": ("row", does("str(int(value) if whole else value)", "str(value)")),
    "huge numbers written out": ("row", does("value.is_integer() and -(2**63) <= value < 2**63", "abs(value) < 1e300")),
    "no temperature": ("row", forgets_the_temperature),
    "coarse weights": ("row", weights(lambda x: np.round(x * 16) / 16)),
    "a weight that is no number": ("row", weights(lambda x: np.where(np.arange(x.size).reshape(x.shape) == 0, np.nan, x))),
}
ANSWERS: dict[str, tuple[str, Any]] = {
    "right for one example alone": ("row", lambda scores, _inputs: np.repeat(scores[:1], len(scores), 0)),
    "right for one length alone": (
        "text",
        lambda scores, inputs: scores if trees.named(inputs)["text_ids"].shape[1] > 8 else scores[:, ::-1],
    ),
    "wrong for one example alone": ("row", lambda scores, _inputs: scores if len(scores) > 1 else scores[:, ::-1]),
    "a class that is no number": ("row", lambda scores, _inputs: np.where(np.arange(scores.shape[1]) == 2, np.nan, scores)),
    "a class less": ("row", lambda scores, _inputs: scores[:, :-1]),
    "a little surer": ("row", lambda scores, _inputs: scores**1.05 / (scores**1.05).sum(1, keepdims=True)),
}


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=() if kind == "row" else pytest.mark.slow) for kind in TASKS])
def test_an_honest_export_passes(kind, tmp_path):
    told = judge(kind, tmp_path / "export")
    assert told["held"] and told["max_difference"] < 1e-5


def test_rows_are_proved_with_columns_of_every_kind():
    kinds = {told["kind"] for told in written("row").material.predictor.task.input.describe()}
    used = {kind for kind in cards("fields/row/columns") if column_class(kind).used}
    assert kinds == used - {"personal"}, "personal data has to be asked for: tests/runs/test_personal.py"


QUICK = ("another mean", "nearest pixels", "swapped classes", "swapped words", "missing inverted", "coarse weights")
"""Faults of each kind that the quick tier plants; all are slow."""


@pytest.mark.parametrize("fault", [pytest.param(one, marks=() if one in QUICK else pytest.mark.slow) for one in FOLDERS])
def test_a_fault_in_the_files_is_refused(fault, tmp_path):
    kind, alter = FOLDERS[fault]
    with pytest.raises(GateError, match="F-EXPORT-"):
        judge(kind, tmp_path / "export", alter=alter)


@pytest.mark.parametrize("fault", ANSWERS)
def test_a_fault_in_the_answers_is_refused(fault, tmp_path):
    kind, answers = ANSWERS[fault]
    with pytest.raises(GateError, match="F-EXPORT-"):
        judge(kind, tmp_path / "export", answers=answers)


def test_a_metric_without_a_value_is_said_to_have_none():
    told = {"points": {"headline": "roc_auc"}, "examples": 1, "metrics": {"roc_auc": {"run": None, "exported": None}}}
    (note,) = without_value(told)
    assert "roc_auc" in note and "this 1 example" in note
    assert not without_value({**told, "metrics": {"roc_auc": {"run": 0.9, "exported": 0.9}}})


def test_roundings_of_the_weights_are_told_even_where_they_are_allowed(tmp_path):
    """Weights in float16 answer within the tolerance, which is what is claimed; the proof says how far apart they are."""
    told = judge("row", tmp_path / "export", alter=weights(lambda x: x.astype(np.float16)))
    assert 1e-5 < told["max_difference"] <= parity.TOLERANCE
