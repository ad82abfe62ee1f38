"""Details for texts that were written: the worst, typical ones and the best beside their references, how long they are,
and what the measures counted.
"""

from typing import Any

import numpy as np

from fukami.core.language import N_
from fukami.evaluate.details.contract import Details
from fukami.evaluate.details.tables import Worst
from fukami.metrics.bootstrap import row_keys
from fukami.metrics.contract import Running
from fukami.metrics.states.corpus import Letters, Words

RANKS = (N_("among the worst"), N_("typical"), N_("among the best"))


class CollectedDetails(Details):
    """`mistakes`: `{row, target, answer, score, rank}`, the score being the sentence's own chrF as a share; `length_ratio` of
    what was written to what was wanted, in tokens; `signatures` of sacreBLEU."""

    def __init__(self, target: Any, *, seed: int = 0, keep: int = 24):
        super().__init__(target, seed=seed, keep=keep)
        third = max(1, keep // 3) if keep else 0
        self.kept = tuple(Worst(third) for _rank in RANKS)
        self.measure = Letters.made(target)
        self.tokens = np.zeros(2)

    def states(self) -> tuple[type, ...]:
        return (Words, Letters)

    def update(self, answers: Any, truth: Any, rows: np.ndarray, /) -> None:
        self.tokens += len(answers["tokens"].columns["id"]), len(truth["tokens"].columns["id"])
        if not self.keep:
            return
        written, wanted = (self.target.texts(told["tokens"]) for told in (answers, truth))
        stats = self.measure._extract_corpus_statistics(written, [wanted])
        own_B = np.array([self.measure._compute_score_from_stats(row).score for row in stats]) / 100
        chance_B = (row_keys(self.seed, rows, "sentences") >> np.uint64(11)).astype(np.float64)
        pairs = list(zip(wanted, zip(written, own_B.tolist(), strict=True), strict=True))
        for worst, score_B in zip(self.kept, (-own_B, chance_B, own_B), strict=True):
            worst.update(score_B, rows, pairs)

    def told(self, running: Running) -> dict[str, Any]:
        signatures = {
            name: str(running.state(kind).measure.get_signature()) for name, kind in (("bleu", Words), ("chrf", Letters))
        }
        told = {"length_ratio": float(self.tokens[0] / max(self.tokens[1], 1)), "signatures": signatures}
        return told | {"mistakes": self._mistakes()} if self.keep else told

    def _mistakes(self) -> list[dict[str, Any]]:
        """In turns, so that a report that shows few shows some of each."""
        found: dict[int, dict[str, Any]] = {}
        for rank, worst in zip(RANKS, self.kept, strict=True):
            for one in worst.told():
                text, score = one["answer"]
                told = {"row": one["row"], "target": one["target"], "answer": text, "score": score, "rank": rank}
                found.setdefault(one["row"], told)
        ranks = [[one for one in found.values() if one["rank"] == rank] for rank in RANKS]
        return [several[i] for i in range(max(map(len, ranks), default=0)) for several in ranks if i < len(several)]
