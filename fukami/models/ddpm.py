"""Denoising diffusion: a network learns which noise was added to a picture, and makes pictures by taking noise away.

Ho, Jain, Abbeel 2020 (arXiv:2006.11239) with the cosine schedule of Nichol and Dhariwal 2021 (arXiv:2102.09672), drawn by the
implicit sampler of Song, Meng, Ermon 2021 (arXiv:2010.02502): `noise=0` draws nothing on the way, `noise=1` is the ancestral
sampler. What differs: the U-Net is small, `stem` folds pixels into channels before it (as a space-to-depth), and each step's
picture is kept between black and white.

B pictures, C channels, H and W pixels, D features, T moments, S steps of the sampler.
"""

import math
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec
from fukami.fields.draws.noise import noise
from fukami.fields.draws.spec import DrawsSpec

CARD = ModelCard(
    name="ddpm",
    summary="takes noise away, step by step, until a picture is left",
    takes=("draws",),
    gives=("picture",),
    sizes={
        "tiny": {"width": 16, "depth": 1, "blocks": 1},
        "small": {"width": 24, "depth": 1, "blocks": 1},
        "base": {"width": 64, "depth": 2, "blocks": 2},
        "large": {"width": 128, "depth": 3, "blocks": 2, "stem": 1},
    },
    size="small",
    parameters={"draws": {"tiny": 105_380, "small": 235_060, "base": 10_561_220, "large": 161_245_825}},
    small={"width": 8, "depth": 0, "stem": 4},
    quick_for=("draws",),
    typical_for=("draws",),
    options={"width": 24, "depth": 1, "blocks": 1, "stem": 2, "moments": 1000},
    learning={"optimizer": "muon", "learning_rate": 1e-2, "momentum": 0.95, "weight_decay": 0.0, "ema": 0.99},
    source="Ho et al. 2020, arXiv:2006.11239; Song et al. 2021, arXiv:2010.02502; by hand",
)


def build(
    spec: DrawsSpec,
    *,
    gives: str = "picture",
    target: ImageSpec | None = None,
    width: int = 24,
    depth: int = 1,
    blocks: int = 1,
    stem: int = 2,
    moments: int = 1000,
) -> nn.Module:
    """`width` features at the full size, twice as many after each of `depth` halvings, `blocks` of two convolutions at each
    size; `stem` × `stem` pixels are folded into one place; `moments` T of the schedule."""
    return DDPM(target or ImageSpec.small(), width=width, depth=depth, blocks=blocks, stem=stem, moments=moments)


def kept_of(moments: int) -> np.ndarray:
    """float64 (T): which share of a picture's variance is left at each moment, from nearly all to nearly none.

    >>> kept_of(1000)[[0, 499, 999]].round(4).tolist()
    [1.0, 0.4938, 0.0]
    """
    at = (np.arange(moments + 1) / moments + 0.008) / 1.008
    share = np.cos(at * np.pi / 2) ** 2
    return np.cumprod(1 - np.minimum(1 - share[1:] / share[:-1], 0.999))


def course(moments: int, steps: int, noise: float) -> list[tuple[int, float, float, float, float, float]]:
    """The sampler's steps, from noise to picture: the moment `t`; the root of what is noise and of what is picture there; and
    how much of the noise that was found, of drawn noise and of the picture makes up the next one (Song et al., eqs. 12, 16).

    >>> [(t, round(a, 3)) for t, a, *_more in course(1000, 3, 0.0)]
    [(833, 0.967), (500, 0.713), (166, 0.269)]
    """
    kept, steps = kept_of(moments), min(steps, moments)
    at = [int(moments * (steps - number - 0.5) / steps) for number in range(steps)]  # the middle of each stretch
    found = []
    for number, t in enumerate(at):
        now, then = kept[t], kept[at[number + 1]] if number + 1 < steps else 1.0
        drawn = noise * math.sqrt((1 - then) / (1 - now) * (1 - now / then))
        again = math.sqrt(max(0.0, 1 - then - drawn**2))
        found.append((t, math.sqrt(1 - now), math.sqrt(now), again, drawn, math.sqrt(then)))
    return found


