"""A passage of a text: its first and its last character (excluded). N examples, B batch, L tokens."""

import html
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import torch

from fukami.core.cards import FieldCard
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.contract import NOTHING, TargetField
from fukami.fields.gather import gathered

CARD = FieldCard(name="span", summary="a passage of a text", usual_targets=("span", "answer"))


@dataclass(frozen=True)
class Span(TargetField):
    """Cells are `3:7`; tensors and answers are the first and the last token (B, 2)."""

    @dataclass(frozen=True)
    class Options:
        pass

    kind: ClassVar[str] = "span"
    losses: ClassVar[tuple[str, ...]] = ()
    framed: ClassVar[bool] = True
    name: str = "span"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def specimens(cls, hidden, rng):
        """The first letters, whatever they are of."""
        return [Column("span", pa.array([f"0:{1 + k}" for k in hidden]))]

    @classmethod
    def recognise(cls, column):
        return float(np.isfinite(read(cells.sample(column))).all()) * 0.9

    def check(self, columns):
        bad = np.flatnonzero(~self.usable(columns))
        if len(bad):
            where = cells.places(columns[0], bad)
            yield Problem(code="F-SPAN-FORM", severity="warning", what="this is no passage", where=where, count=len(bad))

    def usable(self, columns):
        return np.isfinite(read(columns[0])).all(1)

    def fingerprint(self, columns):
        return cells.hashes(text.encode() for text in cells.strings(columns[0]))

    def learn(self, columns, *, seed=0, beside=NOTHING):
        return replace(self, state={"most": float(np.nanmax(read(columns[0])))})

    def encode(self, columns, *, frames=NOTHING):
        (line,) = frames.values()
        rows = []
        for (start, end), starts_L, ends_L in zip(read(columns[0]), line.starts, line.ends, strict=True):
            first = min(int(np.searchsorted(ends_L, start, side="right")), len(starts_L) - 1)
            rows.append((first, max(first, int(np.searchsorted(starts_L, end, side="left")) - 1)))
        return {"tokens": np.array(rows, np.int64).reshape(-1, 2)}

    def batch(self, stored, rows, device="cpu"):
        return gathered(stored["tokens"], rows, device)

    def answers(self, outputs_BL2):
        first_B = outputs_BL2[:, :, 0].argmax(1)
        before_BL = torch.arange(outputs_BL2.shape[1], device=first_B.device) < first_B[:, None]
        return torch.stack([first_B, outputs_BL2[:, :, 1].masked_fill(before_BL, -torch.inf).argmax(1)], 1)

    def given(self, answers):
        return answers

    def apart(self, left, right):
        return (left - right).abs().amax(1).double()

    def restore(self, answers, *, frames=NOTHING):
        (line,) = frames.values()
        found = []
        for (first, last), starts_L, ends_L, text in zip(answers.tolist(), line.starts, line.ends, line.texts, strict=True):
            start, end = int(starts_L[first]), int(ends_L[min(last, len(ends_L) - 1)])
            found.append({"start": start, "end": end, "text": text[start:end]})
        return found

    def known(self, truth, *, frames=NOTHING):
        return self.restore(truth, frames=frames)

    def render(self, columns, row):
        return f"<span>{html.escape(cells.strings(columns[0].take(np.array([row])))[0])}</span>"

    def schema(self):
        return {"type": "string"}

    def sketch(self, columns):
        return {"count": len(columns[0])}


def read(column):
    """(N, 2) places of characters; NaN where a cell is no passage."""
    parts = [text.split(":") for text in cells.strings(column)]
    good = [len(p) == 2 and all(x.isdigit() for x in p) for p in parts]
    rows = [[float(x) for x in p] if ok else [np.nan, np.nan] for p, ok in zip(parts, good, strict=True)]
    return np.array(rows, float).reshape(-1, 2)
