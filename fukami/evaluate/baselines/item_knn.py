"""Items that were chosen by the same users as those of a history: cosine of their columns, the nearest of each item counting
(Sarwar et al. 2001; Deshpande and Karypis 2004).

B histories, U users, I items.
"""

from typing import Any

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns
from fukami.fields.items.choosing import answered, chosen

CARD = BaselineCard(name="item-knn", summary="items that the same users chose", of=("items",))

NEAREST = 100
"""Neighbours of an item that count."""
MOST_USER = 500
"""Of longer histories the latest items say what is near: pairs grow with the square."""
_BLOCK = 2000


def fit(examples: Examples) -> Answers:
    near_II = nearest(chosen(examples.target, MOST_USER))

    def answer(columns: InputColumns) -> dict[str, np.ndarray]:
        return answered(examples.inputs, columns, lambda history: np.asarray((history @ near_II).todense()))

    return answer


def nearest(chosen_UI: Any, most: int = NEAREST) -> Any:
    """Sparse cosines (I, I) of each item with its `most` nearest others."""
    from scipy import sparse

    norm_I = np.sqrt(np.asarray(chosen_UI.power(2).sum(0)).ravel())
    unit_UI = (chosen_UI @ sparse.diags(1 / np.where(norm_I > 0, norm_I, 1))).tocsc()
    blocks = []
    for start in range(0, unit_UI.shape[1], _BLOCK):
        near = (unit_UI[:, start : start + _BLOCK].T @ unit_UI).tolil()
        near.setdiag(0, k=start)
        blocks.append(_thinned(near.tocsr(), most))
    return sparse.vstack(blocks).tocsr()


def _thinned(near: Any, most: int) -> Any:
    """Only the `most` largest cells of each row."""
    rows = np.repeat(np.arange(near.shape[0]), np.diff(near.indptr))
    order = np.lexsort((-near.data, rows))
    place = np.arange(len(order)) - near.indptr[rows[order]]
    near.data[order[place >= most]] = 0
    near.eliminate_zeros()
    return near
