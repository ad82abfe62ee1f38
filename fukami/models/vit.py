"""Vision transformer: a picture cut into patches, read as a sequence.

Dosovitskiy et al. 2021, An Image is Worth 16x16 Words; code, variants and weights of timm. What differs: the side of a patch
follows the picture, so that small pictures still give a sequence (see `patch_side`), and pictures whose sides are no
multiple of it are filled up with zeros.
"""

from typing import Any

from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec
from fukami.models import timm

CARD = ModelCard(
    name="vit",
    summary="vision transformer; strong with pretrained weights or much data",
    takes=("image",),
    gives=("vector", "sequence", "grid"),
    sizes={
        "tiny": {"architecture": "vit_tiny_patch16_224"},
        "small": {"architecture": "vit_small_patch16_224"},
        "base": {"architecture": "vit_base_patch16_224"},
        "large": {"architecture": "vit_large_patch16_224"},
    },
    size="tiny",
    parameters={"image": {"tiny": 5_360_832, "small": 21_338_496, "base": 85_144_320, "large": 302_429_184}},
    members={
        "vit_tiny": {"architecture": "vit_tiny_patch16_224"},
        "vit_small": {"architecture": "vit_small_patch16_224"},
        "vit_base": {"architecture": "vit_base_patch16_224"},
        "vit_large": {"architecture": "vit_large_patch16_224"},
        "vit_tiny_patch16_224": {"architecture": "vit_tiny_patch16_224"},
        "vit_small_patch16_224": {"architecture": "vit_small_patch16_224"},
        "vit_base_patch16_224": {"architecture": "vit_base_patch16_224"},
        "vit_large_patch16_224": {"architecture": "vit_large_patch16_224"},
    },
    options={"patch_px": 0, "depth": 0, "dropout": 0.0, "drop_path": 0.0},
    learning={"learning_rate": 5e-4, "weight_decay": 0.05, "warmup": 0.2},
    fine_tuning={"learning_rate": 1e-4},
    image={"multiple_px": 4},
    source="Dosovitskiy et al. 2021, arXiv:2010.11929; timm",
    library="timm",
)


def build(spec: ImageSpec, *, gives: str = "vector", patch_px: int = 0, depth: int = 0, **options: Any) -> nn.Module:
    """A vision transformer.

    Args:
        spec: channels and size of the pictures.
        gives: `vector` (the class token), `sequence` or `grid` (the patches).
        patch_px: side of a patch; 0 chooses it from the picture.
        depth: number of blocks; 0 for the size's own.
        options: see `CARD`.
    """
    side = patch_px or patch_side(min(spec.height, spec.width))
    extra = {"depth": depth} if depth else {}
    return timm.build(spec, gives=gives, patch_size=side, pad_to=side, **extra, **options)


def patch_side(size_px: int) -> int:
    """The largest of 16, 8, 4, 2, 1 that leaves at least 7 patches along a side of `size_px`.

    224 pixels have patches of 16 as in the paper and 32 have patches of 4, as is usual for CIFAR.

    >>> [patch_side(size_px) for size_px in (8, 28, 32, 64, 96, 224)]
    [1, 4, 4, 8, 8, 16]
    """
    return next((side for side in (16, 8, 4, 2) if size_px >= 7 * side), 1)
