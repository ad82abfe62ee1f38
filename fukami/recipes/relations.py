"""Recommended settings for relations between two marked spans."""

from typing import Any

from fukami.recipes.texts import epochs


def extraction(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for one relation per text, from `num_examples`.

    >>> extraction({"num_examples": 7000})["name"]
    'relation-cnn'
    """
    total = facts["num_examples"]
    batch_size = 32 if total < 20_000 else 64
    return {
        "name": "relation-cnn",
        "batch_size": batch_size,
        "epochs": 2 * epochs(total, batch_size),
        "label_smoothing": 0.1,
        "token_dropout": 0.1,
        "learning_rate": 2e-3,
        "weight_decay": 0.01,
        "imbalance": "none",
    }
