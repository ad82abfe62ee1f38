"""How far made pictures are from true ones as a whole: Heusel et al. 2017 (arXiv:1706.08500), in other features.

The features are those of a small convolutional network of random weights (`fields/picture/features.py`), not Inception's, and
the distance is divided by the variance of the true pictures' features. It is no FID, and compares with no figure of a paper.
"""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.frechet import Clouds

CARD = MetricCard(
    name="frechet_distance",
    label="Fréchet distance",
    summary="how far made pictures are from true ones as a whole, in features of a network of random weights (no FID)",
    of=("picture",),
    higher_is_better=False,
    low=0.0,
    high=None,
    sentence="The Fréchet distance of {examples} made pictures from as many true ones is {value}: 0 would be no difference.",
)

State = Clouds


def compute(state: Clouds) -> np.ndarray:
    return state.distances()
