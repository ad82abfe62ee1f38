"""Recommended settings for sounds. On `fsdd`, whose test are recordings of known speakers, they are still to be measured."""

from typing import Any


def classification(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for one class per recording, from `num_examples` and `num_classes`.

    >>> classification({"num_examples": 1600, "num_classes": 10})["epochs"]
    20
    """
    total = facts["num_examples"]
    batch_size = 64 if total >= 5000 else 32
    return {
        "name": "audio-cnn",
        "batch_size": batch_size,
        "epochs": max(5, round(20 * (1600 / total) ** 0.4), -(-400 * batch_size // max(total, 1))),
        "label_smoothing": 0.1 if facts.get("num_classes", 2) > 2 else 0.05,
        "gain_db": 6.0,
        "noise": 0.3,
        "speed": 0.1,
        "time_mask": 0.1,
        "band_mask": 0.1,
        "learning_rate": 1e-3,
        "weight_decay": 0.05,
    }
