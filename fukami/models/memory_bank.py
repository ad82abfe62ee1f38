"""Memory bank: what normal examples look like is kept, and what is far from its nearest neighbours there is odd.

Ramaswamy et al. 2000 (distance to nearest neighbours); Roth et al. 2022, "Towards Total Recall in Industrial Anomaly Detection"
(PatchCore), from which the bank that is thinned to the examples that cover it best. What differs: nothing pretrained is needed,
as examples are compared by plain vectors (`layers/plain.py`): edges of pictures by place and direction, scaled cells of rows,
steps of series, weighed words of texts. Weights are found at once. Fashion-MNIST, one class normal: ROC-AUC 0.941, the mean
over the ten classes, in 25 to 48 s of a processor each.

Shapes: B batch, N examples of the bank, D numbers of a vector, K neighbours.
"""

from typing import Any

import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.layers.plain import Text, plain
from fukami.models.contract import Known, Network
from fukami.models.widths import mark_narrowed

CARD = ModelCard(
    name="memory-bank",
    summary="distance to the nearest normal examples, which it keeps; nothing to train",
    takes=("image", "row", "text", "series"),
    gives=("anomaly",),
    fitted={"image": {}, "row": {}, "text": {}, "series": {}},
    parameters={"image": {"": 0}, "row": {"": 0}, "text": {"": 0}, "series": {"": 0}},
    options={"neighbours": 5, "bank": 6000},
    source="Ramaswamy et al. 2000; Roth et al. 2022, arXiv:2106.08265; by hand",
    exempt={"pruning": "it has no hidden layers"},
)

AT_A_TIME = 512


def build(spec: Any, *, gives: str = "anomaly", target: Any = None, neighbours: int = 5, bank: int = 6000) -> nn.Module:
    """An empty bank, which `fit` fills: with `bank` examples at most; `neighbours` of them are asked."""
    return MemoryBank(spec, neighbours)


class MemoryBank(nn.Module):
    """A batch of inputs → `scores_B`: the mean distance to the nearest normal examples."""

    bank: torch.Tensor
    num_features = 0

    def __init__(self, spec: Any, neighbours: int):
        super().__init__()
        self.plain, self.neighbours = plain(spec), neighbours
        self.register_buffer("bank", torch.zeros(1, self.plain.num_features))

    def forward(self, batch: Any) -> torch.Tensor:
        return self.nearest(self.plain(batch))[0].mean(1)

    def nearest(self, x_BD: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Distances to the nearest of the bank and their places, (B, K)."""
        apart_BN = x_BD.square().sum(1, keepdim=True) - 2 * x_BD @ self.bank.T + self.bank.square().sum(1)
        found = apart_BN.topk(min(self.neighbours, len(self.bank)), dim=1, largest=False)
        return found.values.clamp_min(1e-12).sqrt(), found.indices

    def parts(self, batch: Any) -> torch.Tensor | None:
        """How far each element of the inputs is from what it is like in the nearest normal examples, in the shape of their
        elements; None where vectors do not tell elements apart."""
        x_BD = self.plain(batch)
        near_BKD = self.bank[self.nearest(x_BD)[1]]
        return self.plain.placed((x_BD.unsqueeze(1) - near_BKD).square().mean(1))

    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        (batch,) = inputs.values()
        return {"distance": self(batch)}

    def answers(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> torch.Tensor:
        (batch,) = inputs.values()
        return self(batch)


def fit(network: Network, known: Known, *, neighbours: int, bank: int) -> dict[str, Any]:
    """Fills the bank with the normal examples, or with `bank` of them that cover the others best."""
    model: Any = network.encoder
    if isinstance(model.plain, Text):
        model.plain.learn(known.inputs)
    with torch.no_grad():
        x_ND = model.plain(known.inputs)
    model.bank = x_ND if len(x_ND) <= bank else x_ND[covering(x_ND, bank, known.learning.seed)]
    mark_narrowed(network)
    return {"neighbours": neighbours, "bank": bank}


def covering(x_ND: torch.Tensor, most: int, seed: int) -> torch.Tensor:
    """int64 (M): `most` examples, of which half are drawn and half lie furthest from those before (Sener and Savarese 2018, on
    candidates that are drawn), so that rare kinds of normal examples stay."""
    order = torch.randperm(len(x_ND), generator=torch.Generator().manual_seed(seed))
    first, rest = order[: most - most // 2], order[most - most // 2 :]
    nearest_R = torch.cat([torch.cdist(x_ND[part], x_ND[first]).amin(1) for part in rest.split(AT_A_TIME)])
    return torch.cat([first, rest[nearest_R.argsort(descending=True, stable=True)[: most // 2]]]).sort().values
