"""Attention roll-out: from which tokens the attention of all blocks together draws.

Abnar & Zuidema 2020. Each block passes on half of what it has (the residual) and half of what it attends to, the mean over
heads; the blocks' matrices are multiplied. The answer is read at the first token where a model of transformers pools there,
else at the mean of all. Weights have no sign: they say what was looked at, not what it speaks for.

Attention is seen as it is computed, so any network that calls torch's attention or a softmax over pairs of tokens is read,
without a list of architectures. Shapes: B batch, N heads, L tokens.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from fukami.core.cards import MethodCard
from fukami.core.language import _
from fukami.explain.case import Case
from fukami.explain.contract import Weights, unfit

CARD = MethodCard(
    name="attention-rollout",
    summary="from which tokens the attention of all blocks together draws",
    of=("text",),
    looks_at="attention",
    source="Abnar & Zuidema 2020, arXiv:2005.00928",
)

_SOFTMAX = (torch.softmax, F.softmax, torch.Tensor.softmax)


class Seen(TorchFunctionMode):
    """Keeps the attention `(N, L, L)` of every block that one text passes inside the `with`."""

    def __init__(self, length: int):
        super().__init__()
        self.length, self.found = length, []

    def __torch_function__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        named = dict(kwargs or {})
        result = func(*args, **named)
        if func is F.scaled_dot_product_attention:
            self._keep(attention(*args, **named))
        elif func in _SOFTMAX and isinstance(result, torch.Tensor):
            self._keep(result)
        return result

    def _keep(self, found: torch.Tensor) -> None:
        if found.ndim == 4 and len(found) == 1 and found.shape[-2:] == (self.length, self.length):
            self.found.append(found[0].double())


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
    if enable_gqa:
        key = key.repeat_interleave(query.shape[-3] // key.shape[-3], -3)
    logits = query @ key.transpose(-2, -1) * (scale or 1 / math.sqrt(query.shape[-1]))
    if is_causal:
        logits = logits.masked_fill(torch.ones(logits.shape[-2:], dtype=torch.bool).triu(1), -math.inf)
    if attn_mask is not None:
        logits = logits.masked_fill(~attn_mask, -math.inf) if attn_mask.dtype == torch.bool else logits + attn_mask
    return torch.exp(logits - logits.logsumexp(-1, keepdim=True))


def weigh(case: Case) -> Weights:
    """What each token passes on to the answer, in shares of all."""
    network, length = case.predictor.network, int(case.batch.ids.shape[1])
    network.eval()
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # torch's own layer would attend where nobody can look
    try:
        with torch.no_grad(), Seen(length) as seen:
            network({case.name: case.batch})
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    if not seen.found:
        raise unfit(CARD.name, _("its network has no attention between tokens"), case.field.kind)
    flow_LL = rolled_out(seen.found)
    encoder = getattr(network, "encoder", None)
    read_L = flow_LL[0] if getattr(encoder, "library", "") == "transformers" else flow_LL.mean(0)
    return Weights(case.units.summed(read_L.cpu().numpy()), signed=False)


def rolled_out(blocks: Sequence[torch.Tensor]) -> torch.Tensor:
    """`(L, L)`: the share of each first token (column) in each last one (row). `blocks` are `(N, L, L)`.

    >>> rolled_out([torch.full((1, 2, 2), 0.5)]).tolist()
    [[0.75, 0.25], [0.25, 0.75]]
    """
    flow_LL = torch.eye(blocks[0].shape[-1], dtype=blocks[0].dtype, device=blocks[0].device)
    for block_NLL in blocks:
        step_LL = (block_NLL.mean(0) + torch.eye(len(flow_LL), dtype=block_NLL.dtype, device=block_NLL.device)) / 2
        flow_LL = step_LL @ flow_LL
    return flow_LL / flow_LL.sum(1, keepdim=True)
