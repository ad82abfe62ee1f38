"""What a task makes of its network's outputs: precise, and the same again where it draws."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import nn

from fukami.core.errors import UsageError
from fukami.core.tables import Column
from fukami.data.store import prepare
from fukami.export.contract import Material, require_one_pass
from fukami.tasks.compose import linear_head
from fukami.tasks.contract import Task
from fukami.tasks.registry import contract
from tests.small_predictors import small_predictor


class Constant(nn.Module):
    """Gives half a deviation for every example."""

    def forward(self, inputs):
        return torch.full((len(inputs["row"].numbers), 1, 1), 0.5)


def prices(offset: float) -> tuple[Task, dict]:
    task = contract("tabular-regression")
    size = np.linspace(0, 1, 40)
    raw = {"row": [Column("size", pa.array(size))], "value": [Column("price", pa.array(offset + 100 * size))]}
    fields = {name: field.learn(raw[name]) for name, field in task.fields.items()}
    return task.with_fields(fields), prepare(fields, raw, {}).batch(np.arange(40))


def test_small_differences_of_large_numbers_reach_the_answers():
    near, far = (task.ask(Constant(), batch) for task, batch in (prices(0.0), prices(1.7e9)))
    torch.testing.assert_close(far - 1.7e9, near.to(far.dtype), atol=1e-3, rtol=0)


def sampled(task, network, batch, rng):
    """Asks twice, with noise in between."""
    first = network(batch)
    return (first + torch.randn(first.shape, generator=rng) * network(batch)).softmax(-1).mean(1)


def test_a_task_that_draws_gives_the_same_answers_again_and_is_not_exported_as_one_pass(tmp_path):
    predictor, columns = small_predictor("tabular-classification")
    drawing = replace(predictor, task=replace(predictor.task, answer=sampled))
    batch = drawing.batch({"row": columns}, np.arange(8))
    torch.testing.assert_close(drawing.answers(batch), drawing.answers(batch), atol=0, rtol=0)
    assert not torch.equal(drawing.answers(batch), predictor.answers(batch))
    with pytest.raises(UsageError, match="F-TASK-ANSWER"):
        drawing.outputs(batch)
    with pytest.raises(UsageError, match="F-TASK-ANSWER"):
        require_one_pass(Material(drawing, batch, tmp_path), "onnx")


def test_a_linear_head_on_a_sequence_is_refused():
    """It would take elements for members, and average them together with the padding behind them."""
    told = contract("text-classification")
    with pytest.raises(UsageError, match="F-TASK-HEAD"):
        linear_head(replace(told, card=replace(told.card, needs="sequence")), 8, 1)
