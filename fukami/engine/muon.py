"""Muon: momentum whose matrices are made orthogonal (Jordan et al. 2024), with AdamW for everything that is no hidden matrix.

    M <- mu * M + (1 - mu) * G;   U = orthogonalise((1 - mu) * G + mu * M)
    W <- (1 - lr * wd) * W - lr * 0.2 * sqrt(max(R, C)) * U

The factor 0.2 * sqrt(max) gives updates the size of AdamW's (Liu et al. 2025), so that one learning rate serves both.
`torch.optim.Muon` takes matrices only; here kernels of convolutions are read as matrices (outputs x the rest), and
everything is one optimiser with one `state_dict`. Orthogonalising is done in float32, which small matrices do not feel.
R rows, C columns.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.optim import AdamW, Optimizer

from fukami.engine.light import light

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalise(gradient_RC: torch.Tensor, *, steps: int = 5) -> torch.Tensor:
    """The nearest matrix with singular values near 1 (about 0.7 to 1.2), by a quintic Newton-Schulz iteration.

    >>> singular = torch.linalg.svdvals(orthogonalise(torch.tensor([[9.0, 1.0], [0.0, 1.0]])))
    >>> bool(singular.min() > 0.5), bool(singular.max() < 1.5)
    (True, True)
    """
    a, b, c = _COEFFICIENTS
    x = gradient_RC.float()
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / x.norm().clamp_min(1e-7)
    for _step in range(steps):
        gram = x @ x.T
        x = a * x + torch.addmm(gram, gram, gram, beta=b, alpha=c) @ x
    return (x.T if tall else x).to(gradient_RC.dtype)


class MuonWithAdamW(light(Optimizer)):  # type: ignore[misc]
    """Muon on the groups that are marked `matrices`, AdamW on the others, as one optimiser."""

    def __init__(self, groups: list[dict[str, Any]], *, lr: float, momentum: float = 0.95, fused: bool = False):
        adamw_defaults = light(AdamW)([torch.zeros(1)], lr=lr, fused=fused).defaults
        super().__init__(groups, {**adamw_defaults, "lr": lr, "momentum": momentum, "matrices": False})
        self._join()

    def _join(self) -> None:
        """Gives the inner AdamW this optimiser's own groups and state, so that there is only one of each."""
        rest = [g for g in self.param_groups if not g["matrices"]]
        self._adamw = light(AdamW)([torch.zeros(1)]) if rest else None
        if self._adamw is not None:
            self._adamw.defaults, self._adamw.param_groups, self._adamw.state = self.defaults, rest, self.state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self._join()

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One update from the gradients; `closure`, where given, computes them."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        if self._adamw is not None:
            self._adamw.step()
        for group in self.param_groups:
            if group["matrices"]:
                for weight in group["params"]:
                    if weight.grad is not None:
                        self._update(weight, group)
        return loss

    def _update(self, weight: torch.Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(weight, memory_format=torch.preserve_format)
        gradient, buffer, mu = weight.grad, state["momentum_buffer"], group["momentum"]
        assert gradient is not None
        buffer.lerp_(gradient, 1 - mu)
        update = torch.lerp(gradient, buffer, mu)
        matrix = orthogonalise(update.flatten(1))
        weight.mul_(1 - group["lr"] * group["weight_decay"])
        weight.add_(matrix.view(weight.shape), alpha=-group["lr"] * 0.2 * math.sqrt(max(matrix.shape)))
