"""Cross-stage partial blocks: half of the features passes by, the other half is refined step by step, and every step is kept.

CSPNet, Wang et al. 2019 (arXiv:1911.11929); keeping every step, Wang et al. 2022 (ELAN, arXiv:2211.04800); pooling over
several distances, He et al. 2014 (arXiv:1406.4729), one small window repeated.
"""

import torch
from torch import nn


class Conv(nn.Sequential):
    """Convolution, batch normalisation, SiLU."""

    def __init__(self, given: int, width: int, kernel: int = 1, stride: int = 1, *, groups: int = 1):
        super().__init__(
            nn.Conv2d(given, width, kernel, stride, kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(width),
            nn.SiLU(inplace=True),
        )


class Step(nn.Module):
    """Two 3 × 3 convolutions, with `past` a way past them."""

    def __init__(self, width: int, *, past: bool):
        super().__init__()
        self.body, self.past = nn.Sequential(Conv(width, width, 3), Conv(width, width, 3)), past

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x) if self.past else self.body(x)


class Partial(nn.Module):
    """`given` → `width` features by way of two halves, one of which is refined in `depth` steps."""

    def __init__(self, given: int, width: int, depth: int, *, past: bool = True):
        super().__init__()
        half = width // 2
        self.divide = Conv(given, 2 * half)
        self.steps = nn.ModuleList(Step(half, past=past) for _step in range(depth))
        self.join = Conv((2 + depth) * half, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept = list(self.divide(x).chunk(2, 1))
        for step in self.steps:
            kept.append(step(kept[-1]))
        return self.join(torch.cat(kept, 1))


class Pooled(nn.Module):
    """What is strongest within 2, 4 and 6 places around, beside the features themselves."""

    def __init__(self, width: int):
        super().__init__()
        self.narrow, self.join = Conv(width, width // 2), Conv(2 * width, width)
        self.pool = nn.MaxPool2d(5, 1, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept = [self.narrow(x)]
        for _times in range(3):
            kept.append(self.pool(kept[-1]))
        return self.join(torch.cat(kept, 1))
