"""Siamese network: one encoder reads each text of a pair by itself, and what it says of both is compared.

Conneau et al. 2017 (InferSent), Supervised Learning of Universal Sentence Representations, for u, v, |u − v| and u · v. What
differs: a text is seen as its tokens and as runs of two and three of them (Kim 2014), of which mean and maximum are kept; and
beside the vectors of whole texts those of tokens are compared, each with the one of the other text that is most alike (late
interaction: Khattab and Zaharia 2020, ColBERT). Without the latter a network that learns from 2,000 pairs of JNLI stays below
a count of common letters.

Shapes: B batch, L tokens, D features, W width.
"""

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.fields.contract import Tokens
from fukami.fields.pair.spec import PairSpec, segments
from fukami.layers.embedding import Embedding
from fukami.layers.pooling import masked_max, masked_mean

CARD = ModelCard(
    name="siamese",
    summary="one encoder for both texts of a pair, whose vectors are compared; learns from little",
    takes=("pair",),
    gives=("vector",),
    sizes={"tiny": {"width": 32}, "small": {"width": 128}, "base": {"width": 256}},
    size="small",
    parameters={"pair": {"tiny": 530_115, "small": 2_329_347, "base": 5_215_747}},
    options={"width": 128, "dropout": 0.5},
    small={"width": 16},
    quick_for=("pair",),
    typical_for=("pair",),
    learning={"learning_rate": 3e-3, "weight_decay": 0.01},
    source="Conneau et al. 2017, arXiv:1705.02364; Khattab and Zaharia 2020, arXiv:2004.12832; by hand",
    exempt={"pruning": "axes change places behind its filters"},
)

RUNS = (1, 2, 3)
"""Tokens that are seen together."""


def build(spec: PairSpec, *, gives: str = "vector", width: int = 128, dropout: float = 0.5) -> nn.Module:
    """Vectors of `width` numbers for tokens, and `width` filters for each of the longer runs."""
    return Siamese(spec, width=width, dropout=dropout)


class Siamese(nn.Module):
    """`Tokens(ids_BL, lengths_B)` of pairs → `features_BD`."""

    def __init__(self, spec: PairSpec, *, width: int, dropout: float):
        super().__init__()
        self.divider, self.around = spec.divider, [dict(spec.special).get(role, spec.divider) for role in ("cls", "sep")]
        self.embedding = Embedding(spec, width)
        self.filters = nn.ModuleList(nn.Conv1d(width, width, run) for run in RUNS[1:])
        self.weights = nn.ModuleList(nn.Linear(width, 1) for _run in RUNS)
        self.wholes = nn.Sequential(nn.Dropout(dropout), nn.Linear(4 * width * len(RUNS), width))
        self.scores = nn.Linear(4 * len(RUNS) + 3, width)
        self.hidden = nn.Sequential(nn.ReLU(), nn.Dropout(dropout))
        self.num_features = width

    def forward(self, tokens: Tokens) -> torch.Tensor:
        x_BLW, valid_BL = self.embedding(tokens)
        second_BL = segments(tokens.ids, self.divider) > 0
        real_BL = valid_BL & (tokens.ids != self.around[0]) & (tokens.ids != self.around[1])
        sides = [_own(valid_BL & side_BL, real_BL) for side_BL in (~second_BL, second_BL)]
        runs = self.read(x_BLW, real_BL)
        u_BD, v_BD = (self.whole(runs, own_BL) for own_BL in sides)
        apart = [(u_BD - v_BD).abs(), u_BD * v_BD]
        return self.hidden(self.wholes(torch.cat(apart, dim=1)) + self.scores(self.late(runs, *sides)))

    def read(self, x_BLW: torch.Tensor, real_BL: torch.Tensor) -> list[torch.Tensor]:
        """Features `(B, L, W)` of the tokens and of runs of them. None sees over what stands between both texts, which is zero
        here: so both are read at once, and each by itself."""
        x_BWL = (x_BLW * real_BL.unsqueeze(2)).transpose(1, 2)
        padded = (F.pad(x_BWL, ((run - 1) // 2, run // 2)) for run in RUNS[1:])
        filtered = (conv(x_BWL).relu().transpose(1, 2) for conv, x_BWL in zip(self.filters, padded, strict=True))
        return [x_BLW, *filtered]

    def whole(self, runs: list[torch.Tensor], own_BL: torch.Tensor) -> torch.Tensor:
        """Mean and maximum over a text, `(B, D)`."""
        x_BLD = torch.cat(runs, dim=2)
        return torch.cat([masked_mean(x_BLD, own_BL), masked_max(x_BLD, own_BL)], dim=1)

    def late(self, runs: list[torch.Tensor], left_BL: torch.Tensor, right_BL: torch.Tensor) -> torch.Tensor:
        """How well each side's runs are found on the other, plain and weighted by what they are; and both lengths."""
        found = []
        for weigh, x_BLW in zip(self.weights, runs, strict=True):
            one_BLW = F.normalize(x_BLW, dim=2)
            alike_BLL = one_BLW @ one_BLW.transpose(1, 2)
            alike_BLL = alike_BLL.masked_fill(~(left_BL.unsqueeze(2) & right_BL.unsqueeze(1)), -1.0)
            share_BL = torch.sigmoid(weigh(x_BLW).squeeze(2))
            for best_BL, own_BL in ((alike_BLL.amax(2), left_BL), (alike_BLL.amax(1), right_BL)):
                counts_BL = share_BL * own_BL
                found.append(masked_mean(best_BL.unsqueeze(2), own_BL).squeeze(1))
                found.append((best_BL * counts_BL).sum(1) / counts_BL.sum(1).clamp_min(1e-6))
        lengths = [own_BL.sum(1).float().log() for own_BL in (left_BL, right_BL)]
        # scores crowd around a half: about as spread as anything that is learned from, they are learned from at once
        spread = [6 * (score_B - 0.5) for score_B in found]
        return torch.stack([*spread, lengths[0] - 2.5, lengths[1] - 2.5, 2 * (lengths[0] - lengths[1])], dim=1)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The vectors, the filters, what compares."""
        compares = [p for part in (self.weights, self.wholes, self.scores) for p in part.parameters()]
        return [list(self.embedding.parameters()), list(self.filters.parameters()), compares]


def _own(side_BL: torch.Tensor, real_BL: torch.Tensor) -> torch.Tensor:
    """The tokens of one side; of a side that has none, what stands around it."""
    own_BL = side_BL & real_BL
    return own_BL | (side_BL & ~own_BL.any(1, keepdim=True))
