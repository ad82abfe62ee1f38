"""Autoencoder: an example goes through a narrow place and comes back; what comes back wrong is odd.

Hinton and Salakhutdinov 2006; Sakurada and Yairi 2014 for anomalies. Rows and series are brought back as the numbers that they
are, pictures by pixels. Of a text its words are brought back in no order (Miao et al. 2016, without their noise): the error is
the divergence of the words that come back from those that are there. scikit-learn's digits, threes normal: ROC-AUC 0.994
(isolation forest 0.974) in 7 s.

Shapes: B batch, Z numbers of a code, D numbers of a plain vector, C channels, H and W pixels, L tokens, V words known.
"""

from itertools import pairwise
from typing import Any

import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec, TokenSpec
from fukami.layers.compressing import Pictures, dense, encoder
from fukami.layers.plain import Plain, plain
from fukami.layers.pooling import valid

CARD = ModelCard(
    name="autoencoder",
    summary="examples go through a narrow place and come back; what comes back wrong is odd",
    takes=("image", "row", "text", "series"),
    gives=("anomaly",),
    options={"code": 16, "width": 16},
    learning={"learning_rate": 2e-3, "weight_decay": 1e-4, "schedule": "cosine"},
    source="Hinton & Salakhutdinov 2006; Sakurada & Yairi 2014; Miao et al. 2016, arXiv:1511.06038; by hand",
    quick_for=("image", "row", "text", "series"),
    typical_for=("image", "row", "text", "series"),
    small={"code": 8, "width": 8},
)


def build(spec: Any, *, gives: str = "anomaly", target: Any = None, code: int = 16, width: int = 16) -> nn.Module:
    """`code` numbers are what passes; layers have some multiple of `width` features."""
    if isinstance(spec, ImageSpec):
        return OfPictures(spec, code, width)
    if isinstance(spec, TokenSpec):
        return OfTexts(spec, code, width)
    return OfNumbers(spec, min(code, max(1, plain(spec).num_features // 2)), width)


class Autoencoder(nn.Module):
    """A batch of inputs → `scores_B`: the mean error of what comes back."""

    num_features = 0

    def errors(self, batch: Any) -> torch.Tensor:
        """How wrong each number of each example comes back, (B, …)."""
        raise NotImplementedError

    def forward(self, batch: Any) -> torch.Tensor:
        return self.errors(batch).flatten(1).mean(1)

    def parts(self, batch: Any) -> torch.Tensor | None:
        """How wrong each element of the inputs comes back."""
        return self.errors(batch)

    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        (batch,) = inputs.values()
        return {"error": self(batch)}

    def answers(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> torch.Tensor:
        (batch,) = inputs.values()
        return self(batch)


class OfNumbers(Autoencoder):
    """Rows and windows of series."""

    def __init__(self, spec: Any, code: int, width: int):
        super().__init__()
        self.plain: Plain = plain(spec)
        self.encoder = encoder(spec, code, width, bias=True)
        self.decoder = nn.Sequential(*dense([code, 4 * width, 8 * width, self.plain.num_features]))

    def errors(self, batch: Any) -> torch.Tensor:
        return (self.decoder(self.encoder(batch)) - self.plain(batch)).square()

    def parts(self, batch: Any) -> torch.Tensor | None:
        return self.plain.placed(self.errors(batch))


class OfPictures(Autoencoder):
    """Pictures: convolutions there, and back."""

    def __init__(self, spec: ImageSpec, code: int, width: int):
        super().__init__()
        self.encoder = Pictures(spec, code, width, bias=True)
        self.size, shape = (spec.height, spec.width), self.encoder.shape
        times = len(self.encoder.layers)
        channels = [*(max(width, shape[0] >> step) for step in range(times)), spec.channels]
        self.begin = nn.Sequential(nn.Linear(code, shape[0] * shape[1] * shape[2]), nn.Unflatten(1, shape))
        grow = [nn.ConvTranspose2d(before, after, 4, stride=2, padding=1) for before, after in pairwise(channels)]
        between = [nn.Sequential(nn.BatchNorm2d(one.in_channels), nn.LeakyReLU(0.1)) for one in grow]
        self.back = nn.Sequential(*(part for pair in zip(between, grow, strict=True) for part in pair))

    def again(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        """The pictures as they come back."""
        return self.back(self.begin(self.encoder(x_BCHW)))[..., : self.size[0], : self.size[1]]

    def errors(self, batch: torch.Tensor) -> torch.Tensor:
        return (self.again(batch) - batch).square().mean(1)


class OfTexts(Autoencoder):
    """Texts: which words there are."""

    def __init__(self, spec: TokenSpec, code: int, width: int):
        super().__init__()
        self.encoder: Any = encoder(spec, code, width, bias=True)
        self.back = nn.Sequential(nn.Linear(code, 4 * width), nn.LeakyReLU(0.1), nn.Linear(4 * width, spec.vocabulary_size))

    def surprise(self, tokens: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Of each token by how much it is rarer in what comes back than in the text (B, L), in logarithms, 0 where there is
        none; and which are there. Their mean is the divergence of the two."""
        ids_BL = tokens.ids if tokens.ids.shape[1] else tokens.ids.new_zeros(len(tokens.ids), 1)
        there_BL = valid(tokens.lengths, ids_BL.shape[1])
        likely_BL = self.back(self.encoder(tokens)).log_softmax(1).gather(1, ids_BL)
        own_BL = (ids_BL.unsqueeze(1) == ids_BL.unsqueeze(2)) & there_BL.unsqueeze(1)
        share_BL = own_BL.sum(2) / there_BL.sum(1, keepdim=True).clamp_min(1)
        return (share_BL.clamp_min(1e-9).log() - likely_BL) * there_BL, there_BL

    def errors(self, batch: Any) -> torch.Tensor:
        return self.surprise(batch)[0]

    def forward(self, batch: Any) -> torch.Tensor:
        errors_BL, there_BL = self.surprise(batch)
        return errors_BL.sum(1) / there_BL.sum(1).clamp_min(1)
