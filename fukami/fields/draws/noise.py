"""Noise that is a function of a seed: the same on every machine, in every batch, with every version of a library.

Number `i` of a seed is a hash of both (the finaliser of SplitMix64, Steele et al. 2014); two of them make two normal numbers
(Box and Muller 1958). `export/standalone/noise.py` draws the same without Fukami. B seeds.
"""

from __future__ import annotations

import numpy as np

from fukami.core.lazily import torch

_GOLDEN, _FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def mixed(z: np.ndarray) -> np.ndarray:
    """A well-mixed uint64 for each."""
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return z ^ (z >> np.uint64(31))


def uniform(seeds_B: np.ndarray, count: int, stream: int = 0) -> np.ndarray:
    """float64 (B, count) between 0 and 1, without either. Other `stream`s of a seed are independent of each other."""
    keys_B1 = mixed(mixed(np.asarray(seeds_B).astype(np.uint64) + _GOLDEN) + np.uint64(stream))[:, None]
    bits = mixed(keys_B1 + (np.arange(count, dtype=np.uint64) + np.uint64(1)) * _GOLDEN)
    return ((bits >> np.uint64(11)) + 0.5) * 2.0**-53


def normal(seeds_B: np.ndarray, shape: tuple[int, ...], stream: int = 0) -> np.ndarray:
    """float32 (B, *shape), normal with mean 0 and deviation 1.

    >>> one, two = normal(np.array([7]), (3,)), normal(np.array([3, 7]), (3,))
    >>> bool((one[0] == two[1]).all()), [round(x, 4) for x in one[0].tolist()]
    (True, [0.26, 0.4684, -0.1861])
    """
    count = int(np.prod(shape))
    half = -(-count // 2)
    drawn = uniform(seeds_B, 2 * half, stream)
    far, turn = np.sqrt(-2 * np.log(drawn[:, :half])), 2 * np.pi * drawn[:, half:]
    both = np.concatenate([far * np.cos(turn), far * np.sin(turn)], 1)
    return both[:, :count].reshape(-1, *shape).astype(np.float32)


def noise(seeds_B: torch.Tensor, shape: tuple[int, ...], stream: int = 0) -> torch.Tensor:
    """`normal` as a tensor on the device of `seeds_B`."""
    return torch.from_numpy(normal(seeds_B.cpu().numpy(), shape, stream)).to(seeds_B.device)
