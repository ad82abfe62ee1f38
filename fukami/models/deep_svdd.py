"""Deep SVDD: a network that brings normal examples near to one point; how far from it an example ends up is how odd it is.

Ruff et al. 2018, "Deep One-Class Classification". As there the point is the mean of what the new network makes of the first
examples, no layer has a bias, and nothing is bounded, so that the network cannot bring all there is to that point. What
differs: the point is taken from the first batch, with numbers near 0 moved away from it, and what codes are is chosen by the
kind of input (`layers/compressing.py`). scikit-learn's digits, threes normal: ROC-AUC 0.991 (isolation forest 0.974) in 5 s.

Shapes: B batch, Z numbers of a code.
"""

from typing import Any

import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.layers.compressing import encoder

CARD = ModelCard(
    name="deep-svdd",
    summary="normal examples are brought near to one point; far from it is odd",
    takes=("image", "row", "text", "series"),
    gives=("anomaly",),
    options={"code": 32, "width": 32},
    learning={"learning_rate": 1e-3, "weight_decay": 1e-4, "schedule": "cosine"},
    source="Ruff et al. 2018, Deep One-Class Classification; by hand",
    small={"code": 4, "width": 4},
)

LEAST = 0.1
"""Numbers of the point are at least so far from 0, which weights of 0 would give."""


def build(spec: Any, *, gives: str = "anomaly", target: Any = None, code: int = 32, width: int = 32) -> nn.Module:
    """Codes of `code` numbers, by layers of some multiple of `width` features."""
    return DeepSVDD(encoder(spec, code, width, bias=False), code)


class DeepSVDD(nn.Module):
    """A batch of inputs → `scores_B`: the squared distance to the point."""

    centre: torch.Tensor
    begun: torch.Tensor
    num_features = 0

    def __init__(self, encoder: nn.Module, code: int):
        super().__init__()
        self.encoder = encoder
        self.register_buffer("centre", torch.zeros(code))
        self.register_buffer("begun", torch.zeros(()))

    def forward(self, batch: Any) -> torch.Tensor:
        return (self.encoder(batch) - self.centre).square().mean(1)

    @torch.compiler.disable  # whether it has begun is looked at once a step
    def begin(self, code_BZ: torch.Tensor) -> None:
        """Takes the point from the first batch that is learned from."""
        if self.training and not self.begun:
            mean_Z = code_BZ.detach().mean(0)
            self.centre.copy_(torch.where(mean_Z < 0, mean_Z.clamp_max(-LEAST), mean_Z.clamp_min(LEAST)))
            self.begun.fill_(1.0)

    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        (batch,) = inputs.values()
        code_BZ = self.encoder(batch)
        self.begin(code_BZ)  # pyright: ignore[reportCallIssue]
        return {"distance": (code_BZ - self.centre).square().mean(1)}

    def answers(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> torch.Tensor:
        (batch,) = inputs.values()
        return self(batch)
