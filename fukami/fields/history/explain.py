"""Items of a history as what an explanation weighs; one is taken away by closing the gap that it leaves.

P patterns, U units, L items.
"""

from collections.abc import Sequence

import numpy as np
import torch

from fukami.fields.history.spec import History
from fukami.fields.units import Units

MOST = 50
"""Of longer histories the latest items are weighed."""


def units_of(batch: History, names: Sequence[str]) -> Units:
    """One unit for each of the latest items."""
    numbers = batch.items[0, : int(batch.lengths[0])].tolist()
    first = max(0, len(numbers) - MOST)
    told = tuple({"item": names[number - 1], "place": place + 1} for place, number in enumerate(numbers) if place >= first)
    of_L = np.arange(len(numbers)) - first
    return Units(tuple(one["item"] for one in told), np.where(of_L >= 0, of_L, -1), told)


def without(batch: History, gone_PU: np.ndarray) -> History:
    """Copies of the one history without the items of each pattern; whoever lacks one is asked about as somebody unknown."""
    length = int(batch.lengths[0])
    gone_PL = np.zeros((len(gone_PU), length), bool)
    gone_PL[:, length - gone_PU.shape[1] :] = gone_PU
    order_PL = torch.from_numpy(np.argsort(gone_PL, 1, kind="stable")).to(batch.items.device)
    lengths_P = torch.from_numpy((~gone_PL).sum(1)).to(batch.items.device)
    items_PL = batch.items[:, :length].expand(len(gone_PU), -1).gather(1, order_PL)
    items_PL = items_PL.masked_fill(torch.arange(length, device=items_PL.device) >= lengths_P[:, None], 0)
    users_P = torch.where(lengths_P < length, 0, batch.users)
    return History(items_PL, lengths_P, users_P, batch.candidates.expand(len(gone_PU), -1))
