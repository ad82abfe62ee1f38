"""Partial dependence: the mean answer when a column is set to each of its usual values, all else as it is.

Friedman 2001; the importance of a column is how far its curve goes up and down (Greenwell et al. 2018). What differs: the
deviation is taken over the examples rather than over the tried values, so that a rare extreme does not make a column important.
Values are those of the examples themselves, the usual ones of each column.

N examples, U units, V values, K scores.
"""

import numpy as np
import torch

from fukami.core.cards import MethodCard
from fukami.core.language import _
from fukami.explain.cohort import Cohort
from fukami.explain.contract import Survey
from fukami.fields.scored import scored
from fukami.fields.units import Units

CARD = MethodCard(
    name="partial-dependence",
    summary="the mean answer for each usual value of a column, all else as it is",
    asks="exchange",
    scope="set",
    source="Friedman 2001; Greenwell et al. 2018, arXiv:1805.04755",
)

MOST_LABELS = 10


def survey(cohort: Cohort) -> Survey:
    """A curve for each column, and how far it moves."""
    units, target = cohort.units(0), scored(cohort.predictor.task.target, _("partial dependence"))
    labels = target.labels()
    weights, curves = [], []
    for u in range(len(units)):
        rows, shares_V = cohort.field.usual(cohort.batch, units, u)
        means_VK = np.stack([_mean(cohort, units, u, row) for row in rows])
        comparable_VK = target.comparable(torch.from_numpy(means_VK)).numpy()
        centred_VK = comparable_VK - shares_V @ comparable_VK
        weights.append(float(np.sqrt(shares_V @ centred_VK**2).max()))
        curves.append({"values": [cohort.units(row).told[u]["value"] for row in rows], "scores": _told(labels, means_VK)})
    return Survey(np.array(weights), _("how far the mean answer moves with the column"), curves)


def _mean(cohort: Cohort, units: Units, u: int, row: int) -> np.ndarray:
    """Mean scores (K) when every example has what `row` holds in unit `u`."""
    scores = cohort.answers(cohort.field.exchanged(cohort.batch, units, u, torch.full((len(cohort),), row)))
    return scores.double().reshape(len(cohort), -1).mean(0).numpy()


def _told(labels: list[str], means_VK: np.ndarray) -> dict[str, list[float]]:
    if not labels:
        return {"value": means_VK[:, 0].tolist()}
    strongest = np.argsort(-means_VK.std(0), kind="stable")[:MOST_LABELS]
    return {labels[k]: means_VK[:, k].tolist() for k in sorted(strongest)}
