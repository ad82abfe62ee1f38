"""Recommended settings for tags on texts."""

from typing import Any


def tagging(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for tags on the words of texts, from `num_examples`.

    >>> tagging({"num_examples": 14_000})["name"]
    'bilstm-crf'
    """
    total = facts["num_examples"]
    return {
        "name": "bilstm-crf",
        "batch_size": 32 if total > 3000 else 16,
        "epochs": max(4, min(60, round(12 * (14_000 / max(total, 1)) ** 0.5))),
        "word_dropout": 0.25,
        "learning_rate": 3e-3,
        "clip_norm": 5.0,
        "weight_decay": 0.01,
    }
