"""The numbers and the categories that a column becomes: learned from its values, and counted for comparisons.

A number is told by its name, scale, bin edges, mean, deviation and share of missing values; a category by its name and values,
the most frequent first, with their counts. N rows.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.fields.row import scaling

LARGEST = 1e30
"""Of larger numbers neither float32 nor the square of a deviation is finite; they count as missing."""


def finite(values: np.ndarray) -> np.ndarray:
    """Numbers that can be computed with, the others as NaN.

    >>> finite(np.array([1.0, np.inf, -1e31])).tolist()
    [1.0, nan, nan]
    """
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(values) <= LARGEST, values, np.nan)


def number(name: str, values_N: np.ndarray, options: Any, *, sample: np.ndarray | None, knots: int) -> dict[str, Any]:
    """A number, from its training values: its scale and edges from the rows of `sample`, its missing share from all."""
    sampled = values_N if sample is None else values_N[sample]
    known = sampled[np.isfinite(finite(sampled))]
    return {
        "name": name,
        "scale": scaling.fit(known, transform=options.transform, knots=knots),
        "edges": scaling.bin_edges(known, options.bins) if options.bins and len(known) else [],
        "mean": float(known.mean()) if len(known) else 0.0,
        "deviation": float(known.std()) if len(known) else 0.0,
        "missing": float(np.isnan(values_N).mean()),
    }


def category(name: str, words: pa.Array, options: Any, *, hidden: Callable[[str], bool] | None = None) -> dict[str, Any]:
    """A category with its commonest values, the most frequent first; the rest, and those to be `hidden`, are unknown."""
    counted = words.drop_null().value_counts()
    values, counts = counted.field("values"), counted.field("counts").to_numpy()
    names = values.to_pylist()
    order = sorted(range(len(names)), key=lambda i: (-counts[i], names[i]))
    kept = [i for i in order if counts[i] >= options.min_count or len(order) <= 2]
    kept = [i for i in kept if not (hidden and hidden(names[i]))][: options.max_categories]
    return {
        "name": name,
        "values": [names[i] for i in kept],
        "counts": [int(counts[i]) for i in kept],
        "missing": words.null_count / max(1, len(words)),
        "other": len(kept) < len(names),
    }


def middle(part: dict[str, Any]) -> float:
    """The value of a number, of those that are known from training, that is nearest to its mean; whole where it can be.

    >>> middle({"edges": [1.0, 2.0, 3.0], "scale": {}, "mean": 2.4}), middle({"edges": [], "scale": {}, "mean": 2.4})
    (2, 2.4)
    """
    known = part["edges"] or part["scale"].get("at") or [part["mean"]]
    value = float(f"{min(known, key=lambda one: abs(one - part['mean'])):.6g}")
    return int(value) if value.is_integer() else value


def ends(part: dict[str, Any]) -> tuple[float, float]:
    """The least and the greatest value of a number that training knew, or what six deviations reach.

    >>> ends({"edges": [1.0, 2.0, 3.0], "scale": {}}), ends({"edges": [], "scale": {}, "mean": 2.0, "deviation": 1.0})
    ((1.0, 3.0), (-4.0, 8.0))
    """
    known = part["edges"] or part["scale"].get("at")
    reach = 6 * part.get("deviation", 0.0)
    return (known[0], known[-1]) if known else (part["mean"] - reach, part["mean"] + reach)


def sketched_number(part: dict[str, Any], values_N: np.ndarray) -> dict[str, Any]:
    """A histogram between learned edges, and the share of missing values."""
    known = values_N[np.isfinite(values_N)]
    edges = _tenths(part)
    counts = np.histogram(np.clip(known, edges[0], edges[-1]), edges)[0] if len(edges) > 1 else np.array([len(known)])
    mean, deviation = (float(known.mean()), float(known.std())) if len(known) else (0.0, 0.0)
    return {
        "name": part["name"],
        "edges": edges,
        "counts": counts.tolist(),
        "missing": float(np.isnan(values_N).mean()) if len(values_N) else 0.0,
        "mean": mean,
        "deviation": deviation,
    }


def sketched_category(part: dict[str, Any], codes_N: np.ndarray) -> dict[str, Any]:
    """Counts of the learned values, and of all others."""
    counts = np.bincount(codes_N, minlength=len(part["values"]) + 1)
    return {"name": part["name"], "values": part["values"], "counts": counts[1:].tolist(), "unknown": int(counts[0])}


def _tenths(part: dict[str, Any]) -> list[float]:
    """At most eleven of a number's knots, from the least to the greatest."""
    scale = part["scale"]
    known = part["edges"] or scale.get("at") or [scale["centre"] + step * scale["spread"] for step in range(-4, 5)]
    chosen = np.unique(np.linspace(0, len(known) - 1, min(11, len(known))).round().astype(int))
    return [float(known[i]) for i in chosen]
