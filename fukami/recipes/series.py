"""Recommended settings for series."""

from typing import Any


def forecasting(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for windows of a series, from `num_examples`: about 2,500 steps of 32 windows.

    ETTh1, horizon 96, published parts, seed 0: scaled MSE 0.372, MAE 0.394 in 28 s (DLinear as published: 0.375,
    0.399); national-illness, horizon 24, context 104: 2.110, 0.998 in 17 s (2.215, 1.081).

    >>> forecasting({"num_examples": 8209})["epochs"]
    10
    """
    total = facts["num_examples"]
    return {
        "name": "dlinear",
        "batch_size": 32,
        "epochs": max(10, min(100, round(2500 * 32 / total))),
        "schedule": "cosine",
        "weight_decay": 0.0,
    }


def wholes(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for a class or a number of each series, from `num_examples`: about 400 steps.

    GunPoint 0.993, ArrowHead 0.840, BasicMotions 1.000 (1-NN DTW 0.907, 0.714, 0.850), seed 0, in 85 to 147 s of a processor.

    >>> wholes({"num_examples": 50})["batch_size"]
    16
    """
    total = facts["num_examples"]
    batch_size = 16 if total < 500 else 64
    return {
        "name": "inception-time",
        "batch_size": batch_size,
        "epochs": max(5, min(200, round(400 * batch_size / total))),
        "learning_rate": 2e-3,
        "weight_decay": 0.01,
    }
