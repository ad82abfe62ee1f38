"""GPT: a transformer that foretells each token from those before it, in the form of GPT-2.

Pre-norm blocks, learned positions, the table of tokens shared with the answer, weights drawn with deviation 0.02 and those
before a residual sum narrower with depth. It answers as transformers' `GPT2LMHeadModel` does on copied weights (tests/parity).
What differs: dropout is 0 unless it is asked for, since a training of a few epochs ends before it overfits; keys and values are
remembered while it writes.

Shapes: B batch, L tokens, N heads, E width of a head, D width.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.core.specs import TokenSpec
from fukami.layers.dropout import dropout as dropped
from fukami.layers.next_token import NextToken

CARD = ModelCard(
    name="gpt",
    summary="transformer that foretells each token from those before it",
    takes=("passage",),
    gives=("continuation",),
    sizes={
        "tiny": {"width": 64, "depth": 2, "heads": 2},
        "small": {"width": 128, "depth": 4, "heads": 4},
        "base": {"width": 384, "depth": 6, "heads": 6},
        "large": {"width": 768, "depth": 12, "heads": 12},
    },
    size="small",
    small={"width": 16, "depth": 1},
    options={"width": 128, "depth": 4, "heads": 4, "dropout": 0.0},
    parameters={"passage": {"tiny": 1_140_480, "small": 2_874_112, "base": 16_889_856, "large": 97_540_608}},
    learning={"learning_rate": 3e-3, "weight_decay": 0.1, "optimizer": "muon", "momentum": 0.95},
    source="Radford et al. 2019, Language Models are Unsupervised Multitask Learners",
)


def build(
    spec: TokenSpec,
    *,
    gives: str = "continuation",
    target: Any = None,
    width: int = 128,
    depth: int = 4,
    heads: int = 4,
    dropout: float = 0.0,
) -> nn.Module:
    """See `GPT`."""
    return GPT(spec, width=width, depth=depth, heads=heads, dropout=dropout)


class Block(nn.Module):
    """x + attention(norm(x)), then x + dense(norm(x)) with four times the width inside."""

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wider, self.narrower = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x_BLD: torch.Tensor, past: tuple[torch.Tensor, torch.Tensor] | None) -> tuple[torch.Tensor, Any]:
        """The states, and keys and values of all tokens so far."""
        q, k, v = (
            part_BLD.unflatten(2, (self.heads, -1)).transpose(1, 2) for part_BLD in self.qkv(self.norm1(x_BLD)).chunk(3, dim=2)
        )
        if past is not None:
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
        share, whole = self.dropout if self.training else 0.0, past is None
        # after others there is one token at a time, which looks at all of them
        mixed_BNLE = F.scaled_dot_product_attention(q, k, v, is_causal=whole and x_BLD.shape[1] > 1, dropout_p=share)
        x_BLD = x_BLD + dropped(self.out(mixed_BNLE.transpose(1, 2).flatten(2)), self.dropout, self.training)
        inner_BLH = F.gelu(self.wider(self.norm2(x_BLD)), approximate="tanh")
        return x_BLD + dropped(self.narrower(inner_BLH), self.dropout, self.training), (k, v)


class GPT(NextToken):
    """Tokens in, states of what comes next out."""

    def __init__(self, spec: TokenSpec, *, width: int, depth: int, heads: int, dropout: float):
        super().__init__(spec)
        self.room, self.dropout = spec.max_tokens, dropout
        self.tokens, self.places = nn.Embedding(spec.vocabulary_size, width), nn.Embedding(self.room, width)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _number in range(depth))
        self.norm = nn.LayerNorm(width)
        self.num_features = width
        for name, weight in self.named_parameters():
            if weight.ndim > 1:
                before_sum = name.endswith(("out.weight", "narrower.weight"))
                nn.init.normal_(weight, std=0.02 / (2 * depth) ** 0.5 if before_sum else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(weight)

    @property
    def vocabulary_size(self) -> int:
        return self.tokens.num_embeddings

    def hidden(self, ids_BL: torch.Tensor, memory: Any = None) -> tuple[torch.Tensor, Any]:
        start = 0 if memory is None else memory[0][0].shape[2]
        places_L = torch.arange(start, start + ids_BL.shape[1], device=ids_BL.device)
        x_BLD = dropped(self.tokens(ids_BL) + self.places(places_L), self.dropout, self.training)
        kept = []
        for number, block in enumerate(self.blocks):
            x_BLD, both = block(x_BLD, None if memory is None else memory[number])
            kept.append(both)
        return self.norm(x_BLD), kept

    def logits(self, h_TD: torch.Tensor) -> torch.Tensor:
        return F.linear(h_TD, self.tokens.weight)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The tables, then each block; the last norm belongs to the last block."""
        groups = [[*self.tokens.parameters(), *self.places.parameters()], *(list(b.parameters()) for b in self.blocks)]
        groups[-1] += list(self.norm.parameters())
        return groups
