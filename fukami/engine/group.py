"""Several processes that share each step of one training: their sums, their messages, their common order.

Tensors travel by torch.distributed (gloo between processors, nccl between GPUs), short messages through the key-value store by
which the processes found each other. A message may be waited for as long as it takes: whoever fails says so in the store, so
that nobody waits for one who has gone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import torch
import torch.distributed as dist
from torch import nn

from fukami.engine.ranks import Ranks, T
from fukami.engine.shared_norm import has_batch_norm, shared_statistics
from fukami.engine.wire import packed, unpacked

FAILED = "failed"
"""The key under which the process that failed first leaves its number."""
POLL_S = (0.002, 0.1)
"""Least and most seconds between two looks for a message."""


class Left(Exception):
    """Another process has failed and says why, so this one ends in silence."""


class Lost(Exception):
    """Another process is not there any more, and nobody says why."""


@dataclass(frozen=True)
class Group(Ranks):
    """Process `rank` of `size`.

    `store` carries messages of this start of the processes, `root` what outlives a restart; `norms` sums batch statistics.

    Every method is called by all processes in the same order, or they wait for each other.
    """

    store: Any = None
    root: Any = None
    norms: Any = None
    counter: list[int] = field(default_factory=lambda: [0])
    seen: WeakKeyDictionary[nn.Module, bool] = field(default_factory=WeakKeyDictionary)

    # -- sums ------------------------------------------------------------------------------------------------------------
    @contextmanager
    def gathering(self, network: nn.Module, *, last: bool) -> Iterator[None]:
        with ExitStack() as stack:
            if self.sharded:
                network.set_requires_gradient_sync(last)  # type: ignore[operator]
            elif not last:
                stack.enter_context(network.no_sync())  # type: ignore[operator]
            stack.enter_context(shared_statistics(self.norms) if self._has_norms(network) else nullcontext())
            yield

    def _has_norms(self, network: nn.Module) -> bool:
        """Whether the network has batch norms; a walk through all modules is too much for every micro-batch."""
        if network not in self.seen:
            self.seen[network] = has_batch_norm(network)
        return self.seen[network]

    def mean(self, loss: torch.Tensor) -> torch.Tensor:
        total = loss.detach().clone()
        dist.all_reduce(total)
        return total / self.size

    def any(self, *flags: bool) -> tuple[bool, ...]:
        up = torch.tensor(flags, dtype=torch.int32)
        dist.all_reduce(up, op=dist.ReduceOp.MAX)
        return tuple(bool(flag) for flag in up.tolist())

    def most(self, value: float) -> float:
        largest = torch.tensor(value, dtype=torch.float64)
        dist.all_reduce(largest, op=dist.ReduceOp.MAX)
        return largest.item()

    # -- messages --------------------------------------------------------------------------------------------------------
    def told(self, work: Callable[[], T]) -> T:
        self.counter[0] += 1
        key = f"told/{self.counter[0]}"
        if self.leads:
            value = work()
            self.store.set(key, json.dumps(value))
            return value
        return json.loads(self._message(key))

    def lasting(self, name: str, work: Callable[[], str]) -> str:
        return self.told(lambda: self.root.compare_set(f"fukami/lasting/{name}", "", work()).decode())

    @contextmanager
    def first_leads(self) -> Iterator[None]:
        if self.leads:
            yield
            self.told(lambda: None)
        else:
            self.told(lambda: None)
            yield

    def _message(self, key: str) -> bytes:
        pause, most = POLL_S
        try:
            while not self.store.check([key]):
                if self.store.check([FAILED]):
                    raise Left
                time.sleep(pause)
                pause = min(most, 1.5 * pause)
            return self.store.get(key)
        except RuntimeError as error:  # the store has gone with the process that kept it
            raise Lost(str(error)) from None

    def fails_first(self) -> bool:
        """Whether this process is the first to fail, which is the one that says why."""
        try:
            return self.store.compare_set(FAILED, "", str(self.rank)).decode() == str(self.rank)
        except RuntimeError:
            return True

    # -- evaluation ------------------------------------------------------------------------------------------------------
    def over(self, parts: Sequence[T], work: Callable[[T], Any]) -> Iterator[Any]:
        for start in range(0, len(parts), self.size):
            own = start + self.rank
            mine: Any = ()
            if own < len(parts) or self.sharded:
                # sharded weights are put together in every pass, for which all must be there: the last ones repeat a part
                mine = work(parts[min(own, len(parts) - 1)])
            yield from self._gathered(mine)[: len(parts) - start]

    def _gathered(self, tree: Any) -> list[Any]:
        """Every process's tree, in the order of their ranks."""
        sent = packed(tree)
        sizes = [torch.zeros(1, dtype=torch.int64) for _rank in range(self.size)]
        dist.all_gather(sizes, torch.tensor([len(sent)]))
        room = max(int(size) for size in sizes)
        told = [torch.empty(room, dtype=torch.uint8) for _rank in range(self.size)]
        dist.all_gather(told, torch.cat([sent, sent.new_zeros(room - len(sent))]))
        return [unpacked(one) for one in told]


def is_lost(error: BaseException) -> bool:
    """Whether an error means that another process has gone in the middle of what all do together."""
    if isinstance(error, (Lost, dist.DistError)):
        return True
    words = ("gloo", "connection closed by peer", "connection reset by peer", "nccl", "processgroup")
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in words)
