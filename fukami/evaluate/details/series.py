"""Details for forecasts: errors by step and by channel, and examples with their forecasts: worst, typical, best.

B examples, H steps, C channels.
"""

from typing import Any

import numpy as np

from fukami.evaluate.details.contract import Details
from fukami.evaluate.details.tables import Worst
from fukami.metrics.bootstrap import row_keys
from fukami.metrics.contract import Running

TYPICAL_OF = 64
"""Examples, drawn by chance, of which the one in the middle is shown as typical."""
MOST_CHANNELS = 8
"""Channels of which forecasts are kept for pictures."""


class CollectedDetails(Details):
    """Sums over examples for each step and channel, and the examples that are shown."""

    def __init__(self, target: Any, *, seed: int = 0, keep: int = 24):
        super().__init__(target, seed=seed, keep=min(keep, 12))
        shape = target.state["length"], len(target.state["channels"])
        self.count, self.squares, self.distances, self.inside = 0, np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.worst, self.best = Worst(self.keep), Worst(min(self.keep, 1))
        self.sample: list[tuple[int, float, int, Any]] = []

    def update(self, answers: np.ndarray, truth: np.ndarray, rows: np.ndarray, /) -> None:
        errors_BHC = (answers - truth) / np.array(self.target.state["std"])
        self.count += len(rows)
        self.squares += np.square(errors_BHC).sum(0)
        self.distances += np.abs(errors_BHC).sum(0)
        bands = self.target.bands(answers)
        if bands is not None:
            self.inside += ((truth >= bands[0]) & (truth <= bands[1])).sum(0)
        if self.keep:
            self._keep(np.square(errors_BHC).mean((1, 2)), answers, rows)

    def _keep(self, scores_B: np.ndarray, answers: np.ndarray, rows: np.ndarray) -> None:
        worst, best = np.argsort(-scores_B, kind="stable")[: self.keep], [int(np.argmin(scores_B))]
        self.worst.update(scores_B[worst], rows[worst], [(None, self._shown(answers[row])) for row in worst])
        self.best.update(-scores_B[best], rows[best], [(None, self._shown(answers[row])) for row in best])
        keys = row_keys(self.seed, rows, "typical")
        for at in np.argsort(keys, kind="stable")[:TYPICAL_OF]:
            self.sample.append((int(keys[at]), float(scores_B[at]), int(rows[at]), self._shown(answers[at])))
        self.sample = sorted(self.sample, key=lambda one: one[0])[:TYPICAL_OF]

    def _shown(self, answer_HC: np.ndarray) -> list[list[float]]:
        return [[float(f"{value:.6g}") for value in channel] for channel in answer_HC.T[:MOST_CHANNELS].tolist()]

    def told(self, running: Running) -> dict[str, Any]:
        state, count = self.target.state, max(self.count, 1)
        scale_C = np.array(state["std"])
        mse_HC, mae_HC, inside_HC = self.squares / count, self.distances / count, self.inside / count
        by_channel = [
            {
                "channel": name,
                "scaled_mse": float(mse_HC[:, index].mean()),
                "scaled_mae": float(mae_HC[:, index].mean()),
                "rmse": float(np.sqrt(mse_HC[:, index].mean()) * scale_C[index]),
                "mae": float(mae_HC[:, index].mean() * scale_C[index]),
                **({"inside": float(inside_HC[:, index].mean())} if "low" in state else {}),
            }
            for index, name in enumerate(state["channels"])
        ]
        by_step = {"scaled_mse": mse_HC.mean(1), "scaled_mae": mae_HC.mean(1)}
        if "low" in state:
            by_step["inside"] = inside_HC.mean(1)
        told: dict[str, Any] = {"by_step": by_step, "by_channel": by_channel, "season": state["season"]}
        if "low" in state:
            told["band"] = {"wanted": self.target.options.band, "inside": float(inside_HC.mean())}
        return {"forecasts": told, "mistakes": _kept(self.worst.told()), "typical": self._typical()}

    def _typical(self) -> list[dict[str, Any]]:
        """The example in the middle of a sample, and the best."""
        ordered = sorted(self.sample, key=lambda one: one[1])
        middle = [
            {"row": row, "score": score, "answer": answer} for _key, score, row, answer in ordered[len(ordered) // 2 :][:1]
        ]
        return [*middle, *({**one, "score": -one["score"]} for one in _kept(self.best.told()))]


def _kept(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in one.items() if name != "target"} for one in told]
