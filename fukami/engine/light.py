"""Optimisers that start without torch's compiler, and step without its profiler.

torch wraps the methods of its optimisers so that its compiler leaves them alone, and the first call of such a wrapper imports
the compiler: four seconds on two cores, more than a small training takes. The engine compiles networks, never optimisers, so
the methods inside of the wrappers do the same. A torch whose wrappers look different is used as it is, and starts slower.

What torch does around each step and each forgetting of gradients, so that its profiler can name them, takes a twentieth of the
step of a small network; it is left out.
"""

import inspect
from functools import cache
from typing import Any, TypeVar

import torch
from torch.optim import Optimizer

Kind = TypeVar("Kind", bound=type[Optimizer])
_WRAPPED = ("add_param_group", "state_dict", "load_state_dict")


def light(kind: Kind) -> Kind:
    """The same class of optimiser without the wrappers.

    >>> layer = torch.nn.Linear(2, 2)
    >>> optimizer = light(torch.optim.SGD)(layer.parameters(), lr=0.1)
    >>> type(optimizer).__name__, isinstance(optimizer, torch.optim.SGD)
    ('SGD', True)
    """
    return _light(kind)


@cache
def _light(kind: Any) -> Any:
    own = {name: inspect.unwrap(getattr(kind, name)) for name in _WRAPPED}
    # what torch wraps `step` in switches gradients off around it
    own["step"] = torch.no_grad()(inspect.unwrap(kind.step))
    own["step"].hooked = True  # torch takes it for one that it has wrapped for its profiler already
    own["zero_grad"] = _zero_grad
    return type(kind.__name__, (kind,), own | {"__doc__": kind.__doc__, "__module__": __name__})


def _zero_grad(self: Optimizer, set_to_none: bool = True) -> None:
    """Forgets the gradients; they are never kept as zeros, which an optimiser would take for gradients."""
    for group in self.param_groups:
        for parameter in group["params"]:
            parameter.grad = None
