"""A moving average of the weights (Polyak and Juditsky 1992): often better than the last weights, for one lerp a step.

    average <- average + (1 - d_t) * (weights - average),   d_t = min(decay, (1 + t) / (10 + t))

The rising decay `d_t` forgets the random start at once instead of after 1 / (1 - decay) steps. Buffers (the statistics of batch
norms) are averages already, or counters, and are copied.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


class EMA:
    """Keeps the average of a network's parameters. `decay` near 1 averages over about 1 / (1 - decay) steps.

    >>> layer = nn.Linear(1, 1, bias=False)
    >>> average = EMA(layer, decay=0.9)
    >>> with torch.no_grad(): _ = layer.weight.add_(1.0)
    >>> average.update()
    >>> with average.swapped(): inside = layer.weight.item()
    >>> inside < layer.weight.item()
    True
    """

    def __init__(self, network: nn.Module, decay: float):
        self.network, self.decay, self.updates = network, decay, 0
        self._average = {name: p.detach().clone() for name, p in network.named_parameters() if p.is_floating_point()}

    @torch.no_grad()
    def update(self) -> None:
        """Takes in the current weights; call it once after every step."""
        weight = 1 - min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        torch._foreach_lerp_(list(self._average.values()), self._own(), weight)  # type: ignore[attr-defined]

    def _own(self) -> list[torch.Tensor]:
        found = dict(self.network.named_parameters())
        return [found[name].detach() for name in self._average]

    @contextmanager
    def swapped(self) -> Iterator[nn.Module]:
        """Inside, the network holds the averages; afterwards, bit for bit the weights it had."""
        self._exchange()
        try:
            yield self.network
        finally:
            self._exchange()

    @torch.no_grad()
    def _exchange(self) -> None:
        for own, average in zip(self._own(), self._average.values(), strict=True):
            keep = own.clone()
            own.copy_(average)
            average.copy_(keep)

    def state(self) -> dict[str, torch.Tensor]:
        """The averages by parameter name, and the number of updates: what a checkpoint keeps."""
        return {**self._average, "__updates__": torch.tensor(self.updates)}

    def load(self, state: dict[str, torch.Tensor]) -> None:
        """Takes back what `state` gave."""
        self.updates = int(state["__updates__"])
        for name, average in self._average.items():
            average.copy_(state[name])
