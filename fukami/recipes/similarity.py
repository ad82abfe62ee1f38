"""Recommended settings for vectors in which what is alike is near.

Reached on `cifar10-halves` (five classes, judged on the five others) with `--model cnn:tiny --epochs 4 --set loss=contrastive`,
seed 0: recall@1 58.1 %, verification ROC-AUC 0.741, where raw pixels have 56.4 % and 0.596 and the network before it learned
49.9 % and 0.591; 202 s of processor time, one thread. ArcFace on 4000 of the pictures stayed below raw pixels (50.4 % against
51.5 %): with few identities there are few centres, so there the contrastive loss is taken.
"""

from typing import Any

from fukami.recipes.images import SMALL_PX, epochs, is_hurried

FEW = 20
"""Identities below which there are many examples of each in a batch, and centres are too few to tell others by."""


def pictures(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings from `num_examples`, `size_px`, `mirror_is_harmless`, and where time is short `minutes` and `cores`."""
    total, size = facts["num_examples"], facts.get("size_px", SMALL_PX)
    batch_size = 128 if total >= 10_000 else 64 if total >= 1000 else 32
    settings: dict[str, Any] = {"loss": "contrastive"} if facts.get("num_identities", FEW) < FEW else {}
    settings |= {
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
