"""Attention and convolution side by side, letters by CTC: Gulati et al. 2020, Conformer.

What differs: places are told to attention by turning pairs of features (Su et al. 2021, RoFormer) rather than by relative
encodings; layer norms rather than batch norms in the convolution, so that neither padding nor company changes an answer.

Figures: see `recipes/speech.py`. Shapes: B batch, T steps, D width, H heads, E width of a head.
"""

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.fields.audio.features import Ear
from fukami.fields.audio.spec import AudioSpec, Waves
from fukami.layers.ctc import Listener
from fukami.layers.listening import Front
from fukami.layers.pooling import valid

CARD = ModelCard(
    name="conformer",
    summary="attention and convolution, letters by CTC; for many hours of speech and a GPU",
    takes=("audio",),
    gives=("transcript",),
    sizes={
        "tiny": {"channels": 8, "width": 48, "depth": 2, "heads": 2, "reach": 15},
        "small": {"channels": 16, "width": 144, "depth": 4, "heads": 4, "reach": 31},
        "base": {"channels": 32, "width": 256, "depth": 12, "heads": 4, "reach": 31},
        "large": {"channels": 32, "width": 512, "depth": 17, "heads": 8, "reach": 31},
    },
    size="small",
    parameters={"audio": {"tiny": 119_829, "small": 1_991_181, "base": 18_441_085, "large": 103_334_269}},
    small={"width": 16, "depth": 1, "reach": 5, "stride": 4},
    options={"channels": 16, "width": 144, "depth": 4, "heads": 4, "reach": 31, "stride": 2, "dropout": 0.1},
    learning={"learning_rate": 1e-3, "weight_decay": 0.01, "clip_norm": 1.0, "warmup": 0.1},
    source="Gulati et al. 2020, arXiv:2005.08100; Su et al. 2021, arXiv:2104.09864; by hand",
)


def build(
    spec: AudioSpec,
    *,
    gives: str = "transcript",
    target: int,
    channels: int = 16,
    width: int = 144,
    depth: int = 4,
    heads: int = 4,
    reach: int = 31,
    stride: int = 2,
    dropout: float = 0.1,
) -> nn.Module:
    """See `Conformer`."""
    sizes = {"channels": channels, "width": width, "depth": depth, "heads": heads, "reach": reach}
    return Conformer(spec, target, **sizes, stride=stride, dropout=dropout)


class Conformer(Listener):
    """A whole model of letters.

    Args:
        spec: how recordings are heard.
        target: how many letters there are.
        channels: of the convolutions at the beginning.
        width, depth, heads: of the blocks.
        reach: steps that a block's convolution sees, an odd number.
        stride: frames that one step is made of, 1, 2 or 4.
        dropout: share of the numbers dropped in training.
    """

    def __init__(
        self,
        spec: AudioSpec,
        target: int,
        *,
        channels: int,
        width: int,
        depth: int,
        heads: int,
        reach: int,
        stride: int,
        dropout: float,
    ):
        super().__init__(target, width, stride * spec.hop / spec.rate_hz)
        self.ear = Ear(spec)
        self.front = Front(spec.heard, channels, width, stride)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads, reach, dropout) for _block in range(depth))

    def encoded(self, waves: Waves) -> tuple[torch.Tensor, torch.Tensor]:
        x_BTD, lengths_B = self.front(*self.ear(waves))
        valid_BT = valid(lengths_B, x_BTD.shape[1])
        x_BTD = self.dropout(x_BTD)
        for block in self.blocks:
            x_BTD = block(x_BTD, valid_BT)
        return x_BTD, lengths_B

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The convolutions, each block, the letters."""
        blocks = (list(block.parameters()) for block in self.blocks)
        return [list(self.front.parameters()), *blocks, list(self.says.parameters())]


class Block(nn.Module):
    """Half a dense layer, attention, convolution, half a dense layer, a norm."""

    def __init__(self, width: int, heads: int, reach: int, dropout: float):
        super().__init__()
        self.before, self.after = Dense(width, dropout), Dense(width, dropout)
        self.attention = Attention(width, heads, dropout)
        self.convolution = Convolution(width, reach, dropout)
        self.norm = nn.LayerNorm(width)

    def forward(self, x_BTD: torch.Tensor, valid_BT: torch.Tensor) -> torch.Tensor:
        x_BTD = x_BTD + 0.5 * self.before(x_BTD)
        x_BTD = x_BTD + self.attention(x_BTD, valid_BT)
        x_BTD = x_BTD + self.convolution(x_BTD, valid_BT)
        return self.norm(x_BTD + 0.5 * self.after(x_BTD))


class Dense(nn.Sequential):
    """Each step by itself, four times as wide in between."""

    def __init__(self, width: int, dropout: float):
        inner = nn.Linear(width, 4 * width), nn.SiLU(), nn.Dropout(dropout)
        super().__init__(nn.LayerNorm(width), *inner, nn.Linear(4 * width, width), nn.Dropout(dropout))


class Attention(nn.Module):
    """Each step looks at all real ones of its recording."""

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.heads, self.norm = heads, nn.LayerNorm(width)
        self.asked, self.given = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x_BTD: torch.Tensor, valid_BT: torch.Tensor) -> torch.Tensor:
        batch, steps, width = x_BTD.shape
        parts = self.asked(self.norm(x_BTD)).chunk(3, dim=2)
        q, k, v = (part.reshape(batch, steps, self.heads, -1).transpose(1, 2) for part in parts)
        found_BHTE = F.scaled_dot_product_attention(turned(q), turned(k), v, attn_mask=valid_BT[:, None, None, :])
        return self.dropout(self.given(found_BHTE.transpose(1, 2).reshape(batch, steps, width)))


def turned(x_BHTE: torch.Tensor) -> torch.Tensor:
    """Pairs of features turned by an angle that grows with the step, so that products of two tell how far apart they are."""
    half = x_BHTE.shape[3] // 2
    rates_E = 10_000 ** (-torch.arange(half, device=x_BHTE.device) / max(half, 1))
    angles_TE = torch.arange(x_BHTE.shape[2], device=x_BHTE.device).unsqueeze(1) * rates_E
    cos, sin = angles_TE.cos().to(x_BHTE.dtype), angles_TE.sin().to(x_BHTE.dtype)
    a, b, rest = x_BHTE[..., :half], x_BHTE[..., half : 2 * half], x_BHTE[..., 2 * half :]
    return torch.cat([a * cos - b * sin, a * sin + b * cos, rest], dim=3)


class Convolution(nn.Module):
    """What steps nearby have in common, channel by channel, behind a gate."""

    def __init__(self, width: int, reach: int, dropout: float):
        super().__init__()
        self.norm, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.gated, self.given = nn.Linear(width, 2 * width), nn.Linear(width, width)
        self.along = nn.Conv1d(width, width, reach, padding=reach // 2, groups=width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x_BTD: torch.Tensor, valid_BT: torch.Tensor) -> torch.Tensor:
        x_BTD = F.glu(self.gated(self.norm(x_BTD)), dim=2) * valid_BT.unsqueeze(2)
        x_BTD = self.along(x_BTD.transpose(1, 2)).transpose(1, 2)
        return self.dropout(self.given(F.silu(self.between(x_BTD))))
