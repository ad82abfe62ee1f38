"""EfficientNet: width, depth and resolution scaled together.

Tan and Le 2019, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks; code, variants and weights of timm.
"""

from typing import Any

from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec
from fukami.models import timm

CARD = ModelCard(
    name="efficientnet",
    summary="convolutional network with much accuracy per parameter",
    takes=("image",),
    gives=("vector", "grid"),
    sizes={
        "tiny": {"architecture": "efficientnet_b0"},
        "small": {"architecture": "efficientnet_b1"},
        "base": {"architecture": "efficientnet_b3"},
        "large": {"architecture": "efficientnet_b5"},
    },
    size="tiny",
    parameters={"image": {"tiny": 4_007_548, "small": 6_513_184, "base": 10_696_232, "large": 28_340_784}},
    members={
        "efficientnet_b0": {"architecture": "efficientnet_b0"},
        "efficientnet_b1": {"architecture": "efficientnet_b1"},
        "efficientnet_b2": {"architecture": "efficientnet_b2"},
        "efficientnet_b3": {"architecture": "efficientnet_b3"},
        "efficientnet_b4": {"architecture": "efficientnet_b4"},
        "efficientnet_b5": {"architecture": "efficientnet_b5"},
        "efficientnet_b6": {"architecture": "efficientnet_b6"},
        "efficientnet_b7": {"architecture": "efficientnet_b7"},
    },
    options={"dropout": 0.2, "drop_path": 0.0},
    learning={"learning_rate": 1e-3, "weight_decay": 0.05},
    fine_tuning={"learning_rate": 3e-4},
    image={"min_size_px": 64, "multiple_px": 32},
    source="Tan and Le 2019, arXiv:1905.11946; timm",
    library="timm",
)


def build(spec: ImageSpec, *, gives: str = "vector", **options: Any) -> nn.Module:
    """An EfficientNet. Options: see `CARD`."""
    return timm.build(spec, gives=gives, **options)
