"""Matrix factorisation of who chose what: the strongest directions of the matrix, and histories carried through them.

Cremonesi et al. 2010 (PureSVD): missing choices count as zeros; a user is what the history is along the items' directions, so
whoever is new is answered too. B histories, U users, I items, F directions.
"""

from typing import Any

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns
from fukami.fields.items.choosing import answered, chosen

CARD = BaselineCard(name="matrix-factorisation", summary="the strongest directions of who chose what", of=("items",))

FACTORS = 64


def fit(examples: Examples) -> Answers:
    v_IF = directions(chosen(examples.target), FACTORS, examples.seed)

    def answer(columns: InputColumns) -> dict[str, np.ndarray]:
        return answered(examples.inputs, columns, lambda history: (history @ v_IF) @ v_IF.T)

    return answer


def directions(chosen_UI: Any, count: int, seed: int) -> np.ndarray:
    """`v_IF`: right singular vectors of the largest values."""
    from sklearn.utils.extmath import randomized_svd

    count = max(1, min(count, min(chosen_UI.shape) - 1))
    _u, _s, v_FI = randomized_svd(chosen_UI, n_components=count, n_iter=4, random_state=seed % 2**32)  # pyright: ignore[reportArgumentType]
    return v_FI.T.astype(np.float32)
