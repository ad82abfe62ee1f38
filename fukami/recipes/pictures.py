"""Recommended settings for pictures that are to be made."""

from typing import Any


def image_generation(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for a generator, from `num_examples`."""
    total = facts["num_examples"]
    return {"name": "ddpm", "batch_size": 32, "epochs": max(1, round(200_000 / total)), "schedule": "cosine", "warmup": 0.05}
