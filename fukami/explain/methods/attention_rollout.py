"""Attention roll-out: from which tokens the answer draws through the attention of all blocks.

Abnar & Zuidema 2020: each block passes on what it has (the residual) and what it attends to, and the blocks' matrices are
multiplied. What differs: attention counts as far as it speaks for the explained label (Chefer et al. 2021), by its gradient,
the mean while all attention grows from nothing to what it is (Hao et al. 2021). On a transformer of two blocks and SST-2 the
plain mean over heads was no better than random, and the gradient at full attention alone missed a planted word. The answer is
read where the gradient of the last sequence says: at the first token or at all, as the network pools. Weights have no sign.

Attention is seen as it is computed, so any network that calls torch's attention or a softmax over pairs of tokens is read,
without a list of architectures. Shapes: B batch, N heads, L tokens, D features.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from fukami.core.cards import MethodCard
from fukami.core.language import _
from fukami.explain.case import Case
from fukami.explain.contract import Weights, require
from fukami.explain.gradients import evaluating, followed, no_gradients

CARD = MethodCard(
    name="attention-rollout",
    summary="from which tokens the attention of all blocks together draws",
    asks="sequence",
    looks_at="attention",
    source="Abnar & Zuidema 2020, arXiv:2005.00928; Hao et al. 2021, arXiv:2004.11207",
)

STEPS = 8
"""Shares of the attention at which its gradient is taken."""
_SOFTMAX = (torch.softmax, F.softmax, torch.Tensor.softmax)


class Seen(TorchFunctionMode):
    """Scales the attention of every block by `share`, and keeps it `(1, N, L, L)` where gradients reach it.

    It acts on one text of `length` tokens that passes inside the `with`.
    """

    def __init__(self, length: int, share: float):
        super().__init__()
        self.length, self.share = length, share
        self.found: list[torch.Tensor] = []

    def __torch_function__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        named = dict(kwargs or {})
        if func is F.scaled_dot_product_attention:
            weights = attention(*args, **named)
            if self._fits(weights):
                return self._kept(weights) @ (args[2] if len(args) > 2 else named["value"])
        result = func(*args, **named)
        if func in _SOFTMAX and isinstance(result, torch.Tensor) and self._fits(result):
            return self._kept(result)
        return result

    def _fits(self, found: torch.Tensor) -> bool:
        return found.ndim == 4 and len(found) == 1 and found.shape[-2:] == (self.length, self.length) and found.requires_grad

    def _kept(self, found: torch.Tensor) -> torch.Tensor:
        self.found.append(found * self.share)
        return self.found[-1]


def attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    """The attention that `F.scaled_dot_product_attention` with these arguments applies."""
    if enable_gqa:  # values would have to be repeated as well: such networks are left to other methods
        return torch.empty(0)
    logits = query @ key.transpose(-2, -1) * (scale or 1 / math.sqrt(query.shape[-1]))
    if is_causal:
        logits = logits.masked_fill(torch.ones(logits.shape[-2:], dtype=torch.bool, device=logits.device).triu(1), -math.inf)
    if attn_mask is not None:
        logits = logits.masked_fill(~attn_mask, -math.inf) if attn_mask.dtype == torch.bool else logits + attn_mask
    return torch.exp(logits - logits.logsumexp(-1, keepdim=True))


def obstacle(case: Case) -> str:
    """Whether there are no gradients, no attention, or attention of steps that are taken one after the other."""
    if not case.predictor.task.is_one_pass(case.predictor.network):
        return _("its answers are written step by step, and attend to one another as well")
    return no_gradients(case) or ("" if _passed(case, 1.0)[0] else _("its network has no attention between tokens"))


def weigh(case: Case) -> Weights:
    """What each token passes on to the answer."""
    require(CARD.name, case)
    passes = [_passed(case, (step + 1) / STEPS) for step in range(STEPS)]
    whole, _slopes, read_L = passes[-1]
    slopes = [torch.stack(every).mean(0) for every in zip(*(slopes for _blocks, slopes, _read in passes), strict=True)]
    flow_LL = rolled_out([block * slope for block, slope in zip(whole, slopes, strict=True)])
    return Weights(case.units.summed((read_L @ flow_LL).double().cpu().numpy()), signed=False)


@contextmanager
def _watched() -> Iterator[None]:
    """Without the way of torch's own layer on which attention is computed where nobody can look."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


def _passed(case: Case, share: float) -> tuple[list[torch.Tensor], list[torch.Tensor], torch.Tensor]:
    """Attention `(N, L, L)` of every block when it is scaled by `share`, its gradients, and where the answer is read (L)."""
    length = len(case.units.of)
    sequences: list[torch.Tensor] = []

    def look(_module: nn.Module, _inputs: object, output: object) -> None:
        if isinstance(output, torch.Tensor) and output.ndim == 3 and output.shape[1] == length and output.requires_grad:
            sequences.append(output)

    hooks = [module.register_forward_hook(look) for module in case.predictor.network.modules()]
    try:
        with evaluating(case), _watched(), Seen(length, share) as seen:
            result = followed(case)
    finally:
        for hook in hooks:
            hook.remove()
    if not seen.found:
        return [], [], torch.zeros(length)
    slopes = torch.autograd.grad(result.sum(), [*seen.found, *sequences], allow_unused=True)
    of_blocks = [torch.zeros_like(a) if g is None else g for a, g in zip(seen.found, slopes, strict=False)]
    read_L = _read(sequences, slopes[len(seen.found) :], length)
    return [a.detach()[0] for a in seen.found], [g[0] for g in of_blocks], read_L


def _read(sequences: Sequence[torch.Tensor], slopes: Sequence[torch.Tensor | None], length: int) -> torch.Tensor:
    """How much the answer is read from each place (L) of the last sequence that it depends on; shares of all."""
    for sequence, slope in zip(reversed(sequences), reversed(slopes), strict=True):
        if slope is None or not bool(slope.abs().max() > 0):
            continue
        read_L = (sequence.detach() * slope)[0].sum(1)
        read_L = read_L.relu() if bool((read_L > 0).any()) else read_L.abs()
        return read_L / read_L.sum()
    return torch.full((length,), 1 / length)


def rolled_out(blocks: Sequence[torch.Tensor]) -> torch.Tensor:
    """`(L, L)`: how much each first token (column) reaches each last one (row).

    `blocks` are attention times gradient `(N, L, L)`. Each adds its positive part, the mean over heads and then in shares of
    the strongest row, to what passes by.

    >>> rolled_out([torch.tensor([[[0.0, 2.0], [-1.0, 0.0]]])]).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    length = blocks[0].shape[-1] if blocks else 0
    flow_LL = torch.eye(length, dtype=blocks[0].dtype, device=blocks[0].device) if blocks else torch.zeros(0, 0)
    for block_NLL in blocks:
        step_LL = block_NLL.relu().mean(0)
        flow_LL = flow_LL + (step_LL / step_LL.sum(1).max().clamp(min=1e-12)) @ flow_LL
    return flow_LL
