"""What networks of torchvision need to become encoders. Used where timm lacks a network.

Shapes: B batch, C channels, H and W pixels.
"""

import torch
from torch import nn


class TorchvisionEncoder(nn.Module):
    """A network of torchvision without its classifier. Pictures `x_BCHW` → `features_BD` or `features_BDHW`."""

    def __init__(self, net: nn.Module, *, num_features: int):
        super().__init__()
        self.net, self.num_features = net, num_features

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        return self.net(x_BCHW)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """One group for each layer that has weights, in the order in which torchvision declares them."""
        layers = (list(module.parameters(recurse=False)) for module in self.net.modules())
        return [layer for layer in layers if layer]


def replace_first_convolution(net: nn.Module, name: str, channels: int) -> None:
    """Gives the convolution `name` new weights for pictures of `channels` channels, unless it has them already."""
    old = net.get_submodule(name)
    assert isinstance(old, nn.Conv2d)
    if old.in_channels == channels:
        return
    new = nn.Conv2d(
        channels,
        old.out_channels,
        old.kernel_size,  # type: ignore[arg-type]
        stride=old.stride,  # type: ignore[arg-type]
        padding=old.padding,  # type: ignore[arg-type]
        bias=old.bias is not None,
    )
    parent, _dot, leaf = name.rpartition(".")
    net.get_submodule(parent)._modules[leaf] = new
