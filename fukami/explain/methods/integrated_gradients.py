"""Integrated gradients: what each element adds on the straight way from an input without content to this one.

Sundararajan et al. 2017; captum's implementation. The way begins at the blurred picture, or at the text whose tokens are
padding (masked, where the tokenizer is a pretrained one), and what is explained is the log-odds, to whose difference the
weights add up.

Shapes: B batch, L tokens, D features, C channels, H and W pixels.
"""

from typing import Any

import torch
from torch import nn

from fukami.core.cards import MethodCard
from fukami.core.extras import needed
from fukami.core.language import _
from fukami.explain.case import Case
from fukami.explain.contract import Weights, unfit
from fukami.explain.gradients import evaluating, margin, require_gradient, require_weights
from fukami.fields.contract import Tokens

CARD = MethodCard(
    name="integrated-gradients",
    summary="what each pixel or token adds on the way from an empty input to this one",
    of=("image", "text"),
    looks_at="gradients",
    default_for=("text", "image"),
    source="Sundararajan et al. 2017, arXiv:1703.01365; captum",
)

STEPS = 32
AT_A_TIME = 16
"""Steps that are computed together: bounds the memory."""


def weigh(case: Case) -> Weights:
    """Sums over channels or features of what each element adds."""
    needed("captum", extra="explain")
    require_weights(CARD.name, case)
    with evaluating(case):
        return _of_tokens(case) if isinstance(case.batch, Tokens) else _of_pixels(case)


def _of_pixels(case: Case) -> Weights:
    from captum.attr import IntegratedGradients

    asked = margin(case)
    x_BCHW = case.batch.detach().clone().requires_grad_(True)
    require_gradient(CARD.name, case, asked(x_BCHW))
    found_BCHW = IntegratedGradients(asked).attribute(
        x_BCHW, baselines=case.filling, n_steps=STEPS, internal_batch_size=AT_A_TIME
    )
    detail_HW = found_BCHW.detach().double().sum(1)[0].cpu().numpy()
    return Weights(case.units.summed(detail_HW), detail=detail_HW)


def _of_tokens(case: Case) -> Weights:
    from captum.attr import LayerIntegratedGradients

    tokens, state = case.batch, case.field.state
    special = state["special"]
    empty = special.get("mask", special["pad"]) if state["level"] == "pretrained" else special["pad"]
    replaced_L = torch.from_numpy(case.units.of >= 0).to(tokens.ids.device)
    ends_BL = torch.where(replaced_L, empty, tokens.ids)
    ask = margin(case)

    def asked(ids_BL: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        return ask(Tokens(ids_BL, lengths_B))

    layer = embedding_of(case)
    _require_gradient_of(case, layer)
    found_BLD = LayerIntegratedGradients(asked, layer).attribute(
        tokens.ids,
        baselines=ends_BL,
        additional_forward_args=(tokens.lengths,),
        n_steps=STEPS,
        internal_batch_size=AT_A_TIME,
    )
    assert isinstance(found_BLD, torch.Tensor)
    return Weights(case.units.summed(found_BLD.detach().double().sum(2)[0].cpu().numpy()))


def embedding_of(case: Case) -> nn.Module:
    """The layer that turns tokens into vectors: the one with as many of them as the vocabulary has tokens."""
    size = case.field.state["vocabulary_size"]
    for module in case.predictor.network.modules():
        if isinstance(module, nn.Embedding) and module.num_embeddings >= size:
            return module
    raise unfit(CARD.name, _("its network has no layer that turns tokens into vectors"), case.field.kind)


def _require_gradient_of(case: Case, layer: nn.Module) -> None:
    def begin(_module: nn.Module, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        return output.detach().requires_grad_(True)

    hook = layer.register_forward_hook(begin)
    try:
        require_gradient(CARD.name, case, margin(case)(case.batch))
    finally:
        hook.remove()
