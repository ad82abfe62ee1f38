"""The explained margin as a function that can be differentiated.

The network stands in evaluation mode and computes in float32, whatever the plan of its training was.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from fukami.core.language import _
from fukami.explain.case import Case


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
    return case.question.margin


def followed(case: Case) -> torch.Tensor:
    """The margin of the example, from which gradients lead back to what grows along its way."""
    ask, layer = margin(case), case.way.layer if case.way else None
    if layer is None:
        return ask(case.batch.detach().clone().requires_grad_(True))
    hook = layer.register_forward_hook(lambda _module, _inputs, found: found.detach().requires_grad_(True))
    try:
        return ask(case.batch)
    finally:
        hook.remove()


def no_gradients(case: Case) -> str:
    """Why the network's answer cannot be followed back, in a sentence; empty where it can."""
    if next(case.predictor.network.parameters(), None) is None:  # it computes outside of torch, as in onnxruntime
        return _("its network gives no gradients")
    if case.way is None:
        return _("its network has no layer that turns tokens into vectors")
    with evaluating(case):
        return "" if followed(case).requires_grad else _("its network gives no gradients")
