"""A word as its letters. N examples, B batch, T letters of all words."""

import html
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import torch

from fukami.core.cards import FieldCard
from fukami.core.tables import Column
from fukami.fields import batch as trees
from fukami.fields import cells
from fukami.fields.contract import NOTHING, Ragged, TargetField

CARD = FieldCard(name="letters", summary="a word, letter by letter", usual_targets=("letters", "transcript"))


@dataclass(frozen=True)
class Letters(TargetField):
    """Answers and truths are `Rows` of the column `letter`, numbers from 0."""

    @dataclass(frozen=True)
    class Options:
        pass

    kind: ClassVar[str] = "letters"
    losses: ClassVar[tuple[str, ...]] = ()
    name: str = "letters"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def specimens(cls, hidden, rng):
        return [Column("letters", pa.array([chr(97 + k) * (1 + k) for k in hidden]))]

    @classmethod
    def recognise(cls, column):
        return 0.9 if not column.is_array and cells.is_text(cells.arrow(column)) else 0.0

    def check(self, columns):
        return iter(())

    def usable(self, columns):
        known = set(self.state.get("letters", ()))
        return np.array([bool(text) and (not known or set(text) <= known) for text in cells.strings(columns[0])], bool)

    def fingerprint(self, columns):
        return cells.hashes(text.encode() for text in cells.strings(columns[0]))

    def learn(self, columns, *, seed=0, beside=NOTHING):
        return replace(self, state={"letters": sorted(set("".join(cells.strings(columns[0]))))})

    def encode(self, columns, *, frames=NOTHING):
        number = {letter: at for at, letter in enumerate(self.state["letters"])}
        rows = [[number[letter] for letter in text] for text in cells.strings(columns[0])]
        offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
        return {"letter": Ragged(np.array([x for row in rows for x in row], np.int64), offsets)}

    def batch(self, stored, rows, device="cpu"):
        values, offsets = stored["letter"].values, stored["letter"].offsets
        each = [torch.from_numpy(np.array(values[offsets[row] : offsets[row + 1]])) for row in rows]
        counts = torch.tensor([len(one) for one in each], dtype=torch.int64)
        return trees.Rows({"letter": torch.cat([*each, torch.empty(0, dtype=torch.int64)]).to(device)}, counts.to(device))

    def target_spec(self):
        return len(self.state["letters"])

    def answers(self, outputs):
        best_BT = outputs.log.argmax(2)
        each = []
        for row_T, length in zip(best_BT, outputs.lengths.tolist(), strict=True):
            steps = torch.unique_consecutive(row_T[:length])
            each.append(steps[steps > 0] - 1)
        counts = torch.tensor([len(one) for one in each], dtype=torch.int64)
        return trees.Rows({"letter": torch.cat(each)}, counts)

    def given(self, answers):
        return answers

    def graphed(self, outputs):
        return outputs._asdict()

    def graph_axes(self):
        return {"log": {1: "steps"}}

    def from_graph(self, outputs):
        from types import SimpleNamespace

        return self.answers(SimpleNamespace(**outputs))

    def apart(self, left, right):
        pairs = zip(left.each(), right.each(), strict=True)
        same = [len(a["letter"]) == len(b["letter"]) and bool((a["letter"] == b["letter"]).all()) for a, b in pairs]
        return torch.tensor([0.0 if one else torch.inf for one in same], dtype=torch.float64)

    def restore(self, answers, *, frames=NOTHING):
        letters = self.state["letters"]
        return [{"text": "".join(letters[x] for x in one["letter"].tolist())} for one in answers.each()]

    def known(self, truth, *, frames=NOTHING):
        return self.restore(truth)

    def render(self, columns, row):
        return f"<span>{html.escape(cells.strings(columns[0].take(np.array([row])))[0])}</span>"

    def schema(self):
        return {"type": "string"}

    def sketch(self, columns):
        return {"count": len(columns[0])}
