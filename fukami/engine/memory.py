"""Bytes: what a step holds, and what the machine has left for it.

The activations of a step are counted as the tensors that its forward pass saves for the backward pass; temporary results come
on top, so a step is planned with room to spare (`ROOM`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from fukami.fields import batch as trees
from fukami.objectives.contract import mean_loss

if TYPE_CHECKING:
    from fukami.engine.learner import Learner

ROOM = 0.8
"""Share of the memory that is left which a step may be planned to fill."""
COPIES = {"sgd": 1, "rmsprop": 1, "muon": 1}
"""Numbers that an optimiser keeps for each weight; 2 where it is not named."""


def saved_bytes(learner: Learner, batch: dict[str, Any], rng: torch.Generator) -> int:
    """Bytes that the forward pass over `batch` saves for the backward pass, weights and the batch itself not counted.

    Every storage counts once, however many tensors share it.
    """
    known = {t.untyped_storage().data_ptr() for t in trees.leaves(batch)}
    known |= {t.untyped_storage().data_ptr() for t in (*learner.network.parameters(), *learner.network.buffers())}
    found: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            found[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), learner.plan.autocast():
        loss = mean_loss(learner.objective, learner.network, batch, rng)
    del loss  # held until here, so that no storage's address is used twice
    return sum(found.values())


def weight_bytes(network: nn.Module, optimizer: str, *, ema: bool = False) -> int:
    """Bytes of weights, gradients and optimiser state, of the snapshot that a broken training goes back to, and of the average.

    >>> weight_bytes(nn.Linear(10, 10, bias=False), "sgd")
    2000
    """
    weights = sum(p.numel() * p.element_size() for p in network.parameters())
    states = COPIES.get(optimizer, 2)
    return weights * (2 + states + 1 + states + (2 if ema else 0))


def batch_bytes(batch: Any) -> int:
    """Bytes of every tensor in a batch.

    >>> batch_bytes({"x": torch.zeros(2, 3), "y": (torch.zeros(2), 0.5)})
    32
    """
    return sum(t.numel() * t.element_size() for t in trees.leaves(batch))


def left_bytes(device: torch.device) -> int | None:
    """Bytes that this process may still take on `device`; None where the system does not tell.

    On a processor the least of: what the system has available, what the control group and the process's own limits allow.
    """
    if device.type == "cuda":
        free, _total = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    if device.type != "cpu":
        return None
    found = [told for told in (_available(), _group(), _limit()) if told is not None]
    return max(0, min(found)) if found else None


def _available() -> int | None:
    """`MemAvailable` of Linux; the physical pages that are free elsewhere."""
    info = _read(Path("/proc/meminfo"))
    for line in info.splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _group() -> int | None:
    """What the control group leaves, in the second version's files."""
    most, used = (_read(Path("/sys/fs/cgroup") / name).strip() for name in ("memory.max", "memory.current"))
    return int(most) - int(used) if most.isdigit() and used.isdigit() else None


def _limit() -> int | None:
    """What `ulimit -v` leaves."""
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    soft, _hard = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY:
        return None
    pages = _read(Path("/proc/self/statm")).split()
    return soft - int(pages[0]) * os.sysconf("SC_PAGE_SIZE") if pages else None


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError:  # not on this system
        return ""
