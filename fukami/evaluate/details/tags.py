"""Details for tags: each type on its own, and the sentences that were answered most surely wrong. B examples."""

from typing import Any

import numpy as np

from fukami.evaluate.details.contract import Details
from fukami.evaluate.details.tables import Worst
from fukami.metrics.contract import Running, State
from fukami.metrics.states.entities import Entities, counts, entities


class CollectedDetails(Details):
    """Precision, recall, F1 and number of each type; of the worst sentences what was marked and what was answered."""

    def __init__(self, target: Any, *, seed: int = 0, keep: int = 24):
        super().__init__(target, seed=seed, keep=keep)
        self.worst = Worst(keep)

    def states(self) -> tuple[type[State], ...]:
        return (Entities,)

    def update(self, answers: Any, truth: Any, rows: np.ndarray, /) -> None:
        if not self.keep:
            return
        outline = self.target.outline()
        found = counts(answers, truth, outline)
        wrong_B = np.flatnonzero((found["answered"] + found["actual"] - 2 * found["right"]).sum(1) > 0)
        given, known = answers.taken(wrong_B), truth["tags"].taken(wrong_B)
        score_B, pairs = [], []
        for one, other in zip(given.each(), known.each(), strict=True):
            same = set(map(tuple, entities(one["tag"], outline))) & set(map(tuple, entities(other["tag"], outline)))
            marked = [self._told(row["tag"], same, outline) for row in (other, one)]
            differs = one["tag"] != other["tag"]
            score_B.append(float(one["score"][differs].max(initial=0.0)) if "score" in one else 1.0)
            pairs.append((marked[0], marked[1]))
        self.worst.update(np.array(score_B), rows[wrong_B], pairs)

    def _told(self, tags_L: np.ndarray, same: set[tuple[int, ...]], outline: tuple[np.ndarray, ...]) -> list[list[Any]]:
        """Entities that only one side has: first element, the one after the last, and type."""
        types = self.target.state["types"]
        only = [one for one in entities(tags_L, outline).tolist() if tuple(one) not in same]
        return [[first, last + 1, types[kind]] for first, last, kind in only]

    def told(self, running: Running) -> dict[str, Any]:
        state = running.state(Entities)
        right, answered, actual = state.right_RT[0], state.answered_RT[0], state.actual_RT[0]
        per_type = [
            {
                "label": label,
                "precision": _share(r, a),
                "recall": _share(r, n),
                "f1": _share(2 * r, a + n),
                "support": round(float(n)),
            }
            for label, r, a, n in zip(self.target.state["types"], right, answered, actual, strict=True)
        ]
        return {"per_class": per_type, "mistakes": self.worst.told()}


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")
