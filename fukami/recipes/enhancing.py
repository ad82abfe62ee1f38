"""Recommended settings for taking noise out of recordings."""

from typing import Any


def enhancement(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings, from `num_examples` and `seconds`, the median of recordings.

    >>> enhancement({"num_examples": 1620, "seconds": 0.42})["epochs"]
    12
    """
    heard_s = max(facts["num_examples"] * facts.get("seconds", 3.0), 1.0)
    return {
        "name": "mask-unet",
        "batch_size": 16,
        "epochs": max(2, min(60, round(12 * (680 / heard_s) ** 0.5))),
        "gain_db": 6.0,
        "learning_rate": 3e-3,
        "warmup": 0.05,
    }
