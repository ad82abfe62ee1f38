"""U-Net: an encoder that halves, a decoder that doubles, and at every size what the encoder saw there beside it.

Ronneberger, Fischer, Brox 2015 (arXiv:1505.04597), by hand. What differs: convolutions are padded, so that the grid is as large
as the picture, and normalised over the batch. The size `paper` has the paper's widths, 64 to 1024: 31,030,658 weights with
one channel in, two classes out and no normalisation, as the paper's figure 1 makes them. Smaller sizes are for processors:
their first convolution halves the picture, so their grid is half as large, and widths stop growing early.

Reached by `small` on CamVid: see `recipes/segmentation.py`.

Shapes: B batch, C channels, H and W pixels, D features.
"""

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec

CARD = ModelCard(
    name="unet",
    summary="U-Net: fine detail and wide context for the class of each pixel",
    takes=("image",),
    gives=("grid",),
    sizes={
        "tiny": {"width": 8, "depth": 3, "widest": 64, "stem": 2},
        "small": {"width": 16, "depth": 4, "widest": 256, "stem": 2},
        "base": {"width": 32, "depth": 4, "widest": 512, "stem": 1},
        "paper": {"width": 64, "depth": 4, "widest": 1024, "stem": 1},
    },
    size="small",
    parameters={"image": {"tiny": 121_760, "small": 1_944_896, "base": 7_763_008, "paper": 31_037_568}},
    options={"width": 16, "depth": 4, "widest": 256, "stem": 2, "normalise": True, "dropout": 0.0},
    learning={"optimizer": "muon", "learning_rate": 1e-2, "momentum": 0.95, "weight_decay": 0.05},
    image={"least_size_px": 8, "min_size_px": 32},
    source="Ronneberger et al. 2015, arXiv:1505.04597; by hand",
)


def build(
    spec: ImageSpec,
    *,
    gives: str = "grid",
    width: int = 16,
    depth: int = 4,
    widest: int = 256,
    stem: int = 2,
    normalise: bool = True,
    dropout: float = 0.0,
) -> nn.Module:
    """Args:
    spec: channels of the pictures; any size does.
    gives: `grid`.
    width: features at the full size; twice as many after each halving.
    depth: how often it halves.
    widest: most features anywhere.
    stem: 2 halves the picture first, and the grid is half as large; 1 does not.
    normalise: batch normalisation after each convolution, in the place of a bias.
    dropout: share of whole features dropped at the lowest size, in training.
    """
    return UNet(spec, width=width, depth=depth, widest=widest, stem=stem, normalise=normalise, dropout=dropout)


class UNet(nn.Module):
    """Pictures `x_BCHW` → `features_BDHW`, half as large with a stem of 2."""

    def __init__(self, spec: ImageSpec, *, width: int, depth: int, widest: int, stem: int, normalise: bool, dropout: float):
        super().__init__()
        widths = [min(width * 2**level, widest) for level in range(depth + 1)]
        first = spec.channels
        self.stem: nn.Module = nn.Identity()
        if stem == 2:
            self.stem, first = block(spec.channels, width, normalise, stride=2), width
        self.down = nn.ModuleList(
            nn.Sequential(block(before, after, normalise), block(after, after, normalise))
            for before, after in zip([first, *widths[:-1]], widths, strict=True)
        )
        self.up = nn.ModuleList(nn.ConvTranspose2d(widths[i + 1], widths[i], 2, stride=2) for i in range(depth))
        self.join = nn.ModuleList(
            nn.Sequential(block(2 * widths[i], widths[i], normalise), block(widths[i], widths[i], normalise))
            for i in range(depth)
        )
        self.dropout = nn.Dropout2d(dropout)
        self.multiple, self.num_features = 2**depth, widths[0]

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        x = self.stem(x_BCHW)
        H, W = x.shape[2:]
        more_y, more_x = -H % self.multiple, -W % self.multiple
        if more_y or more_x:  # edges are repeated until every halving comes out even, and cut off again
            x = F.pad(x, (0, more_x, 0, more_y), mode="replicate")
        seen = []
        for level, stage in enumerate(self.down):
            x = stage(F.max_pool2d(x, 2) if level else x)
            seen.append(x)
        x = self.dropout(seen.pop())
        for up, join, beside in zip(reversed(self.up), reversed(self.join), reversed(seen), strict=True):  # type: ignore[call-overload]
            x = join(torch.cat([beside, up(x)], 1))
        return x[:, :, :H, :W]

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """From the picture down, then up again."""
        stages = [self.stem, *self.down]
        ups = [nn.ModuleList(pair) for pair in zip(self.up, self.join, strict=True)]
        return [found for stage in (*stages, *reversed(ups)) if (found := list(stage.parameters()))]


def block(channels: int, out_channels: int, normalise: bool, *, stride: int = 1) -> nn.Sequential:
    """3 × 3 convolution, batch normalisation where asked for, ReLU."""
    norm = [nn.BatchNorm2d(out_channels)] if normalise else []
    return nn.Sequential(
        nn.Conv2d(channels, out_channels, 3, stride=stride, padding=1, bias=not normalise), *norm, nn.ReLU(inplace=True)
    )
