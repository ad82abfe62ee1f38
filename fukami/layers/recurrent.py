"""Recurrent encoders of token sequences: one loop for the cells RNN, LSTM and GRU.

Both directions read only the tokens of their own sequence: the backward one reads each sequence reversed within its length,
which equals PyTorch's packed sequences (tests/parity) and needs no sorting and no lengths on the processor.

Shapes: B batch, L tokens, E width of the embedding, H width of the state, D features.
"""

from collections.abc import Callable

import torch
from torch import nn

from fukami.core.specs import TokenSpec
from fukami.fields.contract import Tokens
from fukami.layers.embedding import Embedding
from fukami.layers.pooling import Sequence, masked_max, masked_mean

CELLS: dict[str, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class BothWays(nn.Module):
    """`depth` layers of cells that read a sequence in both directions, side by side.

    Args:
        cell: rnn, lstm or gru.
        size: features of what is read.
        width: H; the result has 2H features.
        depth: layers.
        dropout: share of the numbers dropped in training, after each layer.
    """

    def __init__(self, cell: str, size: int, width: int, depth: int, dropout: float):
        super().__init__()
        sizes = [size] + [2 * width] * (depth - 1)
        self.forwards = nn.ModuleList(CELLS[cell](size, width, batch_first=True) for size in sizes)
        self.backwards = nn.ModuleList(CELLS[cell](size, width, batch_first=True) for size in sizes)
        self.dropout = nn.Dropout(dropout)

    def read(self, x_BLE: torch.Tensor, valid_BL: torch.Tensor) -> torch.Tensor:
        """`(B, L, 2H)`; after the end of a sequence anything."""
        back_BL1 = reversal(valid_BL).unsqueeze(2)
        for forwards, backwards in zip(self.forwards, self.backwards, strict=True):
            ahead_BLH, _last = forwards(x_BLE)
            # `gather` rather than `take_along_dim`, which an exporter takes for one of fixed sizes
            behind_BLH, _last = backwards(x_BLE.gather(1, back_BL1.expand_as(x_BLE)))
            behind_BLH = behind_BLH.gather(1, back_BL1.expand_as(behind_BLH))
            x_BLE = self.dropout(torch.cat([ahead_BLH, behind_BLH], dim=2))
        return x_BLE

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Each layer."""
        pairs = zip(self.forwards, self.backwards, strict=True)
        return [[*f.parameters(), *b.parameters()] for f, b in pairs]


class Recurrent(BothWays):
    """Embedding, then `depth` layers of cells in both directions.

    Args:
        cell: rnn, lstm or gru.
        spec: vocabulary and padding.
        gives: `sequence` (D = 2H at every token), or `vector`: their mean and maximum side by side (D = 4H).
        embedding: E.
        width: H.
        depth: layers.
        dropout: share of the numbers dropped in training, after the embedding and after each layer.
    """

    def __init__(self, cell: str, spec: TokenSpec, *, gives: str, embedding: int, width: int, depth: int, dropout: float):
        super().__init__(cell, embedding, width, depth, dropout)
        self.gives = gives
        self.embedding = Embedding(spec, embedding, dropout=dropout)
        self.num_features = (4 if gives == "vector" else 2) * width

    def forward(self, tokens: Tokens) -> torch.Tensor | Sequence:
        """`Tokens(ids_BL, lengths_B)` → `features_BD` or `Sequence(x_BLD, lengths_B)`."""
        x_BLE, valid_BL = self.embedding(tokens)
        x_BLE = self.read(x_BLE, valid_BL)
        if self.gives == "sequence":
            return Sequence(x_BLE * valid_BL.unsqueeze(2), valid_BL.sum(1))
        return torch.cat([masked_mean(x_BLE, valid_BL), masked_max(x_BLE, valid_BL)], dim=1)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The embedding, then each layer."""
        return [list(self.embedding.parameters()), *super().layer_groups()]


def reversal(valid_BL: torch.Tensor) -> torch.Tensor:
    """Places `(B, L)` that reverse each sequence within its length and leave the padding where it is.

    >>> reversal(torch.tensor([[True, True, False]])).tolist()
    [[1, 0, 2]]
    """
    places_L = torch.arange(valid_BL.shape[1], device=valid_BL.device)
    return torch.where(valid_BL, valid_BL.sum(1, keepdim=True) - 1 - places_L, places_L)
