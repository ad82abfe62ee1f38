"""Recommended settings for texts that are written from texts.

900 pairs of a small grammar were learned whole by `seq2seq:tiny` in 12 epochs, 23 s of two busy cores (BLEU 100, the nearest
training sentence 65, seed 0). An epoch of small-parallel-enja costs `seq2seq` about six minutes of one core without wide
instructions.
"""

from typing import Any


def translation(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for translation, from `num_examples`: pairs.

    >>> translation({"num_examples": 50_000})["name"]
    'seq2seq'
    """
    total = facts["num_examples"]
    return {
        "name": "seq2seq",
        "batch_size": 64 if total >= 10_000 else 32,
        "epochs": max(2, min(60, round(6 * (50_000 / max(total, 1)) ** 0.5))),
        "warmup": 0.1,
    }
