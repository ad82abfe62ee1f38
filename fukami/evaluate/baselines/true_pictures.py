"""Other true pictures, drawn from those that were trained on: how far true pictures are from true pictures by chance alone."""

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns
from fukami.fields.draws.noise import uniform

CARD = BaselineCard(name="true_pictures", summary="other true pictures", of=("picture",), bound=True)
MAX_EXAMPLES, STREAM = 20_000, 3


def fit(examples: Examples) -> Answers:
    few, (name,) = examples.sample(MAX_EXAMPLES), examples.inputs

    def answer(columns: InputColumns) -> np.ndarray:
        seeds_B = np.asarray(examples.inputs[name].encode(columns[name])["seed"])
        return few.targets[(uniform(seeds_B, 1, STREAM)[:, 0] * len(few)).astype(np.int64)]

    return answer
