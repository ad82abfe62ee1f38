"""Whether something is an anomaly: yes, no, or not known. Normal examples are learned from; labels only judge.

An answer is a score. Once it has settled, scores are told in units of the threshold:
above 1 is an anomaly. The threshold is chosen on normal examples that were kept aside, for the share of false alarms that
`false_alarms` asks for (`threshold.py`).

N examples, B batch.
"""

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import torch

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import N_, _
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.anomaly import check
from fukami.fields.anomaly.threshold import settled
from fukami.fields.anomaly.words import alike, normal_of
from fukami.fields.contract import NOTHING, Arrays, Field, Ragged, Shared
from fukami.fields.frame import Frame
from fukami.fields.gather import gathered
from fukami.fields.labels import label_of, labels_of, listed
from fukami.fields.scored import Scored

CARD = FieldCard(
    name="anomaly",
    summary="whether something is an anomaly",
    usual_targets=(
        "anomaly", "is_anomaly", "anomalous", "outlier", "is_outlier", "label", "labels", "class", "target", "defect", "fault",
        "fraud", "is_fraud", "attack", "normal", "is_normal", "異常", "異常フラグ", "不良", "正常", "良否", "ラベル",
    ),
)  # fmt: skip

MOST_LABELS = 200
"""A column of more different values holds no labels."""
_SETTLED = ("threshold", "false_alarms")


