"""Batch norms over the examples of all processes, so that a step's statistics do not depend on who computes which example.

torch has this for GPUs (`nn.SyncBatchNorm`, whose kernels are used there); here it works on processors as well, and without
replacing modules: inside `shared_statistics`, a call of `F.batch_norm` in training takes mean and variance over all processes,
whichever library's module it comes from. Formulas are those of Ioffe and Szegedy 2015; means and variances of the processes are
joined as in Chan et al. 1979, which loses no digits where the mean is large.

    dx = w / s * (dy - mean(dy) - x' * mean(dy * x')),   x' = (x - mean) / s,  means over every process's examples

B batch, C channels, R processes; further axes of x are positions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn
from torch.overrides import TorchFunctionMode


def has_batch_norm(network: nn.Module) -> bool:
    """Whether the network has batch norms."""
    return any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in network.modules())


class shared_statistics(TorchFunctionMode):  # noqa: N801 - used as a context
    """Inside, batch norms in training see the examples of all processes of `group`, each of which must call it as often."""

    def __init__(self, group: Any):
        super().__init__()
        self.group = group

    def __torch_function__(self, func: Callable, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is not F.batch_norm:
            return func(*args, **kwargs)
        call = _Call(*args, **kwargs)
        if not call.training:
            return func(*args, **kwargs)
        return _by_kernels(call, self.group) if call.input.is_cuda else _normalised(call, self.group)


class _Call:
    """The arguments of `F.batch_norm`."""

    def __init__(
        self,
        input: torch.Tensor,
        running_mean: torch.Tensor | None,
        running_var: torch.Tensor | None,
        weight: torch.Tensor | None = None,
        bias: torch.Tensor | None = None,
        training: bool = False,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ):
        self.input, self.running_mean, self.running_var = input, running_mean, running_var
        self.weight, self.bias, self.training, self.momentum, self.eps = weight, bias, training, momentum, eps


def _by_kernels(call: _Call, group: Any) -> torch.Tensor:
    from torch.nn.modules._functions import SyncBatchNorm

    own = (call.input, call.weight, call.bias, call.running_mean, call.running_var, call.eps, call.momentum)
    return SyncBatchNorm.apply(*own, group, dist.get_world_size(group))  # type: ignore[return-value]


def _normalised(call: _Call, group: Any) -> torch.Tensor:
    x = call.input
    shape = (1, -1, *(1,) * (x.ndim - 2))
    normal, mean_C, var_C, total = _Normal.apply(x.float(), call.eps, group)  # type: ignore[misc]
    if call.running_mean is not None and call.running_var is not None:
        with torch.no_grad():
            call.running_mean.lerp_(mean_C.to(call.running_mean), call.momentum)
            unbiased_C = var_C * (total / (total - 1).clamp(min=1))
            call.running_var.lerp_(unbiased_C.to(call.running_var), call.momentum)
    if call.weight is not None:
        normal = normal * call.weight.float().view(shape)
    if call.bias is not None:
        normal = normal + call.bias.float().view(shape)
    return normal.to(x.dtype)


class _Normal(torch.autograd.Function):
    """x (B, C, …) → x', and the mean, biased variance and number of values that it was normalised by."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, eps: float, group: Any) -> tuple[torch.Tensor, ...]:
        axes = [0, *range(2, x.ndim)]
        var_C, mean_C = torch.var_mean(x, axes, correction=0)
        count = x.new_full((1,), x.numel() // x.shape[1])
        told = [torch.empty(2 * len(mean_C) + 1, device=x.device) for _rank in range(dist.get_world_size(group))]
        dist.all_gather(told, torch.cat([mean_C, var_C, count]), group=group)
        means_RC, vars_RC, counts_R1 = torch.stack(told).split([len(mean_C), len(mean_C), 1], dim=1)
        total = counts_R1.sum()
        mean_C = (means_RC * counts_R1).sum(0) / total
        var_C = ((vars_RC + (means_RC - mean_C).square()) * counts_R1).sum(0) / total
        shape = (1, -1, *(1,) * (x.ndim - 2))
        scale_C = (var_C + eps).rsqrt()
        normal = (x - mean_C.view(shape)) * scale_C.view(shape)
        ctx.save_for_backward(normal, scale_C, total)
        ctx.group, ctx.axes, ctx.shape = group, axes, shape
        ctx.mark_non_differentiable(mean_C, var_C, total)
        return normal, mean_C, var_C, total

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, None, None]:  # type: ignore[override]
        dy = grads[0]
        normal, scale_C, total = ctx.saved_tensors
        sums_2C = torch.cat([dy.sum(ctx.axes), (dy * normal).sum(ctx.axes)])
        dist.all_reduce(sums_2C, group=ctx.group)
        dy_C, dyx_C = (sums_2C / total).chunk(2)
        dx = (dy - dy_C.view(ctx.shape) - normal * dyx_C.view(ctx.shape)) * scale_C.view(ctx.shape)
        return dx, None, None
