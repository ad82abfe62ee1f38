"""Convolutions over the spectrogram, cells that read both ways, letters by CTC: Amodei et al. 2015, Deep Speech 2.

What differs: two small convolutions, of which the first halves frequencies and time and the second frequencies; layer norms
rather than batch norms between the layers, so that neither padding nor company changes an answer; GRU or LSTM cells of torch.

Figures: see `recipes/speech.py`. Shapes: B batch, T steps, F bands, C channels, D features.
"""

from typing import cast

import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.fields.audio.features import Ear
from fukami.fields.audio.spec import AudioSpec, Waves
from fukami.layers.ctc import Listener
from fukami.layers.listening import Front
from fukami.layers.pooling import valid
from fukami.layers.recurrent import BothWays

CARD = ModelCard(
    name="deep-speech",
    summary="convolutions, cells that read both ways, letters by CTC; learns from few hours",
    takes=("audio",),
    gives=("transcript",),
    sizes={
        "tiny": {"channels": 8, "width": 32, "depth": 1},
        "small": {"channels": 16, "width": 128, "depth": 2},
        "base": {"channels": 32, "width": 256, "depth": 3},
        "large": {"channels": 32, "width": 512, "depth": 5},
    },
    size="small",
    options={"channels": 16, "width": 128, "depth": 2, "stride": 2, "cell": "gru", "dropout": 0.2},
    parameters={"audio": {"tiny": 31_029, "small": 674_509, "base": 3_856_253, "large": 24_217_469}},
    small={"channels": 4, "width": 16, "stride": 4, "dropout": 0.0},
    learning={"learning_rate": 2e-3, "weight_decay": 0.01, "clip_norm": 1.0},
    source="Amodei et al. 2015, arXiv:1512.02595; cells of torch",
    exempt={"pruning": "what recurrent layers keep cannot be followed"},
)


def build(
    spec: AudioSpec,
    *,
    gives: str = "transcript",
    target: int,
    channels: int = 16,
    width: int = 128,
    depth: int = 2,
    stride: int = 2,
    cell: str = "gru",
    dropout: float = 0.2,
) -> nn.Module:
    """See `DeepSpeech`."""
    return DeepSpeech(spec, target, channels=channels, width=width, depth=depth, stride=stride, cell=cell, dropout=dropout)


class DeepSpeech(Listener):
    """A whole model of letters.

    Args:
        spec: how recordings are heard.
        target: how many letters there are.
        channels: of the convolutions.
        width, depth: of the cells' states in each direction, and their layers.
        stride: frames that one step is made of, 1, 2 or 4.
        cell: gru, lstm or rnn.
        dropout: share of the numbers dropped in training, after each layer.
    """

    def __init__(
        self,
        spec: AudioSpec,
        target: int,
        *,
        channels: int,
        width: int,
        depth: int,
        stride: int,
        cell: str,
        dropout: float,
    ):
        super().__init__(target, 2 * width, stride * spec.hop / spec.rate_hz)
        self.ear = Ear(spec)
        self.front = Front(spec.heard, channels, 2 * width, stride)
        self.layers = nn.ModuleList(BothWays(cell, 2 * width, width, 1, dropout) for _layer in range(depth))
        self.norms = nn.ModuleList(nn.LayerNorm(2 * width) for _layer in range(depth))

    def encoded(self, waves: Waves) -> tuple[torch.Tensor, torch.Tensor]:
        x_BTD, lengths_B = self.front(*self.ear(waves))
        valid_BT = valid(lengths_B, x_BTD.shape[1])
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x_BTD = x_BTD + cast(BothWays, layer).read(norm(x_BTD), valid_BT)
        return x_BTD, lengths_B

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The convolutions, each layer of cells, the letters."""
        pairs = zip(self.layers, self.norms, strict=True)
        return [
            list(self.front.parameters()),
            *([*layer.parameters(), *norm.parameters()] for layer, norm in pairs),
            list(self.says.parameters()),
        ]
