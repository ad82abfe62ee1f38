"""Randomness as a function: every draw is derived from the run's seed and the words that say what it is for.

Nothing depends on how many draws came before, so a training that resumes at step 500 draws what it would have drawn.

>>> derive(0, "order", 3) == derive(0, "order", 3) != derive(0, "order", 4)
True
"""

import hashlib

import numpy as np


def derive(seed: int, *words: str | int) -> int:
    """A seed in [0, 2**63) for the purpose that `words` name."""
    text = "\x1f".join(map(str, (seed, *words)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def generator(seed: int, *words: str | int) -> np.random.Generator:
    """A NumPy generator for the purpose that `words` name."""
    return np.random.default_rng(derive(seed, *words))
