"""Recommended settings for tables."""

from typing import Any


def classification(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for one class per row, from `num_examples`.

    >>> classification({"num_examples": 30_000})["name"]
    'tabm'
    """
    return _settings(facts["num_examples"], steps=550)


def regression(facts: dict[str, Any]) -> dict[str, Any]:
    """Settings for a number per row, from `num_examples`.

    >>> regression({"num_examples": 15_000})["epochs"]
    29
    """
    return _settings(facts["num_examples"], steps=3400)


def _settings(total: int, *, steps: int) -> dict[str, Any]:
    batch_size = batch(total)
    return {
        "name": "tabm",
        "batch_size": batch_size,
        "epochs": epochs(total, batch_size, steps=steps),
        "schedule": "one-cycle",
        "warmup": 0.1,
        "weight_decay": 0.01,
    }


def batch(num_examples: int) -> int:
    """128 for some ten thousand examples, 256 from 20,000 on; fewer below, so that a small table gives thirty steps an epoch.

    >>> [batch(n) for n in (150, 2000, 15_000, 30_000)]
    [16, 64, 128, 256]
    """
    most = 128 if num_examples < 20_000 else 256
    return max(16, min(most, 1 << max(0, (num_examples // 30).bit_length() - 1)))


def epochs(num_examples: int, batch_size: int, *, steps: int) -> int:
    """Passes for about `steps` · (examples / 15,000)^0.4 steps: more examples deserve more steps, yet fewer passes.

    >>> [epochs(n, batch(n), steps=3400) for n in (150, 1500, 15_000, 1_000_000)]
    [100, 29, 29, 5]
    """
    wanted = max(500.0, max(0.4, (num_examples / 15_000) ** 0.4) * steps)
    return max(3, min(100, round(wanted * batch_size / num_examples)))
