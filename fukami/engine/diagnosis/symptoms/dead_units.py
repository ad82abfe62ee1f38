"""Units that never fire: ReLU outputs that are zero for every example, so that nothing reaches the weights before them.

All rectifiers are watched, wherever they stand in the network's code, over several hundred training examples.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from fukami.core.cards import SymptomCard
from fukami.core.language import _
from fukami.core.percent import percent
from fukami.engine.diagnosis.case import Case
from fukami.engine.diagnosis.contract import Finding, LeftOut, Look
from fukami.objectives.contract import mean_loss

CARD = SymptomCard(
    name="dead-units",
    summary="units that are zero for every example",
    explains=("one-batch", "label-noise", "underfitting"),
)

MANY = 0.5
"""Share of a layer's units that are dead in a sick network; healthy ones lose some as well."""
HARDLY = 0.5
"""What a training has learned at most that suffers from it."""
RECTIFIERS = {F.relu, F.relu_, torch.relu, torch.relu_, torch.Tensor.relu, torch.Tensor.relu_, F.relu6}


def look(case: Case) -> Look:
    if case.trained is None:
        raise LeftOut(_("no weights of the training were kept"))
    shares = dead_shares(case, case.trained)
    if not shares:
        return Look({"rectifiers": 0})
    figures = {
        "rectifiers": len(shares),
        "worst_layer": round(max(shares), 3),
        "all_layers": round(sum(shares) / len(shares), 3),
    }
    if max(shares) < MANY or case.progress >= HARDLY:
        return Look(figures)
    finding = Finding(
        cause=CARD.name,
        code="F-DIAGNOSE-DEAD-UNITS",
        score=0.55 + 0.3 * max(shares),
        what=_("{share} of the units of a layer are zero for every example: they cannot learn any more").format(
            share=percent(max(shares), digits=0)
        ),
        evidence=figures | {"training_learned": round(case.progress, 3)},
        fix=case.mend(learning_rate=f"{min(case.good_rate, case.learner.learning.learning_rate / 3):.1g}"),
    )
    return Look(figures, finding)


def dead_shares(case: Case, network: nn.Module) -> list[float]:
    """The share of dead units of each rectifier, in the order in which they are computed."""
    network.eval()
    alive: dict[int, list[torch.Tensor]] = {}
    with torch.no_grad():
        for start in range(0, len(case.sample), 128):
            with Watching() as watching:
                mean_loss(case.learner.objective, network, case.batch(case.sample[start : start + 128]), case.rng())
            for index, fired in enumerate(watching.fired):
                seen = alive.setdefault(index, fired)
                alive[index] = [a | b for a, b in zip(seen, fired, strict=True)] if _same(seen, fired) else fired
    return [min(float((~axis).float().mean()) for axis in fired) for fired in alive.values()]


def _same(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return [a.shape for a in one] == [b.shape for b in other]


class Watching(TorchFunctionMode):
    """Inside, `fired` gets which units of each rectifier fired for some example.

    Which axis holds the units of a sequence is not written on it, so the second and the last axis are both kept; the share that
    is the lower one counts.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fired: list[list[torch.Tensor]] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        if func in RECTIFIERS and isinstance(found, torch.Tensor) and found.ndim > 1:
            axes = {1, found.ndim - 1} if found.ndim == 3 else {1}
            self.fired.append([(found > 0).transpose(0, axis).flatten(1).any(1) for axis in sorted(axes)])
        return found
