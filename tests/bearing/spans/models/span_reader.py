"""Reads a text in both directions and says at which tokens the passage begins and ends. B batch, L tokens."""

from torch import nn

from fukami.core.cards import ModelCard
from fukami.layers.pooling import valid
from fukami.layers.recurrent import Recurrent

CARD = ModelCard(name="span-reader", summary="recurrent reader", takes=("text",), gives=("span",), options={"width": 16})


class Reader(nn.Module):
    def __init__(self, spec, width):
        super().__init__()
        self.read = Recurrent("gru", spec, gives="sequence", embedding=width, width=width, depth=1, dropout=0.0)
        self.ends = nn.Linear(2 * width, 2)

    def forward(self, tokens):
        """How likely each token is the first, and the last (B, L, 2); padding is neither."""
        outputs_BL2 = self.ends(self.read(tokens).x).float()
        real_BL = valid(tokens.lengths, outputs_BL2.shape[1])
        return outputs_BL2.masked_fill(~real_BL.unsqueeze(2), -1e4)

    def losses(self, inputs, targets, rng):
        ((_name, tokens),), ((_target, span_B2),) = inputs.items(), targets.items()
        log_BL2 = self(tokens).log_softmax(1)
        return {"surprise": -log_BL2.gather(1, span_B2.unsqueeze(1)).sum((1, 2))}

    def answers(self, inputs, rng, options):
        (tokens,) = inputs.values()
        return self(tokens)


def build(spec, *, gives="span", target=None, width=16):
    return Reader(spec, width)
