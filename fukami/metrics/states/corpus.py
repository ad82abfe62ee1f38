"""What sacreBLEU counts of each sentence, added up over a corpus. B examples, R bootstrap replicates.

BLEU and chrF are values of a corpus, not means over sentences; a replicate draws whole sentences and adds up their counts.
"""

from itertools import zip_longest
from typing import Any, Self

import numpy as np

from fukami.metrics.contract import State


class Corpus(State):
    """`sums_RS`: the statistics of a measure of sacreBLEU, which `measure` makes."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.measure = self.made(target)
        self.sums_RS: np.ndarray | None = None

    @classmethod
    def made(cls, target: Any) -> Any:
        """The measure, for that target."""
        raise NotImplementedError

    def update(self, answers: Any, truth: Any, weights_RB: np.ndarray, /) -> None:
        written, wanted = self.target.texts(answers["tokens"]), zip_longest(*self.target.references(truth))
        # both methods are those by which sacreBLEU draws its own bootstrap; None stands for a reference that an example lacks
        found_BS = np.array(self.measure._extract_corpus_statistics(written, list(wanted)), np.float64)
        self._add(weights_RB @ found_BS)

    def merge(self, other: Self) -> None:
        if other.sums_RS is not None:
            self._add(other.sums_RS)

    def _add(self, sums_RS: np.ndarray) -> None:
        self.sums_RS = sums_RS if self.sums_RS is None else self.sums_RS + sums_RS

    def scores(self) -> np.ndarray:
        """The measure of the corpus, and of each replicate (1 + R,); NaN where no sentence was seen."""
        if self.sums_RS is None:
            return np.full(1 + self.replicates, np.nan)
        return np.array([self._score(row_S) for row_S in self.sums_RS])

    def _score(self, row_S: np.ndarray) -> float:
        return float(self.measure._compute_score_from_stats(row_S.tolist()).score) if row_S.any() else np.nan


class Words(Corpus):
    """BLEU over what the target says a word is."""

    @classmethod
    def made(cls, target: Any) -> Any:
        from sacrebleu.metrics.bleu import BLEU

        return BLEU(tokenize=target.state["bleu"], force=True)


class Letters(Corpus):
    """chrF: letters without their blanks, runs of one to six."""

    @classmethod
    def made(cls, target: Any) -> Any:
        from sacrebleu.metrics.chrf import CHRF

        return CHRF()
