"""Text CNN: filters over three, four and five words, and the strongest answer of each.

Kim 2014, Convolutional Neural Networks for Sentence Classification. What differs: the vectors start at random, and the
filters reach over both ends of a text (zeros there), so that texts of one word work.

Shapes: B batch, L tokens, D features.
"""

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.core.specs import TokenSpec
from fukami.fields.contract import Tokens
from fukami.layers.embedding import Embedding
from fukami.layers.pooling import Sequence, masked_max

CARD = ModelCard(
    name="text-cnn",
    summary="filters over short phrases, the strongest answer of each; quick on long texts",
    takes=("text",),
    gives=("vector", "sequence"),
    sizes={
        "tiny": {"embedding": 64, "width": 32},
        "small": {"embedding": 128, "width": 100},
        "base": {"embedding": 256, "width": 200},
        "large": {"embedding": 512, "width": 400},
    },
    size="small",
    parameters={"text": {"tiny": 1_048_672, "small": 2_201_900, "base": 4_711_000, "large": 10_650_800}},
    options={"embedding": 128, "width": 100, "dropout": 0.5},
    learning={"learning_rate": 1e-3, "weight_decay": 0.01},
    source="Kim 2014, arXiv:1408.5882; by hand",
    exempt={"pruning": "axes change places behind its filters"},
)

REACHES = (3, 4, 5)
"""Words that a filter sees."""


def build(spec: TokenSpec, *, gives: str = "vector", embedding: int = 128, width: int = 100, dropout: float = 0.5) -> nn.Module:
    """`width` filters for each of three reaches; D = 3 · width."""
    return TextCNN(spec, gives=gives, embedding=embedding, width=width, dropout=dropout)


class TextCNN(nn.Module):
    """`Tokens(ids_BL, lengths_B)` → `features_BD` or `Sequence(x_BLD, lengths_B)`."""

    def __init__(self, spec: TokenSpec, *, gives: str, embedding: int, width: int, dropout: float):
        super().__init__()
        self.gives = gives
        self.embedding = Embedding(spec, embedding)
        self.filters = nn.ModuleList(nn.Conv1d(embedding, width, reach) for reach in REACHES)
        self.dropout = nn.Dropout(dropout)
        self.num_features = len(REACHES) * width

    def forward(self, tokens: Tokens) -> torch.Tensor | Sequence:
        x_BLD, valid_BL = self.embedding(tokens)
        x_BDL = x_BLD.transpose(1, 2)
        padded = (F.pad(x_BDL, ((reach - 1) // 2, reach // 2)) for reach in REACHES)
        found = [filters(x_BDL) for filters, x_BDL in zip(self.filters, padded, strict=True)]
        found_BLD = torch.cat(found, dim=1).relu().transpose(1, 2)
        if self.gives == "sequence":
            return Sequence(self.dropout(found_BLD * valid_BL.unsqueeze(2)), valid_BL.sum(1))
        return self.dropout(masked_max(found_BLD, valid_BL))

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The vectors, then the filters."""
        return [list(self.embedding.parameters()), list(self.filters.parameters())]
