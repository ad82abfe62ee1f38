"""Recommended settings for questions about texts.

What is known is from trials of one epoch, seed 0, on cores that others used: see docs/tasks/questions.md. No default
command was read to its end yet.
"""

from typing import Any


def extractive(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for passages that answer questions, from `num_examples`.

    >>> extractive({"num_examples": 3000})["name"]
    'bidaf'
    """
    total = facts["num_examples"]
    return {
        "name": "bidaf",
        "batch_size": 32 if total > 2000 else 16,
        "epochs": max(4, min(30, round(10 * (3000 / max(total, 1)) ** 0.5))),
        "word_dropout": 0.25,
        "learning_rate": 2e-3,
        "clip_norm": 5.0,
        "weight_decay": 0.01,
    }
