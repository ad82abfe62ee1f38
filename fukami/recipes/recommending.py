"""Recommended settings for histories."""

from typing import Any


def usual(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings from `num_examples` (training users).

    >>> usual({"num_examples": 31013})["name"]
    'sasrec'
    """
    total = facts["num_examples"]
    return {
        "name": "sasrec",
        "batch_size": max(32, min(256, total // 16)),
        "epochs": 30,
        "schedule": "cosine",
        "weight_decay": 0.0,
    }
