"""What a history is to a model: numbers of items, the number of the user, and which items are asked about.

B batch, L items of the longest history, C items that are asked about (none where all are).
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

import torch

from fukami.core.specs import Spec


class History(NamedTuple):
    """A batch of histories.

    Attributes:
        items: int64 (B, L) in the order of time, padded with 0 at the end; the catalogue's numbers begin with 1.
        lengths: int64 (B).
        users: int64 (B); 0 is somebody whom training did not know.
        candidates: int64 (B, C), the only items that may be answered, 0 for none; a row of zeros asks about all.
    """

    items: torch.Tensor
    lengths: torch.Tensor
    users: torch.Tensor
    candidates: torch.Tensor


@dataclass(frozen=True)
class HistorySpec(Spec):
    """How many items and users there are; 0 is none of them in either."""

    items: int
    users: int
    pad: int = 0
    kind: str = "history"

    @classmethod
    def reference(cls) -> Self:
        return cls(items=10_000, users=10_000)

    @classmethod
    def small(cls) -> Self:
        return cls(items=12, users=6)


def drawn(spec: HistorySpec, count: int, rng: torch.Generator | None) -> History:
    """A batch behind which no data stands; without a generator every history is one item long."""
    lengths_B = torch.tensor([7, 1, 4, 2, 6] if rng is not None else [1]).repeat(count)[:count]
    longest = int(lengths_B.max()) if count else 0
    items_BL, users_B = torch.ones(count, longest, dtype=torch.int64), torch.zeros(count, dtype=torch.int64)
    if rng is not None:
        items_BL = torch.randint(1, spec.items + 1, (count, longest), generator=rng)
        users_B = torch.randint(0, spec.users + 1, (count,), generator=rng)
    items_BL = items_BL.masked_fill(torch.arange(longest) >= lengths_B[:, None], 0)
    return History(items_BL, lengths_B, users_B, torch.zeros(count, 1, dtype=torch.int64))
