"""VGG: plain stacks of 3 × 3 convolutions and two dense layers; here with batch normalisation.

Simonyan and Zisserman 2015, Very Deep Convolutional Networks for Large-Scale Image Recognition; code, variants and weights of
timm. `tiny` differs from the paper's 11 layers by a narrow dense layer (256 instead of 4,096), since that layer alone holds
three quarters of the parameters.
"""

from typing import Any

from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec
from fukami.models import timm

CARD = ModelCard(
    name="vgg",
    summary="plain deep convolutions and dense layers; heavy, kept for comparison",
    takes=("image",),
    gives=("vector", "grid"),
    sizes={
        "tiny": {"architecture": "vgg11_bn", "mlp_ratio": 0.0625},
        "small": {"architecture": "vgg11_bn"},
        "base": {"architecture": "vgg16_bn"},
        "large": {"architecture": "vgg19_bn"},
    },
    size="tiny",
    parameters={"image": {"tiny": 16_701_440, "small": 128_771_840, "base": 134_268_992, "large": 139_581_248}},
    members={
        "vgg11": {"architecture": "vgg11"},
        "vgg13": {"architecture": "vgg13"},
        "vgg16": {"architecture": "vgg16"},
        "vgg19": {"architecture": "vgg19"},
        "vgg11_bn": {"architecture": "vgg11_bn"},
        "vgg13_bn": {"architecture": "vgg13_bn"},
        "vgg16_bn": {"architecture": "vgg16_bn"},
        "vgg19_bn": {"architecture": "vgg19_bn"},
    },
    options={"dropout": 0.0, "mlp_ratio": 1.0},
    learning={"learning_rate": 5e-4, "weight_decay": 0.05},
    fine_tuning={"learning_rate": 1e-4},
    image={"least_size_px": 32, "min_size_px": 64, "multiple_px": 32},
    source="Simonyan and Zisserman 2015, arXiv:1409.1556; timm",
    library="timm",
)


def build(spec: ImageSpec, *, gives: str = "vector", **options: Any) -> nn.Module:
    """Stacked convolutions. `mlp_ratio` scales the first dense layer (1: 4,096 units)."""
    return timm.build(spec, gives=gives, **options)
