"""What the model itself says of each part: how wrong it comes back, how far it is from what is near and normal.

Models of what is normal add their score up from what they find odd in each element of an input (`parts`). It is asked for
once, and is that of elements: a heat map of a picture's pixels, of a series' steps, of a row's cells.
"""

from typing import Any

import numpy as np

from fukami.core.cards import MethodCard
from fukami.core.language import _
from fukami.explain.case import Case
from fukami.explain.contract import Weights, require

CARD = MethodCard(
    name="own-parts",
    summary="how odd the model itself finds each part",
    asks="units",
    looks_at="parts",
    source="errors of reconstruction: Sakurada & Yairi 2014; distances of parts: Roth et al. 2022, arXiv:2106.08265",
)


def obstacle(case: Case) -> str:
    """Whether the model says nothing of parts."""
    return "" if _parts(case) is not None else _("its model does not say by itself which parts count")


def weigh(case: Case) -> Weights:
    """The sum over the elements of each part; the elements' own beside it, where they are pixels."""
    require(CARD.name, case)
    found = _parts(case)
    assert found is not None
    return Weights(case.units.summed(found), signed=False, detail=found if found.ndim == 2 else None)


def _parts(case: Case) -> np.ndarray | None:
    """What the model says of each element, in the shape of `Units.of`."""
    import torch

    parts: Any = getattr(getattr(case.predictor.network, "encoder", None), "parts", None)
    if parts is None:
        return None
    with torch.no_grad():
        found = parts(case.batch)
    return None if found is None else found[0].double().cpu().numpy()
