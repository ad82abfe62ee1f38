"""Numbers of any distribution → numbers that a network learns from, and the bin edges of piecewise-linear embeddings.

Three transforms, each learned as a small JSON table:

    quantile   the value's rank among the training values, as a normal deviate. Ties share their middle rank, so a column
               that is mostly zero keeps its zeros near the centre (scikit-learn's QuantileTransformer sends them to -5.2).
    robust     (x - median) / spread between the quartiles, bent smoothly so that nothing passes ±3
               (RealMLP: Holzmüller et al. 2024).
    standard   (x - mean) / standard deviation.
"""

from typing import Any

import numpy as np

TRANSFORMS = ("quantile", "robust", "standard")


def fit(values: np.ndarray, *, transform: str = "quantile", knots: int = 256) -> dict[str, Any]:
    """What `apply` needs, learned from finite training values. `knots` bounds the length of the quantile table.

    >>> table = fit(np.arange(101.0))
    >>> apply(table, np.array([50.0, 0.0, -9.0])).round(1).tolist() == [0.0, np.float32(-2.6), np.float32(-2.6)]
    True
    >>> apply(fit(np.ones(9)), np.array([1.0, np.nan])).tolist()
    [0.0, nan]
    """
    if transform not in TRANSFORMS:
        raise ValueError(f"transform is one of {TRANSFORMS}, not {transform!r}")
    values = np.asarray(values, np.float64)
    if not len(values):
        return {"transform": "standard", "centre": 0.0, "spread": 1.0}
    if transform == "quantile":
        at, to = _normal_scores(values, knots)
        return {"transform": "quantile", "at": at.tolist(), "to": to.round(6).tolist()}
    if transform == "robust":
        low, centre, high = np.quantile(values, [0.25, 0.5, 0.75])
        spread = float(high - low) or float(np.ptp(values)) / 2
        return {"transform": "robust", "centre": float(centre), "spread": spread or 1.0}
    return {"transform": "standard", "centre": float(values.mean()), "spread": float(values.std()) or 1.0}


def apply(table: dict[str, Any], values: np.ndarray) -> np.ndarray:
    """Transformed values, float32. NaN stays NaN; `quantile` counts a value beyond the training range as the nearest in it."""
    if table["transform"] == "quantile":
        scores = np.interp(values, table["at"], table["to"])
        return np.where(np.isnan(values), np.nan, scores).astype(np.float32)  # a table of one knot knows no NaN
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = (values - table["centre"]) / table["spread"]
        if table["transform"] == "robust":
            scaled = np.clip(scaled, -1e6, 1e6)
            scaled = scaled / np.sqrt(1 + (scaled / 3) ** 2)
    return scaled.astype(np.float32)


def bin_edges(values: np.ndarray, bins: int) -> list[float]:
    """At most `bins` + 1 increasing edges that divide finite training values into about equally full bins.

    A value that many rows share counts for one bin only, so that the rest of the column keeps its resolution.

    >>> bin_edges(np.array([0.0] * 90 + [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 5)
    [0.0, 3.0, 6.0, 8.0, 10.0]
    """
    distinct, counts = np.unique(np.asarray(values, np.float64), return_counts=True)
    if len(distinct) <= bins + 1:
        return distinct.tolist()
    heavy = counts > len(values) / bins
    light = (bins - heavy.sum()) / counts[~heavy].sum() if not heavy.all() else 0.0
    filled = np.cumsum(np.where(heavy, 1.0, counts * light))
    inner = np.searchsorted(filled, np.arange(1, bins))
    return distinct[np.unique([0, *inner, len(distinct) - 1])].tolist()


def _normal_scores(values: np.ndarray, knots: int) -> tuple[np.ndarray, np.ndarray]:
    """Distinct values and the normal deviates of their middle ranks; at most about `knots` of them, close in the tails too."""
    from scipy.special import ndtr, ndtri

    distinct, counts = np.unique(values, return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2) / len(values)
    if len(distinct) > knots:
        grid = np.concatenate([np.linspace(0, 1, knots // 2), ndtr(np.linspace(-5, 5, knots - knots // 2))])
        kept = np.unique(np.minimum(np.searchsorted(ranks, grid), len(distinct) - 1))
        distinct, ranks = distinct[kept], ranks[kept]
    return distinct, ndtri(ranks)
