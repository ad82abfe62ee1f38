"""Who chose what as a sparse matrix, and rankings from scores of such rows: what simple answers are made of.

B histories, U users, I items of the catalogue; item 0 is none.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from fukami.fields import batch as trees
from fukami.fields.history.packing import Log
from fukami.fields.items.ranked import PLACES, Catalogue, ranking

PART = 512
"""Histories that are scored at a time."""


def chosen(target: Any, most: int = 0) -> Any:
    """`float32 (U, I + 1)`, 1 where training's user chose the item; of each user the `most` latest items, or all."""
    from scipy import sparse

    log = Log(target.state["lengths"], target.state["chosen"])
    users, items = log.edges()
    if most:
        place = np.repeat(log.offsets[2:], log.lengths) - np.arange(len(items))
        users, items = users[place <= most], items[place <= most]
    shape = len(log.lengths), len(target.state["items"]) + 1
    found = sparse.csr_matrix((np.ones(len(items), np.float32), (users - 1, items)), shape=shape)
    found.data[:] = 1  # whoever chose twice has chosen
    return found


def factors(catalogue: Catalogue, width: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Features `(I + 1, D)` of length 1 along the strongest directions of who chose what, and the centred logarithm of how
    often each item was chosen (I + 1). A choice is divided by the root of how often its user chose and its item was chosen.
    None where too little was chosen.
    """
    from scipy import sparse
    from sklearn.utils.extmath import randomized_svd

    users, items = catalogue.edge_users.numpy() - 1, catalogue.edge_items.numpy()
    shape = int(users.max(initial=-1)) + 1, catalogue.items + 1
    if width >= min(shape):
        return None
    found = sparse.csr_matrix((np.ones(len(items), np.float32), (users, items)), shape=shape)
    counts_I, counts_U = (np.asarray(found.sum(axis)).ravel() for axis in (0, 1))
    scaled = sparse.diags(counts_U.clip(1) ** -0.5) @ found @ sparse.diags(counts_I.clip(1) ** -0.5)
    _u, strength_D, directions_DI = randomized_svd(scaled, n_components=width, n_iter=3, random_state=0)  # pyright: ignore[reportArgumentType]
    features_ID = directions_DI.T * strength_D
    features_ID /= np.linalg.norm(features_ID, axis=1, keepdims=True).clip(1e-6)
    features_ID[0] = 0
    often_I = np.log(counts_I + 1)
    return features_ID.astype(np.float32), (often_I - often_I.mean()).astype(np.float32)


def answered(
    inputs: Mapping[str, Any], columns: Mapping[str, Any], score: Callable[[Any], np.ndarray]
) -> dict[str, np.ndarray]:
    """Answers to raw histories, from `score`: sparse rows (B, I + 1) of how often each item was chosen → scores (B, I + 1)."""
    ((name, field),) = inputs.items()
    stored, rows_NI = field.encode(columns[name]), field.plain_features(columns[name])
    found = []
    for start in range(0, rows_NI.shape[0], PART):
        rows = np.arange(start, min(start + PART, rows_NI.shape[0]))
        batch = field.batch(stored, rows)
        scores_BI = torch.from_numpy(np.ascontiguousarray(score(rows_NI[rows]), dtype=np.float32))
        places = max(PLACES, batch.candidates.shape[1])
        found.append(ranking(scores_BI, batch.items, batch.candidates, places))
    return trees.arrays(trees.joined(found))
