"""One step as a transaction: its gradients are there in full, or the network is as it was.

The examples of a step are computed in micro-batches whose gradients add up to those of the whole. Where memory runs out, the
micro-batch is halved and the same step begins again: what forward passes moved (batch statistics) is put back, and random
numbers are drawn anew from the step's own seed.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.seeds import derive
from fukami.engine.buffers import kept_of
from fukami.engine.draws import seed_draws
from fukami.engine.fitting import clear
from fukami.engine.graphs import leave_graphs
from fukami.engine.learner import Learner, Losses
from fukami.engine.mishaps import BeginAgain, Event, TooLarge, TornUpdate, is_out_of_memory
from fukami.fields import batch as trees
from fukami.objectives.contract import turns

Batch = dict[str, Any]

_ALONE = "more than 1 value per channel"
"""How torch's batch norms refuse a single number."""


def gradients(learner: Learner, batch: Batch, rng: torch.Generator, player: str = "") -> tuple[torch.Tensor, Losses]:
    """Leaves the gradient of the batch's mean loss in the network, and returns that loss and its parts (detached).

    Where several play, it is `player`'s loss, and its gradient is left in the part of the network that it moves alone.

    Raises `TooLarge` where memory does not suffice for a single example, and `BeginAgain` where it does not suffice in one of
    several processes.
    """
    total = trees.size(batch)
    while True:
        leave_graphs(learner)
        moved = kept_of(learner.network).keep()
        state = rng.get_state()
        try:
            return _accumulated(learner, batch, total, rng, player)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        except ValueError as error:
            if _ALONE not in str(error):
                raise
            raise _single(learner) from None
        # outside the handler: an exception in flight holds on to the tensors of the pass that failed
        halve(learner, total)
        told = {"micro_batch": learner.micro_batch, "parts": -(-total // learner.micro_batch)}
        learner.events.append(Event(learner.step + 1, "out-of-memory", told))
        moved.put_back()
        rng.set_state(state)
        release(learner)


def halve(learner: Learner, total: int) -> None:
    """Halves the micro-batch of a step of `total` examples. Raises `TooLarge` where it is a single one.

    One of several processes cannot repeat a step alone, while the others wait for it to go on: it raises `BeginAgain`.
    """
    most = -(-total // learner.ranks.size)
    now = min(learner.micro_batch or most, most)
    if now <= 1:
        raise TooLarge
    if learner.ranks.size > 1:
        raise BeginAgain(-(-now // 2))
    learner.micro_batch = -(-now // 2)


def _accumulated(learner: Learner, batch: Batch, total: int, rng: torch.Generator, player: str) -> tuple[torch.Tensor, Losses]:
    ranks, objective = learner.ranks, turns(learner.objective)[player]
    learner.optimizer.zero_grad(set_to_none=True)
    seed_draws(derive(learner.seed, "step", learner.step, *filter(None, [player]), *ranks.words), learner.device)
    parts = ranks.parts(total, learner.micro_batch)
    losses: list[torch.Tensor] = []
    told: Losses = {}
    for index, (start, stop) in enumerate(parts):
        part = batch if stop - start == total else trees.part(batch, start, stop)
        with ranks.gathering(learner.called, last=index == len(parts) - 1):
            with learner.plan.autocast():
                loss, named = learner.called(objective, part, rng)
            if stop - start < total:
                # processes are averaged: where one has more examples than another, they weigh as much as any other example
                share = (stop - start) * ranks.size / total
                loss, named = loss * share, {name: value * share for name, value in named.items()}
            if not loss.requires_grad:
                raise _unconnected()
            loss.backward()
        losses.append(loss.detach())
        told = {name: told[name] + value if name in told else value for name, value in named.items()}
    if player:
        _forget_others(learner.network, player)
    loss = ranks.mean(losses[0] if len(losses) == 1 else torch.stack(losses).sum())
    return loss, {name: ranks.mean(value) for name, value in told.items()}


def _forget_others(network: nn.Module, player: str) -> None:
    """Lets go of gradients that a player's pass left on weights that are not its own: an optimiser skips weights without."""
    own = {id(p) for p in network.get_submodule(player).parameters()}
    for parameter in network.parameters():
        if id(parameter) not in own:
            parameter.grad = None


def _single(learner: Learner) -> UsageError:
    """The error for statistics of one number, which batch norms refuse."""
    name = "batch_size" if learner.order.batch_size <= learner.ranks.size else "micro_batch"
    return UsageError(
        "F-BATCH-SINGLE",
        _("batch norms need more than one number for each channel, and one example gives them no more"),
        expected=_("at least {n} examples at a time").format(n=2),
        got="1",
        fix=f"--set {name}={max(8, 2 * learner.ranks.size)}",
    )


def _unconnected() -> UsageError:
    """The error for a loss that has no gradient."""
    return UsageError(
        "F-LOSS-UNCONNECTED",
        _("the loss does not depend on any weight that is learned, so nothing would be learned"),
        fix=_("look for torch.no_grad(), .detach() or whole numbers between the weights and the loss"),
    )


def update(learner: Learner, *, last: bool = True) -> None:
    """Changes the weights by the gradients; the average after the `last` of several players.

    Raises `TornUpdate` where memory runs out on the way.
    """
    try:
        learner.optimizer.step()
        if learner.ema is not None and last:
            learner.ema.update()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise TornUpdate from None


def clip(optimizer: torch.optim.Optimizer, limit: float) -> torch.Tensor:
    """Scales the gradients of what is learned down to the norm `limit` (0: no limit) and returns the norm they had.

    The result is that of `torch.nn.utils.clip_grad_norm_`; on a processor, where looking at the norm costs nothing, gradients
    that are short enough are left alone.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
    norm = norm_of([p.grad for p in parameters])
    if limit > 0 and (norm.device.type != "cpu" or not limit / (float(norm) + 1e-6) >= 1):
        nn.utils.clip_grads_with_norm_(parameters, limit, norm, foreach=True)
    return norm


def norm_of(gradients: list[torch.Tensor]) -> torch.Tensor:
    """The norm of all gradients as one vector: what `torch.nn.utils.get_total_norm` gives, without its sorting where there is
    nothing to sort.

    >>> norm_of([torch.tensor([3.0]), torch.tensor([[0.0, 4.0]])])
    tensor(5.)
    """
    kinds = {(type(g), g.dtype, g.device) for g in gradients}
    if len(kinds) == 1 and kinds.pop()[0] is torch.Tensor:
        return torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))  # type: ignore[arg-type]
    norm = nn.utils.get_total_norm(gradients, foreach=True)
    return getattr(norm, "full_tensor", lambda: norm)()  # weights that are divided among processes have a norm in parts


def release(learner: Learner) -> None:
    """Gives memory back that a failed pass held."""
    learner.optimizer.zero_grad(set_to_none=True)
    clear()
