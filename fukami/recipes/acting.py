"""Recommended settings for agents."""

from typing import Any


def reinforcement_learning(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for an agent that chooses among a few actions, from `num_examples`: the episodes that may be trained in.

    >>> reinforcement_learning({"num_examples": 20_000})["name"]
    'dqn'
    """
    return {
        "name": "dqn",
        "batch_size": 64,
        "epochs": 12,
        "schedule": "cosine",
        "warmup": 0.0,
        "precision": "float32",
        "compile": "no",
    }
