"""Residual networks: for pictures timm's ResNet, for rows of a table a tabular ResNet.

Pictures: He et al. 2016, Deep Residual Learning for Image Recognition; code, variants and weights of timm.
Rows: Gorishniy et al. 2021, arXiv:2106.11959; the sizes have the width and depth of `ROWS`.
"""

from typing import Any

from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.specs import ImageSpec, RowSpec
from fukami.models import timm

CARD = ModelCard(
    name="resnet",
    summary="residual network: for tables, and the usual first choice for pictures of 64 pixels and more",
    takes=("image", "row"),
    gives=("vector", "grid"),
    only={"row": ("vector",)},
    sizes={
        "tiny": {"architecture": "resnet10t"},
        "small": {"architecture": "resnet18"},
        "base": {"architecture": "resnet50"},
        "large": {"architecture": "resnet101"},
    },
    size="small",
    parameters={
        "image": {"tiny": 4_922_488, "small": 11_176_512, "base": 23_508_032, "large": 42_500_160},
        "row": {"tiny": 43_560, "small": 218_472, "base": 1_093_224, "large": 6_385_512},
    },
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
    fine_tuning={"learning_rate": 3e-4},
    image={"min_size_px": 64, "multiple_px": 32},
    source="He et al. 2016, arXiv:1512.03385; Gorishniy et al. 2021, arXiv:2106.11959; timm",
    library="timm",
)


def build(spec: ImageSpec | RowSpec, *, gives: str = "vector", **options: Any) -> nn.Module:
    """A residual network for pictures or for rows, as the spec says. Options: see `CARD`."""
    if isinstance(spec, RowSpec):
        return for_rows(spec, **options)
    return timm.build(spec, gives=gives, **options)


ROWS = {
    "resnet10t": {"width": 64, "depth": 2},
    "resnet18": {"width": 128, "depth": 3},
    "resnet50": {"width": 256, "depth": 4},
    "resnet101": {"width": 512, "depth": 6},
}
"""Width and depth for rows of a table, by the size's architecture for pictures; others count as the nearest smaller one."""


def for_rows(spec: RowSpec, *, architecture: str, dropout: float, drop_path: float) -> nn.Module:
    """The tabular network of the same size. `drop_path` has no meaning for it and must be 0."""
    from fukami.layers.rows import RowResNet

    if drop_path:
        raise UsageError("F-MODEL-OPTION", _("drop_path is for pictures only"), expected="0", got=str(drop_path))
    nearest = {"resnet34": "resnet18", "resnet152": "resnet101"}.get(architecture, architecture)
    return RowResNet(spec, dropout=dropout, **ROWS[nearest])
