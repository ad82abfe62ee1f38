"""Noise that is a function of a seed."""

import numpy as np


def mixed(z):
    """A well-mixed uint64 for each (SplitMix64)."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def normal(seeds, shape, stream=0):
    """Normal numbers for each seed: two of them of two uniform ones (Box and Muller)."""
    count, golden = int(np.prod(shape)), np.uint64(0x9E3779B97F4A7C15)
    half = -(-count // 2)
    keys = mixed(mixed(seeds.astype(np.uint64) + golden) + np.uint64(stream))[:, None]
    bits = mixed(keys + (np.arange(2 * half, dtype=np.uint64) + np.uint64(1)) * golden)
    drawn = ((bits >> np.uint64(11)) + 0.5) * 2.0**-53
    far, turn = np.sqrt(-2 * np.log(drawn[:, :half])), 2 * np.pi * drawn[:, half:]
    both = np.concatenate([far * np.cos(turn), far * np.sin(turn)], 1)
    return both[:, :count].reshape(-1, *shape).astype(np.float32)


def pixels(x):
    """Bytes of pictures between -1 and 1."""
    return np.clip(np.rint((x + 1) * np.float32(127.5)), 0, 255).astype(np.uint8)