class DDPM(nn.Module):
    """A whole model: `losses` of pictures, `answers` to seeds; `forward` tells the noise in noisy pictures `x_BCHW` at moments
    `t_B`."""

    def __init__(self, spec: ImageSpec, *, width: int, depth: int, blocks: int, stem: int, moments: int):
        super().__init__()
        self.shape, self.moments = (spec.channels, spec.height, spec.width), moments
        self.network = UNet(spec.channels, width=width, depth=depth, blocks=blocks, stem=stem)
        self.register_buffer("kept_T", torch.from_numpy(kept_of(moments)).float(), persistent=False)

    def forward(self, x_BCHW: torch.Tensor, t_B: torch.Tensor) -> torch.Tensor:
        return self.network(x_BCHW, t_B)

    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        """How far the noise that is found in each picture at a moment by chance is from what was put there, squared (B)."""
        (x_BCHW,) = targets.values()
        t_B = torch.randint(self.moments, (len(x_BCHW),), generator=rng, device=x_BCHW.device)
        noise_BCHW = torch.randn(x_BCHW.shape, generator=rng, device=x_BCHW.device)
        kept_B111 = self.get_buffer("kept_T")[t_B][:, None, None, None]
        noisy_BCHW = kept_B111.sqrt() * x_BCHW + (1 - kept_B111).sqrt() * noise_BCHW
        return {"noise": (self(noisy_BCHW, t_B).float() - noise_BCHW).square().flatten(1).mean(1)}

    def answers(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> torch.Tensor:
        """Pictures of seeds, by `options.steps` steps into which `options.noise` of the ancestral sampler's noise is drawn."""
        (seeds_B,) = inputs.values()
        x_BCHW = noise(seeds_B, self.shape)
        for number, (t, hidden, seen, again, drawn, share) in enumerate(course(self.moments, options.steps, options.noise)):
            found_BCHW = self(x_BCHW, torch.full_like(seeds_B, t))
            clean_BCHW = ((x_BCHW - hidden * found_BCHW) / seen).clamp(-1, 1)
            found_BCHW = (x_BCHW - seen * clean_BCHW) / hidden
            x_BCHW = share * clean_BCHW + again * found_BCHW
            if drawn:
                x_BCHW = x_BCHW + drawn * noise(seeds_B, self.shape, number + 1)
        return x_BCHW

    def stages(self, inputs: dict[str, Any], options: Any) -> tuple[dict[str, Any], tuple[str, ...], dict[str, Any]]:
        """One step as a graph; the way from noise to picture is told."""
        (seeds_B,) = inputs.values()
        example = {"x": noise(seeds_B, self.shape), "t": torch.full_like(seeds_B, self.moments // 2)}
        told = {"shape": self.shape, "course": course(self.moments, options.steps, options.noise)}
        return {"step": (Step(self.network), example)}, ("noise", "diffusion"), told


class Step(nn.Module):
    """Noisy pictures `x` and their moments `t` by name → the noise that is found in them."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {"found": self.network(inputs["x"], inputs["t"])}


class UNet(nn.Module):
    """Noisy pictures `x_BCHW` and their moments `t_B` → the noise in them."""

    def __init__(self, channels: int, *, width: int, depth: int, blocks: int, stem: int):
        super().__init__()
        self.stem, self.multiple, self.width = stem, stem * 2**depth, width
        widths = [width * 2**level for level in range(depth + 1)]
        told = 4 * width
        self.moment = nn.Sequential(nn.Linear(width, told), nn.SiLU(), nn.Linear(told, told), nn.SiLU())
        self.first = nn.Conv2d(channels * stem**2, width, 3, padding=1)
        self.down = nn.ModuleList()
        for level, wide in enumerate(widths):
            before = widths[max(0, level - 1)]
            self.down.append(nn.ModuleList(Block(before if n == 0 else wide, wide, told) for n in range(blocks)))
        self.middle = nn.ModuleList([Attention(widths[-1]), Block(widths[-1], widths[-1], told)])
        self.up = nn.ModuleList()
        for level, wide in reversed(list(enumerate(widths))):
            above = widths[min(depth, level + 1)]
            self.up.append(nn.ModuleList(Block((above if n == 0 else wide) + wide, wide, told) for n in range(blocks)))
        self.last = nn.Sequential(norm(width), nn.SiLU(), nn.Conv2d(width, channels * stem**2, 3, padding=1))
        nn.init.zeros_(self.last[-1].weight)  # type: ignore[arg-type]

    def forward(self, x_BCHW: torch.Tensor, t_B: torch.Tensor) -> torch.Tensor:
        H, W = x_BCHW.shape[2:]
        told_BD = self.moment(waves(t_B, self.width))
        x = F.pad(x_BCHW, (0, -W % self.multiple, 0, -H % self.multiple))
        x = self.first(F.pixel_unshuffle(x, self.stem))
        seen = []
        for level, stage in enumerate(self.down):
            x = F.avg_pool2d(x, 2) if level else x
            for block in stage:  # type: ignore[union-attr]
                x = block(x, told_BD)
                seen.append(x)
        attention, block = self.middle
        x = block(attention(x), told_BD)
        for level, stage in enumerate(self.up):
            x = F.interpolate(x, scale_factor=2.0, mode="nearest") if level else x
            for block in stage:  # type: ignore[union-attr]
                x = block(torch.cat([x, seen.pop()], 1), told_BD)
        return F.pixel_shuffle(self.last(x), self.stem)[:, :, :H, :W]


class Block(nn.Module):
    """Two convolutions around what the moment says, beside a way past them."""

    def __init__(self, channels: int, width: int, told: int):
        super().__init__()
        self.first = nn.Sequential(norm(channels), nn.SiLU(), nn.Conv2d(channels, width, 3, padding=1))
        self.moment = nn.Linear(told, 2 * width)
        self.norm, self.second = norm(width), nn.Conv2d(width, width, 3, padding=1)
        self.past = nn.Conv2d(channels, width, 1) if channels != width else nn.Identity()
        nn.init.zeros_(self.second.weight)

    def forward(self, x_BDHW: torch.Tensor, told_BD: torch.Tensor) -> torch.Tensor:
        scale, shift = self.moment(told_BD)[:, :, None, None].chunk(2, 1)
        inner = self.norm(self.first(x_BDHW)) * (1 + scale) + shift
        return self.past(x_BDHW) + self.second(F.silu(inner))


class Attention(nn.Module):
    """Each place looks at all others, by one head."""

    def __init__(self, width: int):
        super().__init__()
        self.norm, self.asks, self.answers = norm(width), nn.Conv2d(width, 3 * width, 1), nn.Conv2d(width, width, 1)
        nn.init.zeros_(self.answers.weight)

    def forward(self, x_BDHW: torch.Tensor) -> torch.Tensor:
        query, key, value = self.asks(self.norm(x_BDHW)).flatten(2).transpose(1, 2)[:, None].chunk(3, 3)
        found_B1LD = F.scaled_dot_product_attention(query, key, value)
        return x_BDHW + self.answers(found_B1LD[:, 0].transpose(1, 2).reshape(x_BDHW.shape))


def norm(width: int) -> nn.Module:
    """Group normalisation over about eight features."""
    return nn.GroupNorm(max(1, width // 8), width)


def waves(t_B: torch.Tensor, width: int) -> torch.Tensor:
    """Moments as waves of many lengths (B, width) (Vaswani et al. 2017)."""
    half = width // 2
    speed = torch.exp(-math.log(10_000) * torch.arange(half, device=t_B.device) / half)
    turn_BD = t_B.float()[:, None] * speed
    return torch.cat([turn_BD.sin(), turn_BD.cos()], 1)
