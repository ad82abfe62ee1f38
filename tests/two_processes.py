"""What two gloo processes do beside one: run by `tests/runs/test_processes.py`.

Every check leaves plain values under its name in OUT/<rank>.json; a whole training becomes OUT/pair. The test compares them.
"""

import copy
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from fukami import api
from fukami.core import worker
from fukami.core.recipe import LearningChoices, PlanChoices
from fukami.data.batches import Order
from fukami.engine import optimisers
from fukami.engine.group import Group
from fukami.engine.learner import Learner
from fukami.engine.loop import train
from fukami.engine.plan import Plan
from fukami.engine.ranks import ALONE, Ranks
from fukami.engine.shared_norm import shared_statistics
from fukami.engine.spread import spread
from fukami.models import registry
from fukami.models.contract import Network
from fukami.objectives.contract import Outcome
from fukami.training.processes import joined
from tests.laws.test_tasks import learned, loss_of

MODELS = {"tabular-classification": ("mlp", {"dropout": 0.0}), "image-classification": ("cnn", {"dropout": 0.0})}


def learner_of(name: str, *, batch_size: int, num_steps: int) -> Learner:
    """A small training without draws inside the network, which each process makes for itself."""
    task, store = learned(name)
    (field,), (model, options) = task.inputs.values(), MODELS[name]
    torch.manual_seed(0)
    choice = registry.resolve(model, takes=field.kind, needs=task.card.needs)
    encoder = registry.build(choice, field.spec(), gives=task.card.needs, options=options)
    network = Network(encoder, task.head(task, encoder.num_features, getattr(encoder, "members", 1)))
    learning = LearningChoices(learning_rate=0.003, epochs=4, clip_norm=0.5)
    return Learner(
        network=network,
        objective=lambda net, batch, _rng: Outcome(loss_of(task, net, batch)),
        optimizer=optimisers.build(learning, optimisers.parameter_groups(network, learning)),
        learning=learning,
        store=store,
        order=Order(np.arange(48), batch_size, seed=0),
        plan=Plan(),
        num_steps=num_steps,
        seed=0,
        device=torch.device("cpu"),
    )


def optimizer_of(learner: Learner) -> Any:
    return lambda network: optimisers.build(learner.learning, optimisers.parameter_groups(network, learner.learning))


def trained(task: str, ranks: Ranks, *, micro_batch: int = 0, batch_size: int = 15, steps: int = 6) -> dict[str, Any]:
    """Losses and weights of a few steps whose examples cannot be shared evenly."""
    learner = learner_of(task, batch_size=batch_size, num_steps=steps)
    learner.ranks, learner.micro_batch = ranks, micro_batch
    if ranks.size > 1:
        spread(learner, optimizer_of(learner), learner.store.batch(np.arange(4)))
    losses = [float(progress.loss) for progress in train(learner)]
    state = learner.network.state_dict()
    return {"losses": losses, "weights": {name: value.flatten().tolist() for name, value in state.items()}}


def normalised(group: Group) -> dict[str, float]:
    """Largest differences of a batch norm over both processes (7 and 5 examples) to one over all."""
    torch.manual_seed(3)
    x, norm = torch.randn(12, 4, 3) * 5 + 100, nn.BatchNorm1d(4)
    nn.init.uniform_(norm.weight)
    other = copy.deepcopy(norm)
    full = x.clone().requires_grad_()
    goal = torch.randn(12, 4, 3)
    ((norm(full) - goal) ** 2).sum().backward()
    cut = slice(0, 7) if group.leads else slice(7, 12)
    own = x[cut].clone().requires_grad_()
    with shared_statistics(group.norms):
        y = other(own)
        ((y - goal[cut]) ** 2).sum().backward()
        evaluated = F.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias)
    torch.distributed.all_reduce(other.weight.grad)
    return {
        "input": float((own.grad - full.grad[cut]).abs().max()),
        "weight": float((other.weight.grad - norm.weight.grad).abs().max() / norm.weight.grad.abs().max()),
        "mean": float((other.running_mean - norm.running_mean).abs().max()),
        "var": float((other.running_var - norm.running_var).abs().max()),
        "evaluated": float((evaluated - norm.eval()(x)).abs().max()),
    }


def checked(group: Group) -> dict[str, Any]:
    told: dict[str, Any] = {"message": group.told(lambda: {"from": group.rank})}
    told["any"], told["most"] = group.any(group.leads, False), group.most(float(group.rank))
    worked: list[int] = []

    def work(part: np.ndarray) -> tuple[np.ndarray, ...]:
        worked.append(int(part[0]))
        return part * 2.0, part.astype(np.float32)

    parts = [np.arange(start, min(start + 3, 10)) for start in range(0, 10, 3)]
    told["over"] = [doubled.tolist() for doubled, _part in group.over(parts, work)]
    told["worked"] = worked
    told["norm"] = normalised(group)
    for task in MODELS:
        for micro in (0, 3):
            told[f"{task}-{micro}"] = trained(task, group, micro_batch=micro)
        if group.leads:
            told[f"{task}-alone"] = trained(task, ALONE)
    return told


def main(out: Path, data: str, settings: dict[str, Any]) -> None:
    with joined(PlanChoices()) as group:
        told = checked(group)  # type: ignore[arg-type]
    (out / f"{worker.rank()}.json").write_text(json.dumps(told))
    api.train("tabular-classification", data, model="mlp", out=out / "pair", **settings)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]))
