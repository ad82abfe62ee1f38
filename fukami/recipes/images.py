"""Recommended settings for pictures.

Reached with the settings of small pictures, on two cores: scikit-learn's digits 99.5 % (mean of six random splits, lowest
98.9 %). Fashion-MNIST: 93.6 % of the validation part after 8 of 9 epochs with Muon (one trial, stopped there), where AdamW had
93.0 %; AdamW ended at 93.0 % of the test part (one trial). Muon's test figure is still to be measured.
"""

from typing import Any

SMALL_PX = 64
"""Up to this side a small convolutional network from scratch is the better start; above, a network with pretrained weights."""
LARGE_S = 0.25
"""Seconds of a core that a large network learns for from one picture of 224 pixels: 32 pictures took 8 s on a machine
without wide vector units (one trial)."""
FEWEST_STEPS = 150
"""With fewer, such a network from scratch knows little more than chance."""


def classification(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for one class per picture, from `num_examples`, `num_classes`, `size_px`, `mirror_is_harmless`, and where time
    is short `minutes` and `cores`: what a large network could not learn in it, a small one learns from smaller pictures.

    >>> hurried = {"num_examples": 106, "num_classes": 3, "size_px": 224, "minutes": 2.0, "cores": 2}
    >>> [classification(hurried | more)["name"] for more in ({}, {"minutes": 60.0}, {"cores": 0}, {"model": "resnet18"})]
    ['cnn', 'resnet18', 'resnet18', 'resnet18']

    Epochs fall with the number of examples, so that little data is seen often enough and much data does not take for ever.

    >>> classification({"num_examples": 54_000, "num_classes": 10, "size_px": 28, "mirror_is_harmless": True})["epochs"]
    9
    """
    total, size = facts["num_examples"], facts.get("size_px", SMALL_PX)
    batch_size = 128 if total >= 10_000 else 64 if total >= 1000 else 32
    flip = "yes" if facts.get("mirror_is_harmless") else "no"
    settings: dict[str, Any] = {
        "batch_size": batch_size,
        "epochs": epochs(total, batch_size),
        "label_smoothing": 0.1 if facts.get("num_classes", 2) > 2 else 0.05,
        "flip": flip,
        "weight_decay": 0.05,
        "learning_rate": 1e-3,
    }
    if size <= SMALL_PX:
        return settings | {"name": "cnn", "shift": 0.1}
    if is_hurried(facts, batch_size, size):
        return settings | {"name": "cnn", "shift": 0.1, "size_px": SMALL_PX}
    return settings | {"name": "resnet18", "crop": 0.35, "brightness": 0.2, "contrast": 0.2, "colour": 0.2}


def tagging(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for any number of labels per picture: those of one class, but that each label is answered for itself.

    >>> "label_smoothing" in tagging({"num_examples": 1000, "size_px": 32})
    False
    """
    return {name: value for name, value in classification(facts).items() if name != "label_smoothing"}


def regression(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for a number per picture: those of labels, without crops, since what is cut off may have counted.

    >>> "crop" in regression({"num_examples": 1000, "size_px": 224})
    False
    """
    return {name: value for name, value in tagging(facts).items() if name != "crop"}


def is_hurried(facts: dict[str, Any], batch_size: int, size_px: int) -> bool:
    """Whether the minutes do not suffice for a large network on a processor (`cores`, 0 where something faster computes)."""
    seconds, cores = 60 * facts.get("minutes", 0.0), facts.get("cores", 0)
    steps = seconds * cores / (LARGE_S * batch_size * (size_px / 224) ** 2)
    return bool(seconds and cores) and facts.get("model", "auto") == "auto" and steps < FEWEST_STEPS


def epochs(num_examples: int, batch_size: int) -> int:
    """9 for 54,000 examples, 40 for 1,300; never less than 5, and never fewer than 400 steps in all.

    >>> [epochs(n, 64) for n in (100, 1300, 54_000, 1_000_000)]
    [256, 40, 9, 5]
    """
    return max(5, round(9 * (54_000 / num_examples) ** 0.4), -(-400 * batch_size // max(num_examples, 1)))
