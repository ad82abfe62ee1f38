"""Residual networks: for pictures timm's ResNet, for rows of a table a tabular ResNet.

Pictures: He et al. 2016, Deep Residual Learning for Image Recognition; code, variants and weights of timm.
"""

from typing import Any

from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec, RowSpec
from fukami.models import timm

CARD = ModelCard(
    name="resnet",
    summary="residual network; the usual first choice for pictures of 64 pixels and more",
    takes=("image", "row"),
    gives=("vector", "grid"),
    sizes={
        "tiny": {"architecture": "resnet10t"},
        "small": {"architecture": "resnet18"},
        "base": {"architecture": "resnet50"},
        "large": {"architecture": "resnet101"},
    },
    size="small",
    members={
        "resnet10t": {"architecture": "resnet10t"},
        "resnet18": {"architecture": "resnet18"},
        "resnet34": {"architecture": "resnet34"},
        "resnet50": {"architecture": "resnet50"},
        "resnet101": {"architecture": "resnet101"},
        "resnet152": {"architecture": "resnet152"},
    },
    options={"dropout": 0.0, "drop_path": 0.0},
    learning={"learning_rate": 1e-3, "weight_decay": 0.05},
    image={"min_size_px": 64, "multiple_px": 32},
    source="He et al. 2016, arXiv:1512.03385; timm",
    library="timm",
)


def build(spec: ImageSpec | RowSpec, *, gives: str = "vector", **options: Any) -> nn.Module:
    """A residual network for pictures or for rows, as the spec says. Options: see `CARD`."""
    if isinstance(spec, RowSpec):
        return for_rows(spec, **options)
    return timm.build(spec, gives=gives, **options)


def for_rows(spec: RowSpec, **options: Any) -> nn.Module:
    raise NotImplementedError
