"""BLEU of a corpus, as sacreBLEU computes it (Papineni et al. 2002; Post 2018): 0 to 100.

What a word is the target says (option `bleu`), and the report gives sacreBLEU's signature.
"""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.corpus import Words as State

CARD = MetricCard(
    name="bleu",
    label="BLEU",
    summary="how many runs of one to four words are those of the reference, as sacreBLEU counts them",
    of=("sentence",),
    higher_is_better=True,
    high=100.0,
)


def compute(state: State) -> np.ndarray:
    return state.scores()
