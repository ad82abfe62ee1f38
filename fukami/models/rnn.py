"""Recurrent network with plain cells (Elman 1990, Finding Structure in Time); kept for comparison with `gru` and `lstm`.

Forgets quickly. Reads both ways; its answer is the mean and the maximum over the tokens instead of the last state. The loop is
in `layers/recurrent.py`.
"""

from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import TokenSpec
from fukami.layers.recurrent import Recurrent

CARD = ModelCard(
    name="rnn",
    summary="plain recurrent network, reading both ways; kept for comparison",
    takes=("text",),
    gives=("vector", "sequence"),
    sizes={
        "tiny": {"embedding": 64, "width": 64, "depth": 1},
        "small": {"embedding": 128, "width": 128, "depth": 1},
        "base": {"embedding": 256, "width": 256, "depth": 2},
        "large": {"embedding": 512, "width": 512, "depth": 2},
    },
    size="small",
    parameters={"text": {"tiny": 1_040_640, "small": 2_114_048, "base": 4_753_408, "large": 10_817_536}},
    options={"embedding": 128, "width": 128, "depth": 1, "dropout": 0.5},
    learning={"learning_rate": 1e-3, "weight_decay": 0.01},
    source="Elman 1990; cells of torch",
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
    """See `Recurrent`, which this calls with the cell `rnn`."""
    return Recurrent("rnn", spec, gives=gives, embedding=embedding, width=width, depth=depth, dropout=dropout)
