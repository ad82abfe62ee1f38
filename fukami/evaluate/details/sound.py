"""Details for recordings that are answered: the worst, typical ones and the best, to be heard, and how much clearer."""

from typing import Any

import numpy as np

from fukami.core.language import N_
from fukami.evaluate.details.contract import Details
from fukami.evaluate.details.tables import Worst
from fukami.fields.sound.field import as_text
from fukami.metrics.bootstrap import row_keys
from fukami.metrics.contract import Running
from fukami.metrics.states.distortion import si_sdr

RANKS = (N_("among the worst"), N_("typical"), N_("among the best"))
EACH, LONGEST_S = 3, 6.0
"""Recordings of each rank, and how much of one is kept, so that a report stays one file."""


class CollectedDetails(Details):
    """`mistakes`: `{row, target, answer, rank, gain_db}` with recordings as they are told; `worse`: the share of recordings
    that became less clear, and `gain_quantiles` in decibels, from the least to the most."""

    def __init__(self, target: Any, *, seed: int = 0, keep: int = 24):
        super().__init__(target, seed=seed, keep=keep)
        self.kept = tuple(Worst(EACH if keep else 0) for _rank in RANKS)
        self.gains: list[float] = []

    def update(self, answers: Any, truth: Any, rows: np.ndarray, /) -> None:
        found = [(a, t["sample"]) for a, t in zip(answers["sound"].each(), truth["sound"].each(), strict=True)]
        gains_B = np.array([si_sdr(a["sample"], t) - si_sdr(a["given"], t) for a, t in found])
        self.gains += gains_B.tolist()
        if not self.keep:
            return
        chance_B = (row_keys(self.seed, rows, "sounds") >> np.uint64(11)).astype(np.float64)
        most = int(LONGEST_S * self.target.state["rate_hz"])
        pairs = [(t[:most], (a["sample"][:most], gain)) for (a, t), gain in zip(found, gains_B.tolist(), strict=True)]
        for worst, score_B in zip(self.kept, (-gains_B, chance_B, gains_B), strict=True):
            worst.update(score_B, rows, pairs)

    def told(self, running: Running) -> dict[str, Any]:
        gains = np.array(self.gains or [np.nan])
        told = {"worse": float((gains < 0).mean()), "gain_quantiles": np.quantile(gains, np.linspace(0, 1, 5)).tolist()}
        return told | {"mistakes": self._told()} if self.keep else told

    def _told(self) -> list[dict[str, Any]]:
        """In turns, so that a report that shows few shows some of each."""
        rate, found = self.target.state["rate_hz"], {}
        for rank, worst in zip(RANKS, self.kept, strict=True):
            for one in worst.told():
                wave, gain = one["answer"]
                heard = {"target": {"sound": as_text(one["target"], rate)}, "answer": {"sound": as_text(wave, rate)}}
                found.setdefault(one["row"], {"row": one["row"], **heard, "rank": rank, "gain_db": gain})
        ranks = [[one for one in found.values() if one["rank"] == rank] for rank in RANKS]
        return [several[i] for i in range(EACH) for several in ranks if i < len(several)]
