"""Pixels drawn by chance, each grey or colour as likely as any other."""

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns
from fukami.fields.draws.noise import uniform

CARD = BaselineCard(name="noise_pictures", summary="noise", of=("picture",))
STREAM = 1


def fit(examples: Examples) -> Answers:
    (name,), shape = examples.inputs, examples.targets.shape[1:]

    def answer(columns: InputColumns) -> np.ndarray:
        seeds_B = examples.inputs[name].encode(columns[name])["seed"]
        return (256 * uniform(np.asarray(seeds_B), int(np.prod(shape)), STREAM)).astype(np.uint8).reshape(-1, *shape)

    return answer