@dataclass(frozen=True)
class Anomaly(Scored):
    """Answers are scores (B), not below 0; truths are 1 for an anomaly, 0 for a normal example, NaN where it is not known.

    `state` holds the `normal` labels, and after validation the `threshold` and what is to be expected of it.

    >>> odd = Anomaly().learn([Column("class", pa.array(["good", "scratch", None]))])
    >>> odd.state, odd.restore(torch.tensor([0.5, 1.5]))[1]
    ({'normal': ['good']}, {'anomaly': True, 'anomaly_score': 1.5})
    """

    @dataclass(frozen=True)
    class Options:
        normal: str = option("", "Labels that are normal, divided by commas; empty to know them by words as good, normal, 0.")
        false_alarms: float = option(
            0.05, "Share of normal examples that may be called anomalies; the threshold follows from it.", low=1e-6, high=0.5
        )

    kind: ClassVar[str] = "anomaly"
    losses: ClassVar[tuple[str, ...]] = ()
    discrete: ClassVar[bool] = True
    settles: ClassVar[bool] = True  # type: ignore[assignment]
    num_outputs: ClassVar[int] = 1  # type: ignore[assignment]
    margin_unit: ClassVar[str] = N_("thresholds")
    name: str = "anomaly"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        return [Column("anomaly", pa.array(["yes" if k % 3 == 2 else "no" for k in hidden]))]

    @classmethod
    def recognise(cls, column: Column) -> float:
        """Labels of which one is known to mean normal; less surely any few different values, of which the user says it."""
        if column.is_array and column.values.size != len(column):
            return 0.0
        few = cells.arrow(cells.sample(column, 1000))
        if pa.types.is_nested(few.type) or cells.is_bytes(few):
            return 0.0
        found = {label_of(value) for value in few.to_pylist()} - {None}
        if not found or len(found) > min(MOST_LABELS, max(3, len(few) // 2)):
            return 0.0
        return 0.9 if normal_of(sorted(map(str, found)), column.name, "") else 0.6

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        (column,) = columns
        index, labels = labels_of(column)
        yield from check.problems(column, index, labels, self._normal(labels, column.name), self.options.normal)

    def _normal(self, labels: Sequence[str], name: str) -> list[str]:
        """Which labels are normal: as it has learned, or as words and the user say."""
        known = self.state.get("normal")
        return alike(labels, known) if known else normal_of(labels, name, self.options.normal)

    def values(self, columns: Sequence[Column]) -> np.ndarray:
        """float32 (N): 1 for an anomaly, 0 for a normal example, NaN where there is no label, or nothing says what it means."""
        index, labels = labels_of(columns[0])
        normal = self._normal(labels, columns[0].name)
        known = [np.nan if not normal else float(label not in normal) for label in labels]
        return np.array([*known, np.nan], np.float32)[index]

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        return np.isfinite(self.values(columns))

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        return cells.hash_numbers(self.values(columns).astype(np.float64))

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Takes the labels that mean normal. Raises `DataError` where labels are there and nothing says which are."""
        _index, labels = labels_of(columns[0])
        normal = normal_of(labels, columns[0].name, self.options.normal)
        if labels and not normal:
            raise DataError(
                "F-ANOMALY-NORMAL",
                _("nothing says which of the labels are normal"),
                where=cells.place(columns[0]),
                expected=_("a label such as normal, good or 0, or --set normal=…"),
                got=listed(labels),
            )
        return replace(self, state={"normal": normal} if normal else {})

    def stored_as(self) -> dict[str, Any]:
        return {"normal": self.options.normal, "state": self.unsettled().state}

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`odd` float32 (N), as `values` tells."""
        return {"odd": self.values(columns)}

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
        """`odd_B` float32."""
        odd = stored["odd"]
        assert not isinstance(odd, (Ragged, Shared))
        return gathered(odd, rows, device)

    # -- from outputs to answers -------------------------------------------------------------------------------------
    def ideal(self, truth: torch.Tensor) -> torch.Tensor:
        return 2 * truth

    def guess(self, truth: np.ndarray, count: int) -> np.ndarray:
        return np.zeros(count)

    def answers(self, outputs: torch.Tensor, /) -> torch.Tensor:
        """`scores_B`; outputs with further axes (of members) are averaged."""
        return outputs.float().reshape(len(outputs), -1).mean(1)

    def settled(self, answers: Any, truth: Any) -> Self:
        """A copy with the threshold that these answers to examples kept aside ask for; anomalies among them do not count."""
        kept = np.asarray(torch.as_tensor(answers).cpu())[np.asarray(torch.as_tensor(truth).cpu()) != 1]
        forgotten = self.unsettled()
        if not len(kept):
            return forgotten
        return replace(forgotten, state={**forgotten.state, **settled(kept, self.options.false_alarms)})

    def unsettled(self) -> Self:
        return replace(self, state={name: value for name, value in self.state.items() if name not in _SETTLED})

    def settle(self, answers: torch.Tensor) -> torch.Tensor:
        """Scores in units of the threshold."""
        return answers / self.state.get("threshold", 1.0)

    def margin(self, outputs: torch.Tensor, index: int) -> torch.Tensor:
        return self.settle(self.answers(outputs))

    def given(self, answers: torch.Tensor) -> torch.Tensor:
        return (answers > 1).float()

    def restore(self, answers: torch.Tensor, *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """`{"anomaly", "anomaly_score"}`: the score in units of the threshold, from whose 1 on it is an anomaly."""
        return [{"anomaly": score > 1, "anomaly_score": score} for score in torch.as_tensor(answers).tolist()]

    def known(self, truth: torch.Tensor) -> list[dict[str, Any]]:
        return [{"anomaly": None if odd != odd else odd > 0} for odd in truth.tolist()]

    # -- towards people and programs ---------------------------------------------------------------------------------
    def render(self, columns: Sequence[Column], row: int) -> str:
        (value,) = cells.arrow(columns[0].take(np.array([row]))).to_pylist()
        return f"<span>{html.escape(label_of(value) or '–')}</span>"

    def schema(self) -> dict[str, Any]:
        return {"type": ["boolean", "null"]}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """How many are known, and how many of them are anomalies."""
        values = self.values(columns)
        return {"count": len(values), "known": int(np.isfinite(values).sum()), "anomalies": int((values == 1).sum())}

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        return {"kind": "anomaly", "code": ["anomaly"]}
