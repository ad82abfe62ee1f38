"""DPT: a vision transformer whose layers are put together again as grids, from coarse to fine.

Ranftl, Bochkovskiy, Koltun 2021 (arXiv:2103.13413), by transformers. `paper` is DPT-Large without its pretrained weights (those
are `hf:Intel/dpt-large`'s, which this file does not load). The other sizes are for processors; no
figure of any has been read yet. What differs: layers of which nothing would be learned are left out (the last norm, the first
fusion's second way), patches are 8 pixels wide where pictures are small, and pictures are brought to a multiple of two patches.

Shapes: B batch, C channels, H and W pixels, D features. The grid is as fine as eight places for each patch's side.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec

CARD = ModelCard(
    name="dpt",
    summary="DPT: a vision transformer for an answer at each pixel",
    takes=("image",),
    gives=("grid",),
    sizes={
        "tiny": {"width": 64, "depth": 4, "heads": 2, "head": 32},
        "small": {"width": 192, "depth": 8, "heads": 3, "head": 64},
        "paper": {"width": 1024, "depth": 24, "heads": 16, "head": 256, "patch_px": 16},
    },
    size="tiny",
    parameters={"image": {"tiny": 487_456, "small": 5_240_608, "paper": 340_930_560}},
    options={"width": 64, "depth": 4, "heads": 2, "head": 32, "patch_px": 0, "dropout": 0.0},
    small={"width": 16, "head": 8},
    learning={"learning_rate": 1e-3, "weight_decay": 0.05},
    image={"least_size_px": 8, "min_size_px": 32},
    source="Ranftl et al. 2021, arXiv:2103.13413; transformers",
    exempt={"pruning": "grids are put together from all layers' tokens, whose widths belong together"},
)

STAGES = 4
LARGE_PX = 160
"""Pictures from this size on have patches of 16 pixels."""


def build(
    spec: ImageSpec,
    *,
    gives: str = "grid",
    width: int = 64,
    depth: int = 4,
    heads: int = 2,
    head: int = 32,
    patch_px: int = 0,
    dropout: float = 0.0,
) -> nn.Module:
    """Args:
    spec: channels and size of the pictures.
    gives: `grid`.
    width: features of a token.
    depth: layers of the transformer, a multiple of 4.
    heads: heads of each attention.
    head: features of the grid.
    patch_px: side of a patch; 0 for 8 in small pictures and 16 in large ones.
    dropout: share of features dropped in training.
    """
    from transformers import DPTConfig, DPTForDepthEstimation

    patch = patch_px or (16 if min(spec.height, spec.width) >= LARGE_PX else 8)
    size = -(-max(spec.height, spec.width) // (2 * patch)) * 2 * patch
    told: dict[str, Any] = {
        "hidden_size": width,
        "num_hidden_layers": depth,
        "num_attention_heads": heads,
        "intermediate_size": 4 * width,
        "image_size": size,
        "patch_size": patch,
        "num_channels": spec.channels,
        "backbone_out_indices": [(stage + 1) * depth // STAGES - 1 for stage in range(STAGES)],
        "neck_hidden_sizes": [width // 4, width // 2, width, width],
        "neck_ignore_stages": [],
        "fusion_hidden_size": head,
        "hidden_dropout_prob": dropout,
    }
    return Dpt(DPTForDepthEstimation(DPTConfig(**told)), size)


class Dpt(nn.Module):
    """Pictures `x_BCHW` → `features_BDHW`."""

    def __init__(self, net: Any, size: int):
        super().__init__()
        self.embeddings, self.layers, self.neck = net.dpt.embeddings, net.dpt.encoder.layer, net.neck
        self.neck.fusion_stage.layers[0].residual_layer1 = nn.Identity()
        self.size, self.taken = size, tuple(net.config.backbone_out_indices)
        self.num_features = net.config.fusion_hidden_size

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        if tuple(x_BCHW.shape[2:]) != (self.size, self.size):
            x_BCHW = F.interpolate(x_BCHW, (self.size, self.size), mode="bilinear", align_corners=False)
        tokens_BLW, seen = self.embeddings(x_BCHW).last_hidden_states, []
        for number, layer in enumerate(self.layers):
            tokens_BLW = layer(tokens_BLW)
            if number in self.taken:
                seen.append(tokens_BLW)
        return self.neck(seen)[-1]

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Patches, each layer, what puts them together."""
        return [list(part.parameters()) for part in (self.embeddings, *self.layers, self.neck)]
