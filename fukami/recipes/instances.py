"""Recommended settings for instances.

Nuclei, 311 pictures to learn from, from scratch, seed 0, two cores (AVX2): `mask-rcnn:small` on pictures of 256 px has a mask
AP50 of 64.7 % on the 34 validation pictures after the first of 8 epochs. A reading on the 86 given test pictures after all of
them is still to be made; `tests/runs/test_instances.py` asks for 70 %.
"""

from typing import Any

SIZE_PX = 256


def instances(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for masks and classes, from `num_examples` and `size_px`.

    >>> instances({"num_examples": 345, "size_px": 224})["epochs"]
    8
    """
    size = facts.get("size_px", SIZE_PX)
    return {
        "name": "mask-rcnn",
        "batch_size": 4,
        "epochs": epochs(facts["num_examples"]),
        "flip": "yes",
        "zoom": 0.2,
        "shift": 0.1,
        "brightness": 0.2,
        "contrast": 0.2,
        "warmup": 0.05,
        "ema": 0.99,
        **({"size_px": SIZE_PX} if size >= 224 else {}),
    }


def epochs(num_examples: int) -> int:
    """8 for 345 examples: fewer for more, and never fewer than 600 steps of 4 in all.

    >>> [epochs(n) for n in (20, 345, 5000)]
    [120, 8, 5]
    """
    return max(5, round(8 * (345 / num_examples) ** 0.4), -(-600 * 4 // num_examples))
