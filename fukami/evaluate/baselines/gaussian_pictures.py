"""Pictures drawn from the Gaussian that has the training pictures' mean and covariance of pixels.

A draw of it is the mean and a random mixture of how N training pictures differ from it, so no covariance has to be formed.
N pictures, P pixels.
"""

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns
from fukami.fields.draws.noise import normal

CARD = BaselineCard(name="gaussian_pictures", summary="a Gaussian of all pixels", of=("picture",))
MAX_EXAMPLES, STREAM, AT_A_TIME = 2000, 2, 256


def fit(examples: Examples) -> Answers:
    few = examples.sample(MAX_EXAMPLES)
    (name,), shape, N = examples.inputs, few.targets.shape[1:], len(few)
    x_NP = few.targets.reshape(N, -1).astype(np.float32)
    mean_P = x_NP.mean(0)
    apart_NP = (x_NP - mean_P) / np.float32(np.sqrt(N))

    def answer(columns: InputColumns) -> np.ndarray:
        seeds_B = np.asarray(examples.inputs[name].encode(columns[name])["seed"])
        starts = range(0, len(seeds_B), AT_A_TIME)
        parts = [mean_P + normal(seeds_B[at : at + AT_A_TIME], (N,), STREAM) @ apart_NP for at in starts]
        return np.concatenate(parts).clip(0, 255).round().astype(np.uint8).reshape(-1, *shape)

    return answer
