"""Memory that runs out on a processor: under a real limit a step is repeated in parts; answering is halved too."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from fukami.core.errors import RunError
from fukami.core.recipe import Recipe
from fukami.engine.fitting import in_parts
from fukami.predictor import Predictor
from tests.small_learners import learned, learner

ROOT = Path(__file__).parent.parent.parent

LIMITED = """
import json, resource, sys
import torch
from torch import nn
from fukami.engine import optimisers
from fukami.engine.ema import EMA
from fukami.engine.keeper import Keeper
from fukami.engine.learner import LossOf
from fukami.objectives.contract import Outcome
from tests.small_learners import learner

torch.set_num_threads(1)


class Wide(nn.Module):
    '''Few weights, large activations: 26 MB for 16 examples, several times over.'''

    def __init__(self):
        super().__init__()
        self.into, self.out = nn.Linear(2, 400_000), nn.Linear(400_000, 1)

    def forward(self, x_BF):
        return self.out(nn.functional.gelu(self.into(x_BF)) / 600).squeeze(1)


def run(micro_batch):
    made = learner("tabular-regression", optimizer="sgd", steps=4)
    torch.manual_seed(0)
    made.network = Wide()
    made.called = LossOf(made.network)
    made.optimizer = optimisers.build(made.learning, optimisers.parameter_groups(made.network, made.learning))
    made.ema, made.micro_batch = EMA(made.network, 0.9), micro_batch
    made.objective = lambda net, batch, rng: Outcome((net(batch["row"].numbers[:, :2]) - batch["value"]).square())
    losses, events = [], []
    for progress in Keeper(made, 3).steps():
        losses.append(float(progress.loss))
        events += [event.as_dict() for event in made.events]
        made.events.clear()
    return {"losses": losses, "events": events, "micro_batch": made.micro_batch}


def peak():
    return next(int(line.split()[1]) << 10 for line in open("/proc/self/status") if line.startswith("VmPeak"))


quarter = run(4)  # what memory is needed for a quarter of the batch at a time, and not much more
resource.setrlimit(resource.RLIMIT_AS, (peak() + (8 << 20), resource.RLIM_INFINITY))
limited = run(0)
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(json.dumps({"quarter": quarter, "limited": limited, "free": run(0)}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's account of memory")
def test_a_limit_on_the_process_is_survived_with_the_same_losses():
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MALLOC_MMAP_THRESHOLD_": "1000000"}
    done = subprocess.run([sys.executable, "-c", LIMITED], cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["free"]["events"] == [] and told["free"]["micro_batch"] == 0
    assert told["limited"]["events"] and told["limited"]["events"][0]["event"] == "out-of-memory"
    assert 1 <= told["limited"]["micro_batch"] <= 8
    assert told["limited"]["losses"] == pytest.approx(told["free"]["losses"], rel=1e-4)
    assert told["quarter"]["losses"] == pytest.approx(told["free"]["losses"], rel=1e-4)


def test_answering_is_halved_and_gives_the_same_answers(monkeypatch):
    task, store = learned("text-classification")
    made = learner("text-classification")
    predictor = Predictor(task, made.network, Recipe(task=task.name), None, made.plan)
    rows = np.arange(48)
    whole = list(predictor.stream(store, rows))
    plain, seen = Predictor.answers, []

    def answers(self, batch, **options):
        size = len(batch["text"].ids)
        if size > 10:
            raise torch.OutOfMemoryError("CUDA out of memory")
        seen.append(size)
        return plain(self, batch, **options)

    monkeypatch.setattr(Predictor, "answers", answers)
    parts = list(predictor.stream(store, rows))
    assert max(seen) <= 10 and sum(seen) == 48
    for one in range(3):
        together = np.concatenate([part[one] for part in whole])
        np.testing.assert_allclose(np.concatenate([part[one] for part in parts]), together, rtol=1e-5, atol=1e-6)


def test_one_example_that_cannot_be_answered_is_said_and_other_errors_are_not_hidden():
    def full(_start, _stop):
        raise MemoryError

    with pytest.raises(RunError, match="F-MEMORY"):
        list(in_parts(9, 4, full))

    def wrong(_start, _stop):
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        list(in_parts(9, 4, wrong))
    assert list(in_parts(0, 4, full)) == []
