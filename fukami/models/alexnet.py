"""AlexNet, the network that won ImageNet in 2012.

Krizhevsky 2014, One weird trick for parallelizing convolutional neural networks; code of torchvision. What differs: `tiny`
has dense layers of 256 units instead of 4,096, and other than three colour channels are possible.
"""

from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec
from fukami.models.torchvision import TorchvisionEncoder, replace_first_convolution

CARD = ModelCard(
    name="alexnet",
    summary="the classic of 2012: five convolutions and two dense layers; kept for comparison",
    takes=("image",),
    gives=("vector", "grid"),
    sizes={"tiny": {"hidden": 256}, "base": {"hidden": 4096}},
    size="tiny",
    parameters={"image": {"tiny": 4_895_040, "base": 57_003_840}},
    options={"hidden": 4096, "dropout": 0.5},
    learning={"learning_rate": 5e-4, "weight_decay": 0.05},
    image={"least_size_px": 63, "min_size_px": 96},
    source="Krizhevsky 2014, arXiv:1404.5997; torchvision",
    licence="BSD-3-Clause",
)


def build(spec: ImageSpec, *, gives: str = "vector", hidden: int = 4096, dropout: float = 0.5) -> nn.Module:
    """Five convolutions and, for `gives="vector"`, two dense layers of `hidden` units with `dropout` before each."""
    from torchvision.models import alexnet

    net = alexnet(weights=None, dropout=dropout)
    replace_first_convolution(net, "features.0", spec.channels)
    if gives == "grid":
        return TorchvisionEncoder(net.features, num_features=256)
    net.classifier[1] = nn.Linear(256 * 6 * 6, hidden)
    net.classifier[4] = nn.Linear(hidden, hidden)
    net.classifier[6] = nn.Identity()
    return TorchvisionEncoder(net, num_features=hidden)
