"""Recommended settings for masks."""

from typing import Any


def masks(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for a class for each pixel, from `num_examples`.

    >>> masks({"num_examples": 367})["epochs"]
    40
    """
    total = facts["num_examples"]
    return {
        "name": "unet",
        "batch_size": 8,
        "epochs": epochs(total),
        "flip": "yes",
        "crop": 0.4,
        "brightness": 0.2,
        "contrast": 0.2,
        "colour": 0.2,
        "warmup": 0.1,
        "ema": 0.99,
    }


def epochs(num_examples: int) -> int:
    """40 for 367 examples: fewer for more, and never fewer than 600 steps of 8 in all.

    >>> [epochs(n) for n in (20, 367, 5000)]
    [240, 40, 14]
    """
    return max(5, round(40 * (367 / num_examples) ** 0.4), -(-600 * 8 // num_examples))
