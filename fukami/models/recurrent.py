"""Recurrent networks: `gru` (two gates), `lstm` (gated memory) and `rnn` (plain cells, for comparison).

GRU (Cho et al. 2014) is quicker than LSTM (Hochreiter and Schmidhuber 1997) and as good on short texts; plain cells (Elman
1990, Finding Structure in Time) forget quickly. All read both ways; their answer is the mean and the maximum over the tokens
instead of the last state. The loop is in `layers/recurrent.py`.
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
    exempt={"pruning": "what recurrent layers keep cannot be followed"},
    kin={
        "lstm": {
            "summary": "recurrent network with gated memory, reading both ways",
            "parameters": {"text": {"tiny": 1_090_560, "small": 2_312_192, "base": 6_725_632, "large": 18_694_144}},
            "source": "Hochreiter and Schmidhuber 1997; cells of torch",
        },
        "rnn": {
            "summary": "plain recurrent network, reading both ways; kept for comparison",
            "parameters": {"text": {"tiny": 1_040_640, "small": 2_114_048, "base": 4_753_408, "large": 10_817_536}},
            "learning": {"learning_rate": 1e-3, "weight_decay": 0.01},
            "source": "Elman 1990; cells of torch",
        },
    },
)


def build(
    spec: TokenSpec,
    *,
    family: str,
    gives: str = "vector",
    embedding: int = 128,
    width: int = 128,
    depth: int = 1,
    dropout: float = 0.5,
) -> nn.Module:
    """See `Recurrent`, whose cells are those of the `family`: gru, lstm or rnn."""
    return Recurrent(family, spec, gives=gives, embedding=embedding, width=width, depth=depth, dropout=dropout)
