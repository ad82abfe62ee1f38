"""Recommended settings for vectors in which what is alike is near."""

from typing import Any

from fukami.recipes.images import SMALL_PX, epochs, is_hurried


def pictures(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings from `num_examples`, `size_px`, `mirror_is_harmless`, and where time is short `minutes` and `cores`."""
    total, size = facts["num_examples"], facts.get("size_px", SMALL_PX)
    batch_size = 128 if total >= 10_000 else 64 if total >= 1000 else 32
    settings: dict[str, Any] = {
        "batch_size": batch_size,
        "micro_batch": batch_size,
        "epochs": epochs(total, batch_size),
        "flip": "yes" if facts.get("mirror_is_harmless") else "no",
        "weight_decay": 0.05,
        "learning_rate": 1e-3,
    }
    if size <= SMALL_PX:
        return settings | {"name": "cnn", "crop": 0.3, "shift": 0.1, "brightness": 0.2, "contrast": 0.2, "colour": 0.2}
    if is_hurried(facts, batch_size, size):
        return settings | {"name": "cnn", "shift": 0.1, "size_px": SMALL_PX}
    return settings | {"name": "resnet18", "crop": 0.35, "brightness": 0.2, "contrast": 0.2, "colour": 0.2}
