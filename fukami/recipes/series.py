"""Recommended settings for series."""

from typing import Any


def forecasting(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for windows of a series, from `num_examples`."""
    total = facts["num_examples"]
    return {
        "name": "dlinear",
        "batch_size": 32,
        "epochs": max(10, min(100, round(2500 * 32 / total))),
        "schedule": "cosine",
        "weight_decay": 0.0,
    }
