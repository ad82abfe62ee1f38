"""Pairs of texts of which one is written from the other: equal sides, sides of very unequal length, or in the wrong language.

What a side's language looks like is learned from the pairs themselves: how often two letters stand beside one another on either
side. P pairs.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.data.evidence import Evidence
from fukami.fields import cells
from fukami.fields.sentence.field import Sentence
from fukami.fields.text.field import Text

MANY = 0.01
ODD = np.log(4.0)
"""A pair's ratio of lengths is odd where it is four times the usual one, or a quarter."""
FEWEST, SHORT = 20, 12
SPEAKS = 0.7
"""Nats for each pair of letters from which a text speaks for the other side's language."""
_BUCKETS = 1 << 15


def check(evidence: Evidence) -> Iterator[Problem]:
    """Every input that is a text beside every target that is written."""
    rows = evidence.sample
    if len(rows) < FEWEST:
        return
    for target, written in evidence.targets.items():
        for name, read in evidence.inputs.items():
            if isinstance(written, Sentence) and isinstance(read, Text):
                sources, targets = (evidence.columns[side][0].take(rows) for side in (name, target))
                yield from _found(evidence, rows, cells.strings(sources), written.firsts(targets))


def _found(evidence: Evidence, rows: np.ndarray, sources: Sequence[str], targets: Sequence[str]) -> Iterator[Problem]:
    same = np.array([s.strip() == t.strip() for s, t in zip(sources, targets, strict=True)])
    if same.any():
        yield _problem(
            evidence,
            rows[same],
            "F-PAIR-SAME",
            _n("{n} text is the same on both sides", "{n} texts are the same on both sides", int(same.sum())),
            _("leave them out where they are no translations; names and numbers may stay"),
        )
    lengths_2P = np.array([[len(text.strip()) for text in side] for side in (sources, targets)], float)
    ratio_P = np.log(lengths_2P[1] + 1) - np.log(lengths_2P[0] + 1)
    odd = (np.abs(ratio_P - np.median(ratio_P)) > ODD) & (lengths_2P.max(0) >= SHORT)
    if odd.any():
        yield _problem(
            evidence,
            rows[odd],
            "F-PAIR-LENGTH",
            _n(
                "{n} pair has sides of very unequal length",
                "{n} pairs have sides of very unequal length",
                int(odd.sum()),
            ),
            _("look whether lines were shifted, or a side was cut off"),
            expected=_("about {n} letters for each letter of the source").format(n=f"{np.exp(np.median(ratio_P)):.2g}"),
        )
    wrong = ~same & _astray(sources, targets)
    if wrong.any():
        yield _problem(
            evidence,
            rows[wrong],
            "F-PAIR-LANGUAGE",
            _n(
                "{n} pair has a side that looks like the language of the other",
                "{n} pairs have a side that looks like the language of the other",
                int(wrong.sum()),
            ),
            _("look whether columns were exchanged, or a text was left untranslated"),
        )


def _astray(sources: Sequence[str], targets: Sequence[str]) -> np.ndarray:
    """Which pairs have a side that speaks for the other one's language (bool, P)."""
    sides = [[_pairs(text) for text in side] for side in (sources, targets)]
    counts_2V = np.stack([np.bincount(np.concatenate(side), minlength=_BUCKETS) for side in sides]) + 0.5
    shares_2V = np.log(counts_2V / counts_2V.sum(1, keepdims=True))
    speaks_V = shares_2V[1] - shares_2V[0]

    def mean(pairs: np.ndarray) -> float:
        return float(speaks_V[pairs].mean()) if len(pairs) >= SHORT else 0.0

    return np.array([mean(s) > SPEAKS or mean(t) < -SPEAKS for s, t in zip(*sides, strict=True)])


def _pairs(text: str) -> np.ndarray:
    letters = np.frombuffer(text.strip()[:400].lower().encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    return (letters[:-1] * 31 + letters[1:]) % _BUCKETS


def _problem(evidence: Evidence, rows: np.ndarray, code: str, what: str, fix: str, expected: str = "") -> Problem:
    places = [evidence.place(int(row)) for row in rows[:3]]
    return Problem(
        code=code,
        severity="warning" if len(rows) > MANY * len(evidence.sample) else "note",
        what=what,
        where=", ".join([*places, *(["…"] if len(rows) > len(places) else [])]),
        expected=expected,
        fix=fix,
        count=len(rows),
    )
