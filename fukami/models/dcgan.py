"""Two networks that learn against each other: a generator makes pictures of noise, a discriminator tells them from true ones.

Radford, Metz, Chintala 2016 (arXiv:1511.06434) by the non-saturating loss of Goodfellow et al. 2014. What differs: sizes that
are no power of two are made larger and cut; the discriminator has spectral norms (Miyato et al. 2018) in place of batch norms,
which keeps it from running ahead; each player is moved by RMSprop without momentum, at a higher rate, and a moving average of
the generator's weights makes the pictures.

B pictures, C channels, H and W pixels, Z numbers of noise, D features.
"""

from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec
from fukami.fields.draws.noise import noise
from fukami.fields.draws.spec import DrawsSpec

CARD = ModelCard(
    name="dcgan",
    summary="a generator and a discriminator that learn against each other; makes a picture at once",
    takes=("draws",),
    gives=("picture",),
    sizes={"tiny": {"width": 16}, "small": {"width": 32}, "base": {"width": 64}, "large": {"width": 128, "noise": 100}},
    size="small",
    parameters={"draws": {"tiny": 118_962, "small": 270_690, "base": 672_450, "large": 2_320_770}},
    options={"width": 32, "noise": 64},
    learning={"optimizer": "rmsprop", "learning_rate": 6e-4, "momentum": 0.0, "weight_decay": 0.0, "schedule": "constant",
              "warmup": 0.0, "clip_norm": 0.0, "ema": 0.999},
    source="Radford et al. 2016, arXiv:1511.06434; by hand",
)  # fmt: skip


def build(
    spec: DrawsSpec, *, gives: str = "picture", target: ImageSpec | None = None, width: int = 32, noise: int = 64
) -> nn.Module:
    """`width` features at the largest size that is no picture yet, twice as many at each smaller one; `noise` numbers Z."""
    return DCGAN(target or ImageSpec.small(), width=width, noise=noise)


class DCGAN(nn.Module):
    """A whole model of two players."""

    players = ("discriminator", "generator")

    def __init__(self, spec: ImageSpec, *, width: int, noise: int):
        super().__init__()
        self.num_noise = noise
        self.generator = Generator(spec, width=width, noise=noise)
        self.discriminator = Discriminator(spec, width=width)

    def losses(
        self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator, player: str = ""
    ) -> dict[str, torch.Tensor]:
        """How wrong the discriminator is about true and made pictures, and how sure it is of those made: each (B)."""
        (x_BCHW,) = targets.values()
        noise_BZ = torch.randn(len(x_BCHW), self.num_noise, generator=rng, device=x_BCHW.device)
        made_BCHW = self.generator(noise_BZ)
        found: dict[str, torch.Tensor] = {}
        if player != "generator":
            true_B, false_B = self.discriminator(torch.cat([x_BCHW, made_BCHW.detach().to(x_BCHW.dtype)])).float().chunk(2)
            found = {"true": F.softplus(-true_B), "made": F.softplus(false_B)}
        if player != "discriminator":
            found |= {"deceived": F.softplus(-self.discriminator(made_BCHW).float())}
        return found

    def answers(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> torch.Tensor:
        """Pictures of seeds, in one pass."""
        (seeds_B,) = inputs.values()
        return self.generator(noise(seeds_B, (self.num_noise,)))

    def stages(self, inputs: dict[str, Any], options: Any) -> tuple[dict[str, Any], tuple[str, ...], dict[str, Any]]:
        """The generator as a graph."""
        (seeds_B,) = inputs.values()
        example = {"noise": noise(seeds_B, (self.num_noise,))}
        return {"generator": (Maker(self.generator), example)}, ("noise", "generator"), {"shape": [self.num_noise]}


class Maker(nn.Module):
    """`noise` by name → pictures."""

    def __init__(self, generator: nn.Module):
        super().__init__()
        self.generator = generator

    def forward(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {"made": self.generator(inputs["noise"])}


def halvings(spec: ImageSpec) -> tuple[int, int, int]:
    """How often pictures are halved until a side of four to seven is left, and that height and width.

    >>> halvings(ImageSpec(1, 28, 28)), halvings(ImageSpec(3, 64, 64)), halvings(ImageSpec(1, 12, 20))
    ((2, 7, 7), (4, 4, 4), (1, 6, 10))
    """
    times = max(1, (min(spec.height, spec.width) // 4).bit_length() - 1)
    return times, -(-spec.height // 2**times), -(-spec.width // 2**times)


class Generator(nn.Module):
    """`noise_BZ` → `x_BCHW` between -1 and 1."""

    def __init__(self, spec: ImageSpec, *, width: int, noise: int):
        super().__init__()
        times, height, wide = halvings(spec)
        self.size = spec.height, spec.width
        widths = [width * 2 ** (times - 1 - level) for level in range(times)]
        self.first = nn.Sequential(
            nn.Linear(noise, widths[0] * height * wide, bias=False),
            nn.Unflatten(1, (widths[0], height, wide)),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(inplace=True),
        )
        self.layers = nn.Sequential(
            *(
                nn.Sequential(
                    nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=False),
                    nn.BatchNorm2d(after),
                    nn.ReLU(inplace=True),
                )
                for before, after in pairwise(widths)
            )
        )
        self.last = nn.ConvTranspose2d(widths[-1], spec.channels, 4, stride=2, padding=1)
        started(self)

    def forward(self, noise_BZ: torch.Tensor) -> torch.Tensor:
        H, W = self.size
        return self.last(self.layers(self.first(noise_BZ))).tanh()[:, :, :H, :W]


class Discriminator(nn.Module):
    """`x_BCHW` → how sure it is that each is true (B), as log-odds."""

    def __init__(self, spec: ImageSpec, *, width: int):
        super().__init__()
        times, height, wide = halvings(spec)
        self.pad = (0, wide * 2**times - spec.width, 0, height * 2**times - spec.height)
        widths = [spec.channels, *(width * 2**level for level in range(times))]
        self.layers = nn.Sequential(
            *(
                nn.Sequential(spectral_norm(nn.Conv2d(before, after, 4, stride=2, padding=1)), nn.LeakyReLU(0.2, inplace=True))
                for before, after in pairwise(widths)
            )
        )
        self.last = spectral_norm(nn.Linear(widths[-1] * height * wide, 1))

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        return self.last(self.layers(F.pad(x_BCHW, self.pad)).flatten(1))[:, 0]


def started(network: nn.Module) -> None:
    """Weights as the paper draws them: a deviation of 0.02."""
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.normal_(module.weight, std=0.02)
