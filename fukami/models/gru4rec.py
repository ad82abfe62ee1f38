"""GRU4Rec: a recurrent network over what somebody chose.

Hidasi et al. 2016, "Session-based Recommendations with Recurrent Neural Networks". Different: the loss is a softmax over the
true item and drawn ones that a batch shares, as in `sasrec`; Hidasi and Karatzoglou 2018 found drawn items to matter most.
B batch, S items of a sequence, D features.
"""

from typing import Any

import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.fields.history.spec import HistorySpec
from fukami.layers.ranking import Sequential

CARD = ModelCard(
    name="gru4rec",
    summary="a recurrent network over what was chosen",
    takes=("history",),
    gives=("items",),
    options={"width": 64, "length": 50, "dropout": 0.3, "negatives": 512},
    parameters={"history": {"": 675_025}},
    small={"width": 16, "length": 8},
    learning={"learning_rate": 3e-3, "weight_decay": 0.0},
    source="Hidasi et al. 2016, arXiv:1511.06939; cells of torch",
    exempt={"pruning": "what recurrent layers keep cannot be followed"},
)


def build(
    spec: HistorySpec,
    *,
    gives: str = "items",
    target: Any,
    width: int = 64,
    length: int = 50,
    dropout: float = 0.3,
    negatives: int = 512,
) -> nn.Module:
    """`length` items of a history are looked at; `negatives` is the number of items drawn for a batch, 0 for the catalogue."""
    return GRU4Rec(spec, target, width=width, length=length, dropout=dropout, negatives=negatives)


class GRU4Rec(Sequential):
    """One layer of cells; what they know is compared with the items' own features."""

    def __init__(self, spec: HistorySpec, target: Any, *, width: int, length: int, dropout: float, negatives: int):
        super().__init__(spec, target, width=width, length=length, negatives=negatives)
        nn.init.normal_(self.table.weight, std=width**-0.5)
        with torch.no_grad():
            self.table.weight[0] = 0
        self.dropout = nn.Dropout(dropout)
        self.cells = nn.GRU(width, width, batch_first=True)

    def read(self, items_BS: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        return self.dropout(self.cells(self.dropout(self.table(items_BS)))[0])

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The table, the cells."""
        return [[*self.table.parameters(), self.bias], [*self.cells.parameters()]]
