"""Best: several models trained on the same examples, weighed by what they answer of those kept aside, and averaged.

Caruana et al. 2004, "Ensemble selection from libraries of models": beginning with nothing, the model whose answers lower the
validation loss most is taken in again and again, each as often as it helps; how often is its weight, and one that never helps
is left out. What is kept is a network like any other.

Shapes: B batch, K outputs, P parts, R rounds, N examples.
"""

from typing import Any

import numpy as np
import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.percent import percent
from fukami.core.specs import RowSpec
from fukami.fields.contract import Cells
from fukami.layers.heads import LinearHead
from fukami.models.contract import Known, Network, width
from fukami.models.registry import build as built
from fukami.models.registry import resolve
from fukami.models.widths import mark_narrowed

CARD = ModelCard(
    name="best",
    summary="the default network, boosted trees and a linear model, weighed on validation and averaged",
    takes=("row",),
    gives=("vector",),
    fitted={"row": {}},
    parameters={"row": {"": 47_515}},
    options={"parts": "tabm+boosting+linear", "outputs": 1},
    source="Caruana et al. 2004; by hand",
    exempt={"pruning": "its parts are networks of their own"},
)

ROUNDS = 20
"""How often a part is taken in: weights are multiples of a twentieth."""
ALIKE, LEAST = 50, 0.05
"""On so many examples what selection finds counts as much as equal weights. Parts of less weight than that are left out."""
AT_A_TIME = 256
TINY = 1e-12


class Several(nn.Module):
    """`Cells` → `features_BK`: the mean of what the parts answer, by their weights, as raw outputs of one network.

    Of classes (K > 1) probabilities are averaged, and their logarithms given; of a number its values.
    """

    weight: torch.Tensor

    def __init__(self, parts: list[Network], outputs: int):
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.num_features = outputs
        self.register_buffer("weight", torch.full((len(parts),), 1 / max(1, len(parts))))

    def forward(self, cells: Cells) -> torch.Tensor:
        answers_PBK = torch.stack([answered(part, cells) for part in self.parts])
        mean_BK = (self.weight.reshape(-1, 1, 1) * answers_PBK).sum(0)
        return mean_BK.clamp_min(TINY).log() if self.num_features > 1 else mean_BK


def answered(part: Any, cells: Cells) -> torch.Tensor:
    """`answers_BK` of one part: probabilities, or a value, as the mean of its members."""
    outputs_BMK = part({"row": cells})
    return (outputs_BMK.softmax(-1) if outputs_BMK.shape[-1] > 1 else outputs_BMK).mean(1)


def build(spec: RowSpec, *, gives: str = "vector", parts: str = "linear", outputs: int = 1) -> nn.Module:
    """The named `parts` (joined by +), each with a head of `outputs`; `fit` makes them what they are."""
    return Several([blank(name, spec, outputs) for name in parts.split("+")], outputs)


def blank(name: str, spec: RowSpec, outputs: int) -> Network:
    """A part before it has learned."""
    encoder = built(resolve(name, takes="row", needs="vector"), spec)
    return Network(encoder, LinearHead(width(encoder)[0], outputs, width(encoder)[1]))


def fit(network: Network, known: Known, *, parts: str, outputs: int) -> dict[str, Any]:
    """Trains the parts one after the other, weighs them, and keeps those that help.

    Raises `UsageError` F-BEST-VALIDATION where no example is kept aside to weigh them on.
    """
    if known.valid is None:
        raise UsageError(
            "F-BEST-VALIDATION",
            _("models can be weighed only on examples that none of them learned from"),
            expected=_("validation examples"),
            fix="--set valid_fraction=0.1",
        )
    trained = {name: known.another(name) for name in parts.split("+")}
    inputs, targets = known.valid.inputs, known.valid.targets
    answers_PNK = np.stack([_answers(part.eval(), inputs) for part in trained.values()])
    weights_P = weighed(answers_PNK, targets)
    kept = [name for name, weight in zip(trained, weights_P, strict=True) if weight > 0]
    several = Several([trained[name] for name in kept], known.num_outputs)
    several.weight = torch.from_numpy(weights_P[weights_P > 0].astype(np.float32))
    head = LinearHead(known.num_outputs, known.num_outputs)
    with torch.no_grad():
        head.weight.copy_(torch.eye(known.num_outputs))
        head.bias.zero_()
    network.encoder, network.head = several, head
    mark_narrowed(network)
    for name, answers_NK, weight in zip(trained, answers_PNK, weights_P, strict=True):
        told = _("{model}: validation loss {loss}, weight {weight}")
        known.tell(told.format(model=name, loss=f"{loss(answers_NK, targets):.4g}", weight=percent(weight, digits=0)))
    together = loss(np.tensordot(weights_P, answers_PNK, 1), targets)
    known.tell(_("together: validation loss {loss}").format(loss=f"{together:.4g}"))
    return {"parts": "+".join(kept), "outputs": known.num_outputs}


def _answers(part: Network, inputs: Cells) -> np.ndarray:
    with torch.no_grad():
        starts = range(0, len(inputs.numbers), AT_A_TIME)
        pieces = [Cells(*(cells[start : start + AT_A_TIME] for cells in inputs)) for start in starts]
        return torch.cat([answered(part, piece) for piece in pieces]).double().numpy()


def weighed(answers_PNK: np.ndarray, targets_N: np.ndarray) -> np.ndarray:
    """The weights (P) of the parts, which add up to 1: as selection finds them, drawn to equal ones where examples are few.

    >>> sure, unsure = np.eye(2)[[0, 1] * 500], np.full((1000, 2), 0.5)
    >>> weighed(np.stack([sure, unsure]), np.array([0, 1] * 500)).tolist()
    [1.0, 0.0]
    """
    counts_P, total_NK = np.zeros(len(answers_PNK)), np.zeros(answers_PNK.shape[1:])
    for chosen in range(1, ROUNDS + 1):
        part = int(np.argmin([loss((total_NK + answers_NK) / chosen, targets_N) for answers_NK in answers_PNK]))
        counts_P[part] += 1
        total_NK += answers_PNK[part]
    known = len(targets_N) / (len(targets_N) + ALIKE)
    weights_P = known * counts_P / ROUNDS + (1 - known) / len(counts_P)
    weights_P[weights_P < LEAST] = 0
    return weights_P / weights_P.sum()


def loss(answers_NK: np.ndarray, targets_N: np.ndarray) -> float:
    """The log loss of probabilities, or the mean squared error of values (N, 1)."""
    if answers_NK.shape[1] == 1:
        return float(np.square(answers_NK[:, 0] - targets_N).mean())
    return float(-np.log(np.maximum(answers_NK[np.arange(len(targets_N)), targets_N], TINY)).mean())
