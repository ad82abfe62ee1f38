"""Recommended settings for speech."""

from typing import Any


def recognition(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for what is said, from `num_examples` and `seconds`, the median of recordings.

    >>> recognition({"num_examples": 1800})["name"]
    'deep-speech'
    """
    total = facts["num_examples"]
    batch_size = 16 if total < 2000 else 32
    return {
        "name": "deep-speech",
        "batch_size": batch_size,
        "epochs": max(4, min(100, round(20 * (1800 / max(total, 1)) ** 0.5))),
        "gain_db": 6.0,
        "noise": 0.3,
        "speed": 0.1,
        "time_mask": 0.05,
        "band_mask": 0.1,
        "warmup": 0.05,
    }
