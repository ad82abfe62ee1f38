"""The U-Net of the size `paper` against the paper's figure 1: widths, number of weights, and sizes at every level."""

import pytest
import torch

from fukami.core.specs import ImageSpec
from fukami.layers.heads import DenseHead
from fukami.models import unet


def test_the_paper_has_thirty_one_million_weights():
    """23 convolutions (18 of 3 × 3, 4 up, 1 of 1 × 1), with biases and without normalisation."""
    with torch.device("meta"):
        network = unet.build(ImageSpec(1, 572, 572), **unet.CARD.sizes["paper"], normalise=False)
        head = DenseHead(network.num_features, 2)
    modules = [*network.modules(), head]
    assert sum(isinstance(m, torch.nn.Conv2d) for m in modules) == 19
    assert sum(isinstance(m, torch.nn.ConvTranspose2d) for m in modules) == 4
    assert sum(p.numel() for m in (network, head) for p in m.parameters()) == 31_030_658
    assert [stage[0][0].out_channels for stage in network.down] == [64, 128, 256, 512, 1024]
    assert [join[0][0].in_channels for join in network.join] == [128, 256, 512, 1024]


@pytest.mark.parametrize(("size", "stem"), [("tiny", 2), ("base", 1)])
@pytest.mark.parametrize(("height", "width"), [(32, 32), (37, 50), (64, 48)])
def test_any_size_of_picture_has_a_grid_of_its_own(size, stem, height, width):
    network = unet.build(ImageSpec(3, height, width), **{**unet.CARD.sizes[size], "width": 4, "widest": 16}).eval()
    with torch.no_grad():
        features = network(torch.randn(2, 3, height, width))
    assert features.shape == (2, network.num_features, -(-height // stem), -(-width // stem))


def test_detail_and_context_both_arrive():
    """The grid changes beside a changed pixel through the first level, and far from it through the lowest."""
    torch.manual_seed(0)
    network = unet.build(ImageSpec(1, 64, 64), width=4, depth=3, widest=16, stem=1).eval()
    x = torch.randn(1, 1, 64, 64)
    other = x.clone()
    other[..., 32, 32] += 5
    with torch.no_grad():
        change = (network(x) - network(other)).abs().sum(1)[0]
    assert change[32, 32] > 0 and change[32, 32 + 20] > 0


def test_groups_of_layers_hold_every_weight_once():
    network = unet.build(ImageSpec(3, 32, 32), **unet.CARD.sizes["tiny"])
    listed = [id(p) for group in network.layer_groups() for p in group]
    assert sorted(listed) == sorted(id(p) for p in network.parameters())
