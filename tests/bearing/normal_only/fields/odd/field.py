"""Whether something is odd: yes, no, or not known. N examples, B batch."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from fukami.core.cards import FieldCard
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.contract import NOTHING
from fukami.fields.gather import gathered
from fukami.fields.scored import Scored

CARD = FieldCard(name="odd", summary="whether something is odd", usual_targets=("odd", "fault"))
KNOWN = {"yes": 1.0, "no": 0.0}


@dataclass(frozen=True)
class Odd(Scored):
    """Answers are errors (B), after `settle` in units of what few validation examples reach; truths 1, 0, NaN."""

    @dataclass(frozen=True)
    class Options:
        pass

    kind: ClassVar[str] = "odd"
    losses: ClassVar[tuple[str, ...]] = ()
    settles: ClassVar[bool] = True  # type: ignore[assignment]
    num_outputs: ClassVar[int] = 1  # type: ignore[assignment]
    name: str = "odd"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def specimens(cls, hidden, rng):
        return [Column("odd", pa.array([("no", "no", "yes")[k % 3] if rng.random() < 0.7 else None for k in hidden]))]

    @classmethod
    def recognise(cls, column):
        return 0.9 if not column.is_array and set(cells.strings(cells.sample(column))) <= {*KNOWN, ""} else 0.0

    def check(self, columns):
        return iter(())

    def _values(self, columns):
        return np.array([KNOWN.get(text, np.nan) for text in cells.strings(columns[0])], np.float32)

    def usable(self, columns):
        return np.isfinite(self._values(columns))

    def fingerprint(self, columns):
        return cells.hash_numbers(self._values(columns).astype(np.float64))

    def learn(self, columns, *, seed=0, beside=NOTHING):
        return self

    def encode(self, columns, *, frames=NOTHING):
        return {"odd": self._values(columns)}

    def batch(self, stored, rows, device="cpu"):
        return gathered(stored["odd"], rows, device)

    def answers(self, outputs):
        return outputs.float()

    def settled(self, answers, truth):
        return replace(self, state={"usual": max(float(answers.quantile(0.6)), 1e-9)})

    def margin(self, outputs, index):
        return self.settle(outputs)

    def guess(self, truth, count):
        return np.zeros(count)

    def unsettled(self):
        return replace(self, state={})

    def settle(self, answers):
        return answers / self.state.get("usual", 1.0)

    def given(self, answers):
        return (answers > 1).float()

    def restore(self, answers, *, frames=NOTHING):
        return [{"odd": score > 1, "score": score} for score in answers.tolist()]

    def known(self, truth, *, frames=NOTHING):
        return [{"odd": None if one != one else one > 0} for one in truth.tolist()]

    def render(self, columns, row):
        return f"<span>{columns[0].take(np.array([row])).strings()[0] or '–'}</span>"

    def schema(self):
        return {"enum": [*KNOWN, None]}

    def sketch(self, columns):
        return {"count": len(columns[0]), "known": int(self.usable(columns).sum())}
