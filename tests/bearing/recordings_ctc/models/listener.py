"""A strided convolution, cells in both directions, and letters or nothing at every fourth step.

Graves et al. 2006, Connectionist Temporal Classification. B batch, L steps, T = L/4, K letters and the blank, which is 0.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.layers.pooling import valid
from fukami.layers.recurrent import BothWays

CARD = ModelCard(name="listener", summary="listener", takes=("recording",), gives=("letters",), options={"width": 24})


class Heard(NamedTuple):
    """What letters are found by: `log_BTK`, and how many steps each recording has."""

    log: torch.Tensor
    lengths: torch.Tensor


class Listener(nn.Module):
    def __init__(self, letters, width):
        super().__init__()
        self.ear = nn.Conv1d(1, width, 4, stride=4)
        self.read = BothWays("gru", width, width, 1, 0.0)
        self.says = nn.Linear(2 * width, letters + 1)

    def forward(self, waves):
        x_BTW = self.ear(waves.values.unsqueeze(1)).relu().transpose(1, 2)
        lengths_B = waves.lengths // 4
        found_BTW = self.read.read(x_BTW, valid(lengths_B, x_BTW.shape[1]))
        return Heard(self.says(found_BTW).float().log_softmax(2), lengths_B)

    def losses(self, inputs, targets, rng):
        (waves,), (letters,) = inputs.values(), targets.values()
        heard, each = self(waves), [one["letter"] for one in letters.each()]
        wanted = nn.utils.rnn.pad_sequence([one + 1 for one in each], batch_first=True)
        told = heard.log.transpose(0, 1), wanted, heard.lengths, letters.counts
        return {"ctc": F.ctc_loss(*told, reduction="none", zero_infinity=True)}

    def answers(self, inputs, rng, options):
        (waves,) = inputs.values()
        return self(waves)


def build(spec, *, gives="letters", target, width=24):
    return Listener(target, width)
