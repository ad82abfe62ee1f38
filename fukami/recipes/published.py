"""Complete runs on public data: `fukami train published/fashion_mnist`.

All are the defaults of their task: a published run that needs special settings would mean that the defaults do not win.
"""

from typing import Any

RUNS = ("adult", "california_housing", "digits", "fashion_mnist", "sst2")


def digits() -> dict[str, Any]:
    """Handwritten digits, 8 × 8 pixels."""
    return {"task": "image-classification", "data": {"source": "digits"}}


def fashion_mnist() -> dict[str, Any]:
    """Clothes, 28 × 28 pixels."""
    return {"task": "image-classification", "data": {"source": "fashion-mnist"}}


def sst2() -> dict[str, Any]:
    """Sentences of film reviews, a recurrent network from scratch."""
    return {"task": "text-classification", "data": {"source": "sst2"}, "model": {"name": "gru"}, "chosen": ["name"]}


def adult() -> dict[str, Any]:
    """Who earns more than 50,000 dollars."""
    return {"task": "tabular-classification", "data": {"source": "adult"}}


def california_housing() -> dict[str, Any]:
    """House prices by district."""
    return {"task": "tabular-regression", "data": {"source": "california-housing"}}
