"""Every task is served because its file is there: over the network an example has the answer that `predict` gives it."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fukami import api
from fukami.answers import together
from fukami.core.cards import cards
from fukami.core.plain import plain
from fukami.engine.plan import Plan
from fukami.predictor import Predictor
from fukami.tasks.registry import contract
from tests.laws.test_tasks import learned, tiny
from tests.small_servers import run_of, serving
from tests.synthetic import columns


def predictor_of(name: str) -> Predictor:
    task, _store = learned(name)
    return Predictor(task, tiny(task).eval(), api.recipe_for(name, {}), None, Plan())


def given(task: Any, place: Path, count: int = 2) -> list[dict[str, Any]]:
    """A few examples, as other programs give them."""
    raw = columns({name: field.kind for name, field in contract(task.name).fields.items()})
    found = {name: field.as_inputs(raw[name], np.arange(count), place) for name, field in task.inputs.items()}
    return [{name: found[name][row] for name in found} for row in range(count)]


def sent(value: Any, schema: dict[str, Any]) -> Any:
    if "contentEncoding" in schema and isinstance(value, str | Path):
        return base64.b64encode(Path(value).read_bytes()).decode()
    return json.loads(json.dumps(plain(value)))


def near(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return abs(left - right) <= 1e-4 * max(1, abs(left))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(near(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(near, left, right))
    return left == right


QUICK = ("history", "pair", "row", "text")
"""Kinds of input whose first task is asked in the quick tier too; others take seconds to be built, not to be served."""


def every_task() -> list[Any]:
    seen: set[str] = set()
    found = []
    for name, card in cards("tasks").items():
        (kind, *_others) = card.inputs
        quick = kind in QUICK and kind not in seen
        seen.add(kind)
        if "predict" not in card.without:
            found.append(pytest.param(name, marks=() if quick else pytest.mark.slow))
    return found


@pytest.mark.parametrize("name", every_task())
def test_an_example_is_answered_as_by_predict(name, tmp_path):
    predictor = predictor_of(name)
    task = predictor.task
    examples = given(task, tmp_path)
    values = [one if len(one) > 1 else next(iter(one.values())) for one in examples]
    (group,) = together(task, [(str(n), value) for n, value in enumerate(values)])
    expected = plain(predictor.predict(group.columns))
    with serving(run_of(predictor, "run")) as client:
        (run,) = client.get("/v1/runs").json()["runs"]
        asked = [{own: sent(value, run["inputs"][own]) for own, value in one.items()} for one in examples]
        response = client.post(
            "/predict", json={"inputs": [one if len(one) > 1 else next(iter(one.values())) for one in asked]}
        )
    assert response.status_code == 200, response.text[:500]
    found = [{own: part for own, part in one.items() if own != "input"} for one in response.json()["predictions"]]
    assert near(found, json.loads(json.dumps(expected)))
