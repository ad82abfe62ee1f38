"""What pictures are compared by: features of a small convolutional network whose weights are drawn once and for all.

Nothing is downloaded and nothing is learned, so they are the same everywhere, and no Inception's: figures compare among runs of
Fukami on the same data alone. Filters of weights that were never learned tell edges, textures and where they stand well enough
to tell kinds of pictures apart (Jarrett et al. 2009); means and covariances of pixels do not suffice (a Gaussian has the same).

B pictures, C channels, D features.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from fukami.core.lazily import F, torch
from fukami.fields.draws.noise import normal

SIDE = 32
"""Pixels to which pictures are brought first."""
LAYERS = ((24, 5, 2), (32, 3, 2), (32, 3, 1))
"""Filters, their side, and their stride."""
QUARTERS = 2
NUM_FEATURES = LAYERS[-1][0] * QUARTERS**2
AT_A_TIME = 256
SHORT = 32
"""Numbers of the short form in which neighbours are looked for."""


def features(pixels_BCHW: np.ndarray | torch.Tensor) -> np.ndarray:
    """float64 (B, D) of uint8 pictures; in double precision, so that company in a batch changes nothing.

    >>> features(np.zeros((2, 1, 28, 28), np.uint8)).shape == (2, NUM_FEATURES)
    True
    """
    starts = range(0, len(pixels_BCHW), AT_A_TIME)
    wide = (np.asarray(pixels_BCHW[start : start + AT_A_TIME], np.float64) for start in starts)
    parts = [_few(torch.from_numpy(x_BCHW)) for x_BCHW in wide]
    return np.concatenate(parts) if parts else np.zeros((0, NUM_FEATURES))


@torch.no_grad()
def _few(pixels_BCHW: torch.Tensor) -> np.ndarray:
    x = pixels_BCHW.contiguous() / 127.5 - 1
    if x.shape[2:] != (SIDE, SIDE):
        x = F.interpolate(x, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False)
    for (_filters, side, stride), (weight, bias) in zip(LAYERS, _weights(x.shape[1]), strict=True):
        x = F.leaky_relu(F.conv2d(x, weight, bias, stride=stride, padding=side // 2), 0.1)
    return F.adaptive_avg_pool2d(x, QUARTERS).flatten(1).numpy()


@cache
def _weights(channels: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Filters without a mean where they look at pixels, of which some see light alone; biases spread their thresholds."""
    found = []
    for number, (filters, side, _stride) in enumerate(LAYERS):
        drawn = normal(np.array([number]), (filters, channels * side * side + 1), stream=channels)[0].astype(np.float64)
        weight, bias = drawn[:, :-1] * np.sqrt(2 / (channels * side * side)), drawn[:, -1] * 0.3
        found.append((torch.from_numpy(weight.reshape(filters, channels, side, side)), torch.from_numpy(bias)))
        channels = filters
    return found


@cache
def _shortening() -> np.ndarray:
    return normal(np.array([len(LAYERS)]), (NUM_FEATURES, SHORT))[0].astype(np.float64) / np.sqrt(SHORT)


def short(features_BD: np.ndarray) -> np.ndarray:
    """float64 (B, S): a random projection, in which distances are nearly what they were (Johnson and Lindenstrauss 1984)."""
    return features_BD @ _shortening()
