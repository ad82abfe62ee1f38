"""Recommended settings for texts that are written from texts.

small-parallel-enja, its 500 test sentences, seed 0: BLEU 34.2 (95 %: 31.9 to 37.1), chrF 33.5 with beam search. 16 min 56 s on
two cores (AVX2), 1,809 s of processor time; the most similar training sentence's translation has 23.8. 900 pairs of a small
grammar were learned whole by `seq2seq:tiny` in 12 epochs, 23 s of two busy cores.

Dates in eight English and Japanese forms and their ISO form, 3,000 drawn pairs (`tests/runs/test_written.py`), seed 0:
`seq2seq:tiny` writes 0.982 of the 599 held-out ones exactly after 14 epochs, 60 s of processor time.

DialogSum: no figure has been read yet. A step of 32 conversations took 1.6 s of one core with 8,000 pieces and 400 tokens, so
the defaults are 4,000 and 300; that six epochs of it beat lead-3 remains to be shown, and the report says where they do not.
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
