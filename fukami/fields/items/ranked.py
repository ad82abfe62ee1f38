"""From scores of a whole catalogue to a ranking: what is asked about, what was chosen already, and the best of the rest.

B histories, I items of the catalogue (number 0 is none), L items of a history, C items asked about, K places of a ranking.
"""

from typing import NamedTuple

import torch

CLOSED = -1e30
"""The score of what may not be answered, in the outputs of a network."""
TOP = 10
"""Items that an answer names, unless it is asked for more."""
PLACES = 100
"""Places of a ranking that is judged, where all items are asked about."""


class Catalogue(NamedTuple):
    """What models are told of the items: how many there are, and who chose what in training: users and items from 1."""

    items: int
    users: int
    edge_users: torch.Tensor
    edge_items: torch.Tensor


def open_to(size: int, items_BL: torch.Tensor, candidates_BC: torch.Tensor, *, again: bool = False) -> torch.Tensor:
    """Which numbers may be answered (bool, B, I + 1): those asked about, and unless `again` none of the history.

    >>> open_to(3, torch.tensor([[2, 0]]), torch.zeros(1, 1, dtype=torch.int64)).tolist()
    [[False, True, False, True]]
    """
    none_BI = torch.zeros(len(items_BL), size + 1, dtype=torch.bool, device=items_BL.device)
    asked_B1 = (candidates_BC > 0).any(1, keepdim=True)
    open_BI = (none_BI.scatter(1, candidates_BC, True) | ~asked_B1) & (torch.arange(size + 1, device=items_BL.device) > 0)
    return open_BI if again else open_BI & ~none_BI.scatter(1, items_BL, True)


def best(scores_BI: torch.Tensor, open_BI: torch.Tensor, places: int) -> dict[str, torch.Tensor]:
    """`item` int64 and `score` float32 (B, K) of the best, in their order; item 0 with score 0 where nothing is left.

    >>> found = best(torch.tensor([[9.0, 1.0, 3.0]]), torch.tensor([[False, True, True]]), 3)
    >>> found["item"].tolist(), found["score"].tolist()
    ([[2, 1]], [[3.0, 1.0]])
    """
    places = max(1, min(places, scores_BI.shape[1] - 1))
    scores, items = scores_BI.float().masked_fill(~open_BI, -torch.inf).topk(places, dim=1)
    none = torch.isneginf(scores)
    return {"item": items.masked_fill(none, 0), "score": scores.masked_fill(none, 0.0)}


def ranking(
    scores_BI: torch.Tensor, items_BL: torch.Tensor, candidates_BC: torch.Tensor, places: int, *, again: bool = False
) -> dict[str, torch.Tensor]:
    """The best of what may be answered; where only some items are asked about, `places` of all of them."""
    open_BI = open_to(scores_BI.shape[1] - 1, items_BL, candidates_BC, again=again)
    return best(scores_BI, open_BI, places)
