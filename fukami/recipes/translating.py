"""Recommended settings for texts that are written from texts.

small-parallel-enja, its 500 test sentences, seed 0: BLEU 34.2 (95 %: 31.9 to 37.1), chrF 33.5 with beam search. 16 min 56 s on
two cores (AVX2), 1,809 s of processor time; the most similar training sentence's translation has 23.8. 900 pairs of a small
grammar were learned whole by `seq2seq:tiny` in 12 epochs, 23 s of two busy cores.
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


def summarization(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for summaries, from `num_examples`.

    >>> summarization({"num_examples": 12_460})["epochs"]
    6
    """
    total = facts["num_examples"]
    return {
        "name": "seq2seq",
        "batch_size": 32,
        "epochs": max(2, min(60, round(6 * (12_460 / max(total, 1)) ** 0.5))),
        "warmup": 0.1,
    }


def text_to_text(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for texts that follow from texts, from `num_examples`.

    >>> text_to_text({"num_examples": 5000})["epochs"]
    19
    """
    total = facts["num_examples"]
    return {
        "name": "seq2seq",
        "batch_size": 64 if total >= 10_000 else 32,
        "epochs": max(2, min(60, round(6 * (50_000 / max(total, 1)) ** 0.5))),
        "warmup": 0.1,
    }
