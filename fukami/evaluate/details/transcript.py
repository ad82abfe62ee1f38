"""Details for what was heard: the worst, typical ones and the best beside what was said, what kinds of errors there are, and
how long answering took.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from fukami.core.language import N_
from fukami.evaluate.details.contract import Details
from fukami.evaluate.details.tables import Worst
from fukami.metrics.bootstrap import row_keys
from fukami.metrics.contract import Running
from fukami.metrics.states.edits import edits

RANKS = (N_("among the worst"), N_("typical"), N_("among the best"))
MOST_LISTED = 12


class CollectedDetails(Details):
    """`mistakes`: `{row, target, answer, score, rank}`, the score being the share of letters that are right.

    `errors`: how many words were replaced, left out and put in, and how many were said; `confused`: `{said, heard, count}`, the
    most frequent; `unknown_letters` of references that no training text had; `real_time_factor`: seconds that answering took
    for each second of a recording, decoding included and reading files not; null where it was not measured.
    """

    def __init__(self, target: Any, *, seed: int = 0, keep: int = 24):
        super().__init__(target, seed=seed, keep=keep)
        third = max(1, keep // 3) if keep else 0
        self.kept = tuple(Worst(third) for _rank in RANKS)
        self.counts, self.confused = Counter(), Counter()
        self.spent_s = self.heard_s = 0.0
        self.alphabet, self.unknown = set(target.state["alphabet"]), set()

    def update(self, answers: Any, truth: Any, rows: np.ndarray, /) -> None:
        self.spent_s += float(np.sum(answers.get("spent", 0.0)))
        self.heard_s += float(np.sum(answers.get("heard", 0.0)))
        heard, said = self.target.texts(answers), self.target.texts(truth)
        for one, other in zip(said, heard, strict=True):
            self._count(self.target.divided(one), self.target.divided(other))
            self.unknown |= set(one) - self.alphabet
        if not self.keep:
            return
        own_B = np.array([max(0.0, 1 - edits(a, b) / max(len(a), 1)) for a, b in zip(said, heard, strict=True)])
        chance_B = (row_keys(self.seed, rows, "transcripts") >> np.uint64(11)).astype(np.float64)
        pairs = list(zip(said, zip(heard, own_B.tolist(), strict=True), strict=True))
        for worst, score_B in zip(self.kept, (-own_B, chance_B, own_B), strict=True):
            worst.update(score_B, rows, pairs)

    def _count(self, said: Sequence[str], heard: Sequence[str]) -> None:
        self.counts["said"] += len(said)
        for one, other in differences(said, heard):
            kind = "replaced" if one and other else "left_out" if one else "put_in"
            self.counts[kind] += 1
            self.confused[one, other] += 1

    def told(self, running: Running) -> dict[str, Any]:
        told: dict[str, Any] = {
            "errors": {name: self.counts[name] for name in ("said", "replaced", "left_out", "put_in")},
            "confused": [{"said": a, "heard": b, "count": n} for (a, b), n in self.confused.most_common(MOST_LISTED)],
            "unknown_letters": sorted(self.unknown),
            "real_time_factor": self.spent_s / self.heard_s if self.spent_s and self.heard_s else None,
        }
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


def differences(said: Sequence[str], heard: Sequence[str]) -> list[tuple[str, str]]:
    """What was replaced by what, in order; "" for what was put in or left out. As few as there can be.

    >>> differences("a b c".split(), "a x c d".split())
    [('b', 'x'), ('', 'd')]
    """
    table = np.zeros((len(said) + 1, len(heard) + 1), np.int64)
    table[:, 0], table[0] = np.arange(len(said) + 1), np.arange(len(heard) + 1)
    for i, one in enumerate(said, 1):
        for j, other in enumerate(heard, 1):
            table[i, j] = min(table[i - 1, j - 1] + (one != other), table[i - 1, j] + 1, table[i, j - 1] + 1)
    found, i, j = [], len(said), len(heard)
    while i or j:
        if i and j and table[i, j] == table[i - 1, j - 1] + (said[i - 1] != heard[j - 1]):
            i, j = i - 1, j - 1
            if said[i] != heard[j]:
                found.append((said[i], heard[j]))
        elif i and table[i, j] == table[i - 1, j] + 1:
            i -= 1
            found.append((said[i], ""))
        else:
            j -= 1
            found.append(("", heard[j]))
    return found[::-1]
