"""To everybody what most of training's users chose, without what they chose already."""

from typing import Any

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns
from fukami.fields.items.choosing import answered

CARD = BaselineCard(name="popularity", summary="what most users chose", of=("items",))


def fit(examples: Examples) -> Answers:
    target: Any = examples.target
    scores_I = target.chosen_by

    def answer(columns: InputColumns) -> dict[str, np.ndarray]:
        return answered(examples.inputs, columns, lambda history: np.tile(scores_I, (history.shape[0], 1)))

    return answer
