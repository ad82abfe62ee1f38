"""What the explanations of many inputs say together: which parts count most, and whether that stood its test.

Parts of the same name (a column, a word, a patch at the same place) are one part here, also within one input.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from fukami.explain.explanation import Explanation
from fukami.explain.faithfulness import together

TOLD = 100
"""Parts that are told, the strongest first."""


def summed_up(explanations: Sequence[Explanation]) -> dict[str, Any]:
    """`{"examples", "faithfulness", "units": [{"name", "weight", "mean", "examples"}], "by_label": {label: [...]}}`.

    A part's `weight` is its mean strength over all examples, as a share of each example's strongest (0 to 1); a part that an
    example lacks counts 0 there. `mean` keeps the signs.
    """
    tested = [one.faithfulness for one in explanations if one.faithfulness is not None]
    told: dict[str, Any] = {"examples": len(explanations), "faithfulness": together(tested) if tested else None}
    told["units"] = by_name(explanations)
    labels = sorted({one.of for one in explanations if one.of is not None})
    if len(labels) > 1:
        told["by_label"] = {label: by_name([one for one in explanations if one.of == label])[:12] for label in labels}
    return told


def by_name(explanations: Sequence[Explanation]) -> list[dict[str, Any]]:
    """The parts over several explanations, the strongest first."""
    shares: dict[str, list[float]] = defaultdict(list)
    spelling: dict[str, str] = {}
    for one in explanations:
        own: dict[str, float] = defaultdict(float)
        for name, weight in zip(one.units.names, one.weights.weights, strict=True):
            key = str(name).casefold()
            spelling.setdefault(key, name)
            own[key] += float(weight)
        most = max(map(abs, own.values()), default=0.0) or 1.0
        for key, weight in own.items():
            shares[key].append(weight / most)
    total = max(1, len(explanations))
    found = [
        {
            "name": spelling[key],
            "weight": float(np.abs(values).sum()) / total,
            "mean": float(np.sum(values)) / total,
            "examples": len(values),
        }
        for key, values in shares.items()
    ]
    return sorted(found, key=lambda part: -part["weight"])[:TOLD]
