"""MobileNet: small and quick convolutional networks for phones.

Howard et al. 2019, Searching for MobileNetV3, and Qin et al. 2024, MobileNetV4; code, variants and weights of timm.
"""

from typing import Any

from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec
from fukami.models import timm

CARD = ModelCard(
    name="mobilenet",
    summary="small, quick convolutional network, made for phones",
    takes=("image",),
    gives=("vector", "grid"),
    sizes={
        "tiny": {"architecture": "mobilenetv3_small_050"},
        "small": {"architecture": "mobilenetv3_small_100"},
        "base": {"architecture": "mobilenetv3_large_100"},
        "large": {"architecture": "mobilenetv4_conv_medium"},
    },
    size="small",
    parameters={"image": {"tiny": 568_224, "small": 1_517_856, "base": 4_202_032, "large": 8_434_512}},
    members={
        "mobilenet_v2": {"architecture": "mobilenetv2_100"},
        "mobilenet_v3_small": {"architecture": "mobilenetv3_small_100"},
        "mobilenet_v3_large": {"architecture": "mobilenetv3_large_100"},
        "mobilenetv2_100": {"architecture": "mobilenetv2_100"},
        "mobilenetv3_small_050": {"architecture": "mobilenetv3_small_050"},
        "mobilenetv3_small_100": {"architecture": "mobilenetv3_small_100"},
        "mobilenetv3_large_100": {"architecture": "mobilenetv3_large_100"},
        "mobilenetv4_conv_small": {"architecture": "mobilenetv4_conv_small"},
        "mobilenetv4_conv_medium": {"architecture": "mobilenetv4_conv_medium"},
    },
    options={"dropout": 0.2, "drop_path": 0.0},
    learning={"learning_rate": 1e-3, "weight_decay": 0.05},
    fine_tuning={"learning_rate": 3e-4},
    image={"min_size_px": 64, "multiple_px": 32},
    source="Howard et al. 2019, arXiv:1905.02244; timm",
    library="timm",
)


def build(spec: ImageSpec, *, gives: str = "vector", **options: Any) -> nn.Module:
    """A MobileNet. Options: see `CARD`."""
    return timm.build(spec, gives=gives, **options)
