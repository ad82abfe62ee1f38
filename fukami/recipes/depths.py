"""Recommended settings for depth.

Made-up rooms (`tests/depth_scenes.py`), 480 pictures to learn from, from scratch, seed 0: `unet:tiny`, 6 epochs, AbsRel 6.5 %
on the 60 pictures that validate, in under 3 minutes of one core (AVX2). These settings themselves have not been measured yet.
"""

from typing import Any

SIZE_PX = 128


def maps(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for a depth of each pixel, from `num_examples` and `size_px`. Pictures are mirrored, but neither turned nor
    enlarged: how large things look tells how far they are.

    >>> maps({"num_examples": 800})["epochs"]
    12
    """
    return {
        "name": "unet",
        "batch_size": 8,
        "epochs": epochs(facts["num_examples"]),
        "flip": "yes",
        "brightness": 0.2,
        "contrast": 0.2,
        "colour": 0.2,
        "warmup": 0.1,
        "ema": 0.99,
        **({"size_px": SIZE_PX} if facts.get("size_px", SIZE_PX) > SIZE_PX else {}),
    }


def epochs(num_examples: int) -> int:
    """12 for 800 examples: fewer for more, and never fewer than 500 steps of 8 in all.

    >>> [epochs(n) for n in (20, 800, 5000)]
    [200, 12, 6]
    """
    return max(5, round(12 * (800 / num_examples) ** 0.4), -(-500 * 8 // num_examples))
