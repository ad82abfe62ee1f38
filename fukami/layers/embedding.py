"""Token numbers to vectors.

Shapes: B batch, L tokens, D features.
"""

import torch
from torch import nn

from fukami.core.specs import TokenSpec
from fukami.fields.contract import Tokens
from fukami.layers.pooling import valid


class Embedding(nn.Module):
    """A learned vector for every token of the vocabulary; padding is the zero vector, so that it cannot leak.

    Args:
        spec: size of the vocabulary, and the padding's number.
        width: D.
        dropout: share of the numbers dropped in training.
        std: deviation of the first weights.
    """

    def __init__(self, spec: TokenSpec, width: int, *, dropout: float = 0.0, std: float = 0.1):
        super().__init__()
        self.pad = spec.pad
        self.table = nn.Embedding(spec.vocabulary_size, width, padding_idx=spec.pad)
        nn.init.normal_(self.table.weight, std=std)
        with torch.no_grad():
            self.table.weight[spec.pad] = 0
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tokens) -> tuple[torch.Tensor, torch.Tensor]:
        """`Tokens(ids_BL, lengths_B)` → `x_BLD` and `valid_BL`. An empty text counts as one padding token."""
        ids_BL, lengths_B = tokens
        if ids_BL.shape[1] == 0:
            ids_BL = ids_BL.new_full((len(ids_BL), 1), self.pad)
        valid_BL = valid(lengths_B.clamp(min=1), ids_BL.shape[1])
        return self.dropout(self.table(ids_BL)), valid_BL
