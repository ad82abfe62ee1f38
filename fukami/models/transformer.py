"""Transformer encoder: every token looks at every other.

Vaswani et al. 2017, Attention Is All You Need. What differs: normalisation before each part (Xiong et al. 2020), which learns
without a long warm-up; GELU; the answer is the mean over the tokens.

Shapes: B batch, L tokens, D features, N heads, E features of a head.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.core.specs import TokenSpec
from fukami.fields.contract import Tokens
from fukami.layers.dropout import dropout
from fukami.layers.embedding import Embedding
from fukami.layers.pooling import Sequence, masked_mean

CARD = ModelCard(
    name="transformer",
    summary="transformer encoder from scratch: every word looks at every other; wants more data than `gru`",
    takes=("text",),
    gives=("vector", "sequence"),
    sizes={
        "tiny": {"width": 64, "depth": 2, "heads": 2},
        "small": {"width": 128, "depth": 2, "heads": 4},
        "base": {"width": 256, "depth": 4, "heads": 8},
        "large": {"width": 512, "depth": 8, "heads": 8},
    },
    size="small",
    parameters={"text": {"tiny": 1_124_096, "small": 2_444_800, "base": 7_255_552, "large": 33_412_096}},
    options={"width": 128, "depth": 2, "heads": 4, "dropout": 0.2},
    typical_for=("text",),
    learning={"learning_rate": 1e-3, "weight_decay": 0.05},
    source="Vaswani et al. 2017, arXiv:1706.03762; by hand",
)


def build(
    spec: TokenSpec,
    *,
    gives: str = "vector",
    width: int = 128,
    depth: int = 2,
    heads: int = 4,
    dropout: float = 0.2,
) -> nn.Module:
    """`depth` blocks of `width` features and `heads` attention heads; `width` is a multiple of `2 · heads`."""
    return TransformerEncoder(spec, gives=gives, width=width, depth=depth, heads=heads, dropout=dropout)


class Block(nn.Module):
    """x + attention(norm(x)), then x + dense(norm(x)) with four times the width inside."""

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.dense = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(4 * width, width), nn.Dropout(dropout)
        )

    def forward(self, x_BLD: torch.Tensor, attend_B11L: torch.Tensor) -> torch.Tensor:
        """`attend_B11L` is True at tokens that may be looked at."""
        q, k, v = (
            part_BLD.unflatten(2, (self.heads, -1)).transpose(1, 2) for part_BLD in self.qkv(self.norm1(x_BLD)).chunk(3, dim=2)
        )
        dropped = self.dropout if self.training else 0.0
        mixed_BNLE = F.scaled_dot_product_attention(q, k, v, attn_mask=attend_B11L, dropout_p=dropped)
        mixed_BLD = self.out(mixed_BNLE.transpose(1, 2).flatten(2))
        x_BLD = x_BLD + dropout(mixed_BLD, self.dropout, self.training)
        return x_BLD + self.dense(self.norm2(x_BLD))


class TransformerEncoder(nn.Module):
    """`Tokens(ids_BL, lengths_B)` → `features_BD` or `Sequence(x_BLD, lengths_B)`."""

    def __init__(self, spec: TokenSpec, *, gives: str, width: int, depth: int, heads: int, dropout: float):
        super().__init__()
        self.gives = gives
        self.embedding = Embedding(spec, width, dropout=dropout)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _number in range(depth))
        self.norm = nn.LayerNorm(width)
        self.num_features = width

    def forward(self, tokens: Tokens) -> torch.Tensor | Sequence:
        x_BLD, valid_BL = self.embedding(tokens)
        x_BLD = x_BLD + 0.1 * positions(x_BLD.shape[1], x_BLD.shape[2]).to(x_BLD)  # 0.1: the deviation of the embedding
        attend_B11L = valid_BL[:, None, None, :]
        for block in self.blocks:
            x_BLD = block(x_BLD, attend_B11L)
        x_BLD = self.norm(x_BLD)
        if self.gives == "sequence":
            return Sequence(x_BLD * valid_BL.unsqueeze(2), valid_BL.sum(1))
        return masked_mean(x_BLD, valid_BL)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The embedding, then each block; the last norm belongs to the last block."""
        groups = [list(self.embedding.parameters()), *(list(block.parameters()) for block in self.blocks)]
        groups[-1] += list(self.norm.parameters())
        return groups


def positions(length: int, width: int) -> torch.Tensor:
    """Sine and cosine waves `(L, D)` that tell each place: waves from 2π to 20,000π places long.

    >>> positions(5, 4).shape
    torch.Size([5, 4])
    """
    places_L1 = torch.arange(length, dtype=torch.float32).unsqueeze(1)
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    return torch.stack([torch.sin(places_L1 * rates), torch.cos(places_L1 * rates)], dim=2).flatten(1)[:, :width]
