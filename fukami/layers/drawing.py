"""Choosing the next token: the likeliest, or one drawn by its probability. B batch, V vocabulary."""

from typing import Any

import torch


def drawn(logits_BV: torch.Tensor, chance_B: torch.Tensor, options: Any) -> torch.Tensor:
    """`ids_B`: with `greedy` the likeliest; else one drawn by the uniform numbers `chance_B` from probabilities at
    `temperature`, of the `top_k` likeliest (0: all), of the fewest that have `top_p` of the probability together.

    >>> from types import SimpleNamespace
    >>> told = SimpleNamespace(greedy=False, temperature=1.0, top_k=2, top_p=1.0)
    >>> drawn(torch.tensor([[0.0, 1.0, 3.0]]).repeat(2, 1), torch.tensor([0.1, 0.95]), told).tolist()
    [2, 1]

    Source: nucleus sampling (top_p), Holtzman et al. 2019.
    """
    if options.greedy or options.temperature <= 0:
        return logits_BV.argmax(1)
    ordered_BV, order_BV = logits_BV.sort(dim=1, descending=True, stable=True)
    if options.top_k:
        ordered_BV, order_BV = ordered_BV[:, : options.top_k], order_BV[:, : options.top_k]
    share_BV = torch.softmax(ordered_BV / options.temperature, dim=1)
    before_BV = share_BV.cumsum(1) - share_BV
    share_BV = share_BV.masked_fill(before_BV >= options.top_p, 0.0)
    reached_BV = share_BV.cumsum(1)
    place_B = (reached_BV < (chance_B * reached_BV[:, -1])[:, None]).sum(1).clamp(max=share_BV.shape[1] - 1)
    return order_BV.gather(1, place_B[:, None]).squeeze(1)
