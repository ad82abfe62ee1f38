"""Recommended settings for speech."""

from typing import Any


def recognition(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for what is said, from `num_examples` and `seconds`, the median of recordings.

    >>> [recognition({"num_examples": n, "seconds": s})["epochs"] for n, s in ((1620, 0.42), (2000, 2.6), (28_000, 14.0))]
    [14, 5, 3]
    """
    total = facts["num_examples"]
    heard_s = max(total * facts.get("seconds", 3.0), 1.0)
    return {
        "name": "deep-speech",
        "batch_size": 16 if total < 20_000 else 32,
        "epochs": max(3, min(80, round(14 * (700 / heard_s) ** 0.55))),
        "gain_db": 6.0,
        "noise": 0.3,
        "speed": 0.1,
        "time_mask": 0.05,
        "band_mask": 0.1,
        "learning_rate": 3e-3,
        "warmup": 0.1,
    }
