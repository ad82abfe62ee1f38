"""Attention and GELU as single operators of onnxruntime, in place of the dozen that ONNX would write them as.

With integers the products take a third of the time, so what lies between them decides how fast a transformer is. onnxruntime
finds such groups itself in graphs of some older exporters, not in these.

Shapes: B batch, N heads, S queries, T keys, H width of a head.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

AWAY = -80.0
"""What is added to the score of a key that is not to be looked at: its weight becomes e⁻⁸⁰ of another's, nothing beside a
rounding unless its score was higher by sixty. Less than that gives weights below the least normal float32 (e⁻⁸⁷), with which
processors compute several times slower (measured: a tenth of the time of a small BERT)."""
LEAST = -1e9
"""The least that a mask of numbers adds: infinities would become NaN where a query has no key at all."""


class FusedOperators(TorchFunctionMode):
    """While it is entered, a network that is traced holds onnxruntime's operators (domain `com.microsoft`).

    They are traced only: what the network computes meanwhile means nothing.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        instead = _INSTEAD.get(func)
        found = instead(*args, **kwargs) if instead else None
        return func(*args, **kwargs) if found is None else found


def attention(
    query_BNSH: torch.Tensor,
    key_BNTH: torch.Tensor,
    value_BNTH: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor | None:
    """`scaled_dot_product_attention` as one operator; None where there is none for it."""
    if query_BNSH.ndim != 4 or enable_gqa or is_causal:
        return None
    B, N, S, H = query_BNSH.shape
    T, mask = key_BNTH.shape[2], attn_mask
    if mask is not None:
        mask = torch.where(mask, 0.0, AWAY) if mask.dtype == torch.bool else mask.clamp(min=LEAST)
        while mask.ndim < 4:
            mask = mask.unsqueeze(0)
        mask = mask.expand(mask.shape[0], mask.shape[1], S, T)
    merged = [part.transpose(1, 2).flatten(2) for part in (query_BNSH, key_BNTH, value_BNTH)]
    attrs = {"num_heads": N, "scale": float(H**-0.5 if scale is None else scale)}
    inputs = [*merged, None, None, mask] if mask is not None else merged
    y = _operator("MultiHeadAttention", inputs, merged[0], (B, S, merged[2].shape[2]), attrs)
    return y.unflatten(2, (N, -1)).transpose(1, 2)


def gelu(x: torch.Tensor, approximate: str = "none") -> torch.Tensor:
    """`gelu` as one operator."""
    return _operator("Gelu" if approximate == "none" else "FastGelu", [x], x, x.shape)


def _operator(name: str, inputs: Any, like: torch.Tensor, shape: Any, attrs: dict[str, Any] | None = None) -> torch.Tensor:
    return torch.onnx.ops.symbolic(
        f"com.microsoft::{name}", inputs, attrs or {}, dtype=like.dtype, shape=tuple(shape), version=1
    )


_INSTEAD: dict[Any, Callable[..., torch.Tensor | None]] = {
    functional.scaled_dot_product_attention: attention,
    functional.gelu: gelu,
}
