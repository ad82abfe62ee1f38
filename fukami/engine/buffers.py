"""What a forward pass may move besides gradients: the buffers of a network (statistics of batch norms), kept for putting back.

Looking through all modules and copying buffer by buffer takes longer than the step of a small network; so they are found once
and copied together into memory that stays.
"""

from weakref import WeakKeyDictionary

import torch
from torch import nn

_FOUND: "WeakKeyDictionary[nn.Module, Kept]" = WeakKeyDictionary()


class Kept:
    """The buffers of a network as they were when `keep` was called last.

    >>> norm = nn.BatchNorm1d(2)
    >>> kept = kept_of(norm).keep()
    >>> _ = norm(torch.ones(3, 2)); kept.put_back(); norm.running_mean.tolist()
    [0.0, 0.0]
    """

    def __init__(self, network: nn.Module):
        # by module and name: a module may replace its buffer instead of changing it. What is not saved with the weights is a
        # constant or made anew
        self._places = [
            (m._buffers, name) for m in network.modules() for name in m._buffers if name not in m._non_persistent_buffers_set
        ]
        self._seen: list[torch.Tensor | None] = []
        self._copies: list[torch.Tensor] = []

    @torch.no_grad()
    def keep(self) -> "Kept":
        """Copies every buffer as it is now."""
        seen = [owner[name] for owner, name in self._places]
        here = [buffer for buffer in seen if buffer is not None]
        if len(seen) != len(self._seen) or any(a is not b for a, b in zip(seen, self._seen, strict=True)):
            self._seen, self._copies = seen, [buffer.clone() for buffer in here]
        elif here:
            torch._foreach_copy_(self._copies, here)  # type: ignore[attr-defined]
        return self

    @torch.no_grad()
    def put_back(self) -> None:
        """Gives every buffer the values that it had."""
        copies = iter(self._copies)
        for (owner, name), buffer in zip(self._places, self._seen, strict=True):
            owner[name] = buffer
            if buffer is not None:
                buffer.copy_(next(copies))


def kept_of(network: nn.Module) -> Kept:
    """The place where `network`'s buffers are kept; one for each network."""
    found = _FOUND.get(network)
    if found is None:
        found = _FOUND[network] = Kept(network)
    return found
