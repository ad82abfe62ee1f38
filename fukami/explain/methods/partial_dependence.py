"""Partial dependence: the mean answer when a column is set to each of its usual values, all else as it is.

Friedman 2001; the importance of a column is how far its curve goes up and down (Greenwell et al. 2018, the deviation over the
values). Values are taken from the examples themselves: evenly spread ones of a number, the commonest of a category.

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
        rows = representatives(cohort.batch, gone_E)
        means_VK = np.stack([_mean(cohort, gone_E, row) for row in rows])
        weights.append(float(target.comparable(torch.from_numpy(means_VK)).std(0, correction=0).max()))
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


def representatives(cells: Cells, gone_E: np.ndarray) -> list[int]:
    """Rows that hold the usual values of a column: from the least to the greatest number, or the commonest categories.

    >>> cells = Cells(torch.tensor([[3.0], [1.0], [2.0]]), torch.empty(3, 0, dtype=torch.int64))
    >>> representatives(cells, np.array([True]))
    [1, 2, 0]
    """
    count = cells.numbers.shape[1]
    numbers, categories = np.flatnonzero(gone_E[:count]), np.flatnonzero(gone_E[count:])
    if len(numbers):
        values_N = cells.numbers[:, numbers[0]].cpu().numpy()
        distinct, first = np.unique(values_N, return_index=True)
        if len(distinct) > VALUES:
            order = np.argsort(values_N, kind="stable")
            chosen = order[np.linspace(0, len(order) - 1, VALUES).round().astype(int)]
            first = chosen[np.unique(values_N[chosen], return_index=True)[1]]
        return first.tolist()
    codes_N = cells.categories[:, categories[0]].cpu().numpy()
    _distinct, first, counts = np.unique(codes_N, return_index=True, return_counts=True)
    return first[np.argsort(-counts, kind="stable")[:VALUES]].tolist()
