"""Partial dependence: the mean answer when a column is set to each of its usual values, all else as it is.

Friedman 2001; the importance of a column is how far its curve goes up and down (Greenwell et al. 2018). What differs: the
deviation is taken over the examples rather than over the tried values, so that a rare extreme does not make a column important.
Values are those of the examples themselves: the middle of each tenth of a number, the commonest of a category.

N examples, E elements (numbers and categories), U units, V values, K scores.
"""

import numpy as np
import torch

from fukami.core.cards import MethodCard
from fukami.core.language import _
from fukami.explain.cohort import Cohort
from fukami.explain.contract import Survey
from fukami.explain.methods.permutation import exchanged
from fukami.fields.contract import Cells

CARD = MethodCard(
    name="partial-dependence",
    summary="the mean answer for each usual value of a column, all else as it is",
    of=("row",),
    scope="set",
    source="Friedman 2001; Greenwell et al. 2018, arXiv:1805.04755",
)

VALUES = 10
"""Values of a column that are tried, at most."""
MOST_LABELS = 10


def survey(cohort: Cohort) -> Survey:
    """A curve for each column, and how far it moves."""
    units, target = cohort.units(0), cohort.predictor.task.target
    labels = target.labels()
    weights, curves = [], []
    for u in range(len(units)):
        gone_E = units.of == u
        rows, shares_V = representatives(cohort.batch, gone_E)
        means_VK = np.stack([_mean(cohort, gone_E, row) for row in rows])
        comparable_VK = target.comparable(torch.from_numpy(means_VK)).numpy()
        centred_VK = comparable_VK - shares_V @ comparable_VK
        weights.append(float(np.sqrt(shares_V @ centred_VK**2).max()))
        curves.append({"values": [cohort.units(row).told[u]["value"] for row in rows], "scores": _told(labels, means_VK)})
    return Survey(np.array(weights), _("how far the mean answer moves with the column"), curves)


def _mean(cohort: Cohort, gone_E: np.ndarray, row: int) -> np.ndarray:
    """Mean scores (K) when every example has what `row` holds in the elements `gone_E`."""
    scores = cohort.scores(exchanged(cohort.batch, gone_E, torch.full((len(cohort),), row)))
    return scores.double().reshape(len(cohort), -1).mean(0).numpy()


def _told(labels: list[str], means_VK: np.ndarray) -> dict[str, list[float]]:
    if not labels:
        return {"value": means_VK[:, 0].tolist()}
    strongest = np.argsort(-means_VK.std(0), kind="stable")[:MOST_LABELS]
    return {labels[k]: means_VK[:, k].tolist() for k in sorted(strongest)}


def representatives(cells: Cells, gone_E: np.ndarray) -> tuple[list[int], np.ndarray]:
    """Rows that hold the usual values of a column, and the share of the examples that each stands for (V).

    Numbers come from the least to the greatest, categories from the commonest on.

    >>> cells = Cells(torch.tensor([[3.0], [1.0], [3.0], [2.0]]), torch.empty(4, 0, dtype=torch.int64))
    >>> rows, shares = representatives(cells, np.array([True]))
    >>> rows, shares.tolist()
    ([1, 3, 0], [0.25, 0.25, 0.5])
    """
    count = cells.numbers.shape[1]
    numbers, categories = np.flatnonzero(gone_E[:count]), np.flatnonzero(gone_E[count:])
    if not len(numbers):
        codes_N = cells.categories[:, categories[0]].cpu().numpy()
        _distinct, first, counts = np.unique(codes_N, return_index=True, return_counts=True)
        usual = np.argsort(-counts, kind="stable")[:VALUES]
        return first[usual].tolist(), counts[usual] / counts[usual].sum()
    values_N = cells.numbers[:, numbers[0]].cpu().numpy()
    rows = np.arange(len(values_N))
    if len(np.unique(values_N)) > VALUES:
        rows = np.argsort(values_N, kind="stable")[((np.arange(VALUES) + 0.5) / VALUES * len(values_N)).astype(int)]
    _distinct, first, counts = np.unique(values_N[rows], return_index=True, return_counts=True)
    return rows[first].tolist(), counts / counts.sum()
