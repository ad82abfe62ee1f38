"""Inception: convolutions of several widths side by side.

Szegedy et al. 2016, Rethinking the Inception Architecture for Computer Vision (v3), and 2017, Inception-v4; code, variants and
weights of timm. The auxiliary classifier of v3 is left out.
"""

from typing import Any

from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec
from fukami.models import timm

CARD = ModelCard(
    name="inception",
    summary="convolutions of several widths side by side, for pictures of 75 pixels and more",
    takes=("image",),
    gives=("vector", "grid"),
    sizes={
        "base": {"architecture": "inception_v3"},
        "large": {"architecture": "inception_v4"},
    },
    size="base",
    parameters={"image": {"base": 21_785_568, "large": 41_142_816}},
    members={
        "inception_v3": {"architecture": "inception_v3"},
        "inception_v4": {"architecture": "inception_v4"},
        "inception_resnet_v2": {"architecture": "inception_resnet_v2"},
    },
    options={"dropout": 0.0},
    learning={"learning_rate": 1e-3, "weight_decay": 0.05},
    fine_tuning={"learning_rate": 3e-4},
    image={"least_size_px": 75, "min_size_px": 96, "multiple_px": 32},
    source="Szegedy et al. 2016, arXiv:1512.00567; timm",
    library="timm",
)


def build(spec: ImageSpec, *, gives: str = "vector", **options: Any) -> nn.Module:
    """An inception network. Options: see `CARD`."""
    return timm.build(spec, gives=gives, **options)
