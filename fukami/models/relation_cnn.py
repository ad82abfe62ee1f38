"""Relation CNN: words beside how far they stand from both spans, filters, and the strongest answer of each of three stretches.

Zeng et al. 2014, Relation Classification via Convolutional Deep Neural Network, for the places; Zeng et al. 2015 (PCNN),
Distant Supervision for Relation Extraction, for the three stretches. What differs: no vector
is pretrained; filters over one to five tokens; the mean vector of each span stands beside what the filters found.

Shapes: B batch, L tokens, D features.
"""

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.fields.contract import Tokens
from fukami.fields.marked.spec import MarkedSpec, place_of
from fukami.layers.embedding import Embedding

CARD = ModelCard(
    name="relation-cnn",
    summary="words and their places beside two marked spans, filters over short phrases before, between and after them",
    takes=("marked",),
    gives=("vector",),
    sizes={
        "tiny": {"embedding": 64, "width": 32},
        "small": {"embedding": 128, "width": 100},
        "base": {"embedding": 256, "width": 200},
    },
    size="small",
    parameters={"marked": {"tiny": 1_069_728, "small": 2_274_992, "base": 4_905_792}},
    options={"embedding": 128, "width": 100, "places": 16, "dropout": 0.5},
    small={"embedding": 12, "width": 8, "places": 4},
    quick_for=("marked",),
    typical_for=("marked",),
    learning={"learning_rate": 2e-3, "weight_decay": 0.01},
    source="Zeng et al. 2014, COLING; Zeng et al. 2015, EMNLP; by hand",
    exempt={"pruning": "axes change places behind its filters"},
)

REACHES = (2, 3, 4, 5)
"""Tokens that a filter sees."""
FARTHEST = 40
"""Tokens beyond which a place is told no more exactly."""


def build(
    spec: MarkedSpec, *, gives: str = "vector", embedding: int = 128, width: int = 100, places: int = 16, dropout: float = 0.5
) -> nn.Module:
    """`width` filters for each reach, over vectors of `embedding` numbers and `places` for each of two places."""
    return RelationCNN(spec, embedding=embedding, width=width, places=places, dropout=dropout)


class RelationCNN(nn.Module):
    """`Tokens(ids_BL, lengths_B)` with marks → `features_BD`."""

    def __init__(self, spec: MarkedSpec, *, embedding: int, width: int, places: int, dropout: float):
        super().__init__()
        self.marks = spec.marks
        self.embedding = Embedding(spec, embedding)
        self.places = nn.ModuleList(nn.Embedding(2 * FARTHEST + 1, places) for _span in range(2))
        self.filters = nn.ModuleList(nn.Conv1d(embedding + 2 * places, width, reach) for reach in REACHES)
        self.dropout = nn.Dropout(dropout)
        self.num_features = 3 * width * len(REACHES) + 2 * embedding

    def forward(self, tokens: Tokens) -> torch.Tensor:
        ids_BL = tokens.ids
        x_BLD, valid_BL = self.embedding(tokens)
        at_L = torch.arange(ids_BL.shape[1], device=ids_BL.device)
        starts, ends = ([place_of(ids_BL, mark) for mark in self.marks[side::2]] for side in (0, 1))
        away = [(at_L - start_B.unsqueeze(1)).clamp(-FARTHEST, FARTHEST) + FARTHEST for start_B in starts]
        placed = [table(away_BL) for table, away_BL in zip(self.places, away, strict=True)]
        whole_BLD = torch.cat([self.dropout(x_BLD), *placed], dim=2) * valid_BL.unsqueeze(2)
        first_B, last_B = torch.minimum(*starts), torch.maximum(*ends)
        inner_B, outer_B = torch.minimum(*ends), torch.maximum(*starts)
        # each stretch holds the spans beside it, so that none is empty
        stretches = [
            at_L <= inner_B.unsqueeze(1),
            (at_L >= first_B.unsqueeze(1)) & (at_L <= last_B.unsqueeze(1)),
            (at_L >= outer_B.unsqueeze(1)) & valid_BL,
        ]
        found = [self.pooled(conv, whole_BLD, stretches) for conv in self.filters]
        spans = [
            _mean(x_BLD, (at_L >= start_B.unsqueeze(1)) & (at_L <= end_B.unsqueeze(1)))
            for start_B, end_B in zip(starts, ends, strict=True)
        ]
        return self.dropout(torch.cat([*found, *spans], dim=1))

    def pooled(self, conv: nn.Module, x_BLD: torch.Tensor, stretches: list[torch.Tensor]) -> torch.Tensor:
        """The strongest answer of every filter in each stretch, `(B, 3 · width)`."""
        reach = int(conv.kernel_size[0])  # type: ignore[index]
        found_BLD = conv(F.pad(x_BLD.transpose(1, 2), ((reach - 1) // 2, reach // 2))).tanh().transpose(1, 2)
        return torch.cat([found_BLD.masked_fill(~own_BL.unsqueeze(2), -1.0).amax(1) for own_BL in stretches], dim=1)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The vectors, then the filters."""
        return [[*self.embedding.parameters(), *self.places.parameters()], list(self.filters.parameters())]


def _mean(x_BLD: torch.Tensor, own_BL: torch.Tensor) -> torch.Tensor:
    weights_BL1 = own_BL.unsqueeze(2).to(x_BLD.dtype)
    return (x_BLD * weights_BL1).sum(1) / weights_BL1.sum(1).clamp_min(1.0)
