"""The explained margin as a function that can be differentiated.

The network stands in evaluation mode and computes in float32, whatever the plan of its training was.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from fukami.core.language import _
from fukami.explain.case import Case
from fukami.explain.contract import unfit


@contextmanager
def evaluating(case: Case) -> Iterator[None]:
    """The network in evaluation mode, with gradients, which its own weights do not gather."""
    network = case.predictor.network
    wanted = [(weight, weight.requires_grad) for weight in network.parameters()]
    network.eval()
    try:
        for weight, _grad in wanted:
            weight.requires_grad_(False)
        with torch.enable_grad():
            yield
    finally:
        for weight, grad in wanted:
            weight.requires_grad_(grad)


def margin(case: Case) -> Callable[[Any], torch.Tensor]:
    """`batch → margin_B` of the explained label or value."""
    target, network, plan = case.predictor.task.target, case.predictor.network, case.predictor.plan

    def asked(batch: Any) -> torch.Tensor:
        outputs_BMK = network({case.field.name: plan.arranged(batch)})
        return target.margin(outputs_BMK, case.index or 0, case.predictor.temperature)

    return asked


def require_weights(method: str, case: Case) -> None:
    """Raises `UsageError` where the network computes outside of torch, as one that runs in onnxruntime does."""
    if next(case.predictor.network.parameters(), None) is None:
        raise unfit(method, _("its network gives no gradients"), case.field.kind)


def require_gradient(method: str, case: Case, result: torch.Tensor) -> None:
    """Raises `UsageError` where the network's answer does not tell how it depends on what was put in."""
    if not result.requires_grad:
        raise unfit(method, _("its network gives no gradients"), case.field.kind)
