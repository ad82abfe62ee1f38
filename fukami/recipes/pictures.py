"""Recommended settings for pictures that are to be made.

Fashion-MNIST, 2,000 of its test pictures, seed 0, 15 minutes of one core (AVX2): `dcgan` 0.022 after 10,066 steps, `ddpm`
0.130 after 3,471; a Gaussian of all pixels 0.19, other true pictures 0.004 (`docs/tasks/image-generation.md`).
"""

from typing import Any


def image_generation(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for a generator, from `num_examples`: about 6,250 steps.

    Squared error of the noise that `ddpm:tiny` finds: 0.129 after 300 steps of 32 by Muon (26 s of one core); after 150 steps
    of 64 0.160 by Muon (22 s) and 0.227 by Adam at a rate of 0.002 (19 s).

    >>> image_generation({"num_examples": 54_000})["epochs"]
    4
    """
    total = facts["num_examples"]
    return {"name": "ddpm", "batch_size": 32, "epochs": max(1, round(200_000 / total)), "schedule": "cosine", "warmup": 0.05}
