"""Recordings beside what is said in them: texts too long to be said in their recordings, or too short; letters never learned.

P examples.
"""

from collections.abc import Iterator

import numpy as np

from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.data.evidence import Evidence
from fukami.fields import cells
from fukami.fields.audio.decode import looks_at
from fukami.fields.audio.field import Audio
from fukami.fields.transcript.field import Transcript

FASTEST = 50.0
"""Letters a second that nobody says: models of speech take a step every 20 ms, and no more letters than steps can be heard."""
ODD, FEWEST = np.log(6.0), 20
"""A pace is odd where it is six times the usual one, or a sixth."""
_SHOWN = 10


def check(evidence: Evidence) -> Iterator[Problem]:
    """Every input that is a recording beside every target that is said in it."""
    for target, said in evidence.targets.items():
        if not isinstance(said, Transcript):
            continue
        texts = said.normal(cells.strings(evidence.columns[target][0]))
        for name, heard in evidence.inputs.items():
            if isinstance(heard, Audio):
                yield from _paces(evidence, evidence.columns[name][0], texts)
        yield from _unknown(evidence, texts)


def _paces(evidence: Evidence, recordings, texts: list[str]) -> Iterator[Problem]:
    seconds_P = np.array([look.seconds for look in looks_at(recordings)])
    letters_P = np.array([len(text) for text in texts], float)
    fast = letters_P > FASTEST * seconds_P
    if fast.any():
        worst = int((letters_P / np.maximum(seconds_P, 1e-3)).argsort()[-1])
        yield Problem(
            code="F-SPEECH-SHORT",
            severity="warning" if fast.mean() < 0.5 else "error",
            what=_n(
                "{n} text has more letters than can be heard in its recording; nothing is learned from it",
                "{n} texts have more letters than can be heard in their recordings; nothing is learned from them",
                int(fast.sum()),
            ),
            where=_places(evidence, fast),
            expected=_("at most {n} letters a second").format(n=f"{FASTEST:g}"),
            got=_("{n} letters in {s} s").format(n=int(letters_P[worst]), s=f"{seconds_P[worst]:.2f}"),
            fix=_("look whether recordings were cut off, or texts belong to others"),
            count=int(fast.sum()),
        )
    if len(texts) < FEWEST:
        return
    pace_P = np.log((letters_P + 1) / np.maximum(seconds_P, 0.05))
    odd = (np.abs(pace_P - np.median(pace_P)) > ODD) & ~fast
    if odd.any():
        yield Problem(
            code="F-SPEECH-PACE",
            severity="warning" if odd.mean() > 0.01 else "note",
            what=_n(
                "{n} text is very long or short for its recording",
                "{n} texts are very long or short for their recordings",
                int(odd.sum()),
            ),
            where=_places(evidence, odd),
            expected=_("about {n} letters a second").format(n=f"{np.exp(np.median(pace_P)):.1f}"),
            fix=_("look whether texts and recordings were shifted, or silence can be cut away"),
            count=int(odd.sum()),
        )


def _unknown(evidence: Evidence, texts: list[str]) -> Iterator[Problem]:
    """Letters that only texts kept aside have."""
    if evidence.split is None:
        return
    known = set().union(*(texts[row] for row in evidence.split.train.tolist()))
    held = np.concatenate([evidence.split.valid, evidence.split.test]).tolist()
    strange = {row: set(texts[row]) - known for row in held}
    rows = np.zeros(len(texts), bool)
    rows[[row for row, letters in strange.items() if letters]] = True
    if rows.any():
        letters = sorted(set().union(*strange.values()))
        yield Problem(
            code="F-SPEECH-LETTERS",
            severity="warning" if rows.sum() > 0.01 * len(held) else "note",
            what=_n(
                "{n} text kept aside has letters that no training text has; each counts as an error",
                "{n} texts kept aside have letters that no training text has; each counts as an error",
                int(rows.sum()),
            ),
            where=_places(evidence, rows),
            got=" ".join(letters[:_SHOWN]) + (" …" if len(letters) > _SHOWN else ""),
            fix=_("train on texts that have them, or take odd letters out"),
            count=int(rows.sum()),
        )


def _places(evidence: Evidence, which: np.ndarray) -> str:
    rows = np.flatnonzero(which)
    return ", ".join([*(evidence.place(int(row)) for row in rows[:3]), *(["…"] if len(rows) > 3 else [])])
