"""A network spread over processes: a copy in each (DDP), or a share of the weights in each (FSDP2), and its whole state.

With DDP every process holds all weights; gradients are averaged while the backward pass still runs. With FSDP2 a process holds
1 / R of weights, gradients and optimiser state, and each block of the network is put together when it is its turn.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
import torch.distributed as dist
from torch import nn

from fukami.engine.buffers import kept_of
from fukami.fields import batch as trees
from fukami.objectives.contract import mean_loss, turns

if TYPE_CHECKING:
    from fukami.engine.learner import Learner


def spread(
    learner: Learner, optimizer_of: Callable[[nn.Module], torch.optim.Optimizer], batch: dict[str, Any]
) -> nn.Module | None:
    """Makes `learner` one of several. `optimizer_of` makes its optimiser, over weights that are shares now.

    Returns, where the weights are shares, a whole network of the same form on the processor, to take the final weights; else
    None. `batch` is one to find out with whether some weights take no part in a step.
    """
    if not learner.ranks.sharded:
        players = turns(learner.objective)
        (idle,) = learner.ranks.any(learner.frozen_steps > 0 or len(players) > 1 or has_idle(learner, batch))
        # kernels of pictures with one channel have two memory orders that are the same
        warnings.filterwarnings("ignore", message="Grad strides do not match bucket view strides")
        learner.called = nn.parallel.DistributedDataParallel(learner.called, find_unused_parameters=idle)
        settle(learner, batch)
        return None
    whole = copy.deepcopy(learner.network.cpu())
    learner.network.to(learner.device)
    shard(learner.called, learner.network, learner.device)
    learner.optimizer = optimizer_of(learner.network)
    return whole


def settle(learner: Learner, batch: dict[str, Any]) -> None:
    """One backward pass that is thrown away, after which the gradients are summed in the order that they will always have.

    DDP puts gradients together by the order in which they first came, so the sums of a first step are rounded as no later ones
    are: a training that begins again in its midst would end with other bits.
    """
    moved = kept_of(learner.network).keep()
    devices = [learner.device] if learner.device.type == "cuda" else []
    learner.network.train()
    with torch.random.fork_rng(devices=devices), learner.ranks.gathering(learner.called, last=True):
        for objective in turns(learner.objective).values():
            learner.called(objective, batch, torch.Generator(learner.device))[0].backward()
    learner.optimizer.zero_grad(set_to_none=True)
    moved.put_back()


def has_idle(learner: Learner, batch: dict[str, Any]) -> bool:
    """Whether a backward pass of `batch` leaves some weight without a gradient. Tried on a copy; random draws are undone."""
    devices = [learner.device] if learner.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        trial = copy.deepcopy(learner.network).train()
        mean_loss(learner.objective, trial, batch, torch.Generator(learner.device)).backward()
        learner.optimizer.zero_grad(set_to_none=True)  # a penalty reads the network itself
    return any(p.grad is None for p in trial.parameters() if p.requires_grad)


def shard(called: nn.Module, network: nn.Module, device: torch.device) -> None:
    """Divides the weights of `network`, on which `called` computes, among the processes, in place, block by block."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh(device.type, (dist.get_world_size(),))
    for block in blocks(network):
        fully_shard(block, mesh=mesh)
    fully_shard(called, mesh=mesh)


def blocks(network: nn.Module) -> list[nn.Module]:
    """The members of the network's outermost lists of modules, as far as no weight is shared between them.

    >>> [type(b).__name__ for b in blocks(nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), nn.Linear(2, 1)))]
    ['Sequential']
    """
    found: list[nn.Module] = []
    pending = [network]
    while pending:
        for child in pending.pop().children():
            if isinstance(child, (nn.ModuleList, nn.Sequential)):
                # a member without children may be read for its weight rather than called, and is too small to pay
                found += [member for member in child if list(member.children()) and any(True for _ in member.parameters())]
            else:
                pending.append(child)
    if isinstance(network, (nn.ModuleList, nn.Sequential)):
        found = [member for member in network if list(member.children()) and any(True for _ in member.parameters())]
    seen: set[int] = set()
    for block in found:
        own = {id(p) for p in block.parameters()}
        if seen & own:
            return []
        seen |= own
    return found


# -- whole states --------------------------------------------------------------------------------------------------------
def whole(tree: Any) -> Any:
    """The tree with every tensor that is divided among processes put together, on the processor. All processes call it."""
    return trees.mapped(tree, lambda leaf: leaf.full_tensor().cpu() if hasattr(leaf, "full_tensor") else leaf)


def divided_state(learner: Learner, state: dict[str, Any]) -> dict[str, Any]:
    """A learner's whole state (`keeper.state_of`) cut into the shares that this process holds; shares stay as they are."""
    return state | {
        "network": divided(state["network"], learner.network.state_dict()),
        "optimizer": divided_optimizer(state["optimizer"], learner.optimizer),
        "ema": divided(state["ema"], learner.ema.state()) if learner.ema else {},
    }


def divided(tensors: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    """Whole tensors cut into shares as those of the same name in `like` are."""
    return {name: _as(value, like.get(name)) for name, value in tensors.items()}


def divided_optimizer(state: dict[str, Any], optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """An optimiser's whole state cut into shares as its weights are."""
    weights = [p for group in optimizer.param_groups for p in group["params"]]
    cut = {
        index: {
            name: _as(value, weights[index])
            if isinstance(value, torch.Tensor) and value.shape == weights[index].shape
            else value
            for name, value in told.items()
        }
        for index, told in state["state"].items()
    }
    return {**state, "state": cut}


def _as(value: Any, model: Any) -> Any:
    from torch.distributed.tensor import DTensor, distribute_tensor

    if not isinstance(model, DTensor) or isinstance(value, DTensor) or not isinstance(value, torch.Tensor):
        return value
    return distribute_tensor(value.to(model.device), model.device_mesh, model.placements)
