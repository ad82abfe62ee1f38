"""GRU: a recurrent network with two gates, quicker than `lstm` and as good on short texts (Cho et al. 2014).

Reads both ways; its answer is the mean and the maximum over the tokens instead of the last state. The loop is in
`layers/recurrent.py`.
"""

from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import TokenSpec
from fukami.layers.recurrent import Recurrent

CARD = ModelCard(
    name="gru",
    summary="recurrent network with two gates, reading both ways; a good first choice for short texts",
    takes=("text",),
    gives=("vector", "sequence"),
    sizes={
        "tiny": {"embedding": 64, "width": 64, "depth": 1},
        "small": {"embedding": 128, "width": 128, "depth": 1},
        "base": {"embedding": 256, "width": 256, "depth": 2},
        "large": {"embedding": 512, "width": 512, "depth": 2},
    },
    size="small",
    parameters={"text": {"tiny": 1_073_920, "small": 2_246_144, "base": 6_068_224, "large": 16_068_608}},
    options={"embedding": 128, "width": 128, "depth": 1, "dropout": 0.5},
    learning={"learning_rate": 2e-3, "weight_decay": 0.01},
    source="Cho et al. 2014, arXiv:1406.1078; cells of torch",
)


def build(
    spec: TokenSpec,
    *,
    gives: str = "vector",
    embedding: int = 128,
    width: int = 128,
    depth: int = 1,
    dropout: float = 0.5,
) -> nn.Module:
    """See `Recurrent`, which this calls with the cell `gru`."""
    return Recurrent("gru", spec, gives=gives, embedding=embedding, width=width, depth=depth, dropout=dropout)
