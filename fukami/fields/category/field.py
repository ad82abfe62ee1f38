"""One label out of several. B batch, M members, K classes, N examples.

Labels are strings whatever the file holds, and one class has one name in all of them: `1`, `1.0` and `"1"` are the class "1",
truth values are "false" and "true", blanks around a name and the width of its letters do not count. What programs write for a
missing value (NA, null, None) is taken for a missing label and told, unless `unlabelled` says otherwise. Classes stand in
numeric order where all are numbers, else in alphabetical order; of two the second is the positive one.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import _, _n
from fukami.core.lazily import torch
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.category.check import check_classes, check_known, check_personal, check_words
from fukami.fields.contract import NOTHING, Arrays, Field, Ragged, Shared
from fukami.fields.frame import Frame
from fukami.fields.gather import gathered
from fukami.fields.labels import UNLABELLED, label_of, labels_of, listed, positions
from fukami.fields.scored import Scored

CARD = FieldCard(
    name="category",
    summary="one label out of several",
    usual_targets=(
        "target", "label", "labels", "class", "y", "category", "sentiment", "ラベル", "分類", "正解", "カテゴリ",
        "カテゴリー", "クラス", "感情", "目的変数",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Category(Scored):
    """One label out of several. `state["classes"]` holds the class names, `state["counts"]` their training examples.

    What validation answers teach is `state["temperature"]`.

    >>> label = Category().learn([Column("y", pa.array(["no", "yes", "no"]))])
    >>> label.state["classes"], label.encode([Column("y", pa.array(["yes"]))])["index"].tolist()
    (['no', 'yes'], [1])
    """

    @dataclass(frozen=True)
    class Options:
        positive: str = option("", "Of two classes, the positive one; empty for the second in order.")
        unlabelled: list = option(list(UNLABELLED), "Words that stand for a missing label; empty where each names a class.")

    kind: ClassVar[str] = "category"
    losses: ClassVar[tuple[str, ...]] = ("cross-entropy", "focal")
    discrete: ClassVar[bool] = True
    calibrates: ClassVar[bool] = True
    activation: ClassVar[str] = "softmax(-1)"
    name: str = "category"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        return [Column("label", pa.array([f"class{k}" for k in hidden]))]

    @classmethod
    def recognise(cls, column: Column) -> float:
        if column.is_array and column.values.size != len(column):
            return 0.0
        values = cells.arrow(column)
        if not (cells.is_text(values) or pa.types.is_integer(values.type) or pa.types.is_boolean(values.type)):
            return 0.1 if cells.is_number(values) else 0.0
        sampled = [label_of(v) for v in cells.arrow(cells.sample(column, 1000)).to_pylist()]
        present = [label for label in sampled if label is not None]
        distinct = len(set(present))
        if not present or distinct > max(2, len(present) // 2) or max(map(len, present)) > 80:
            return 0.1
        return 0.9 if cells.is_text(values) or pa.types.is_boolean(values.type) or distinct <= 20 else 0.5

    def _labels(self, column: Column) -> tuple[np.ndarray, list[str]]:
        """`labels_of` with the words for a missing label; a class that was learned is none of them."""
        return labels_of(column, set(self.options.unlabelled) - set(self.state.get("classes", ())))

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        (column,) = columns
        index, classes = self._labels(column)
        where = cells.place(column)
        missing = np.flatnonzero(index < 0)
        if len(missing) == len(column):
            yield Problem(
                code="F-CATEGORY-MISSING",
                severity="error",
                what=_("no example has a label"),
                where=where,
                fix=_("name the column that holds the labels"),
                count=len(missing),
            )
            return
        if len(missing):
            yield Problem(
                code="F-CATEGORY-MISSING",
                severity="warning",
                what=_n(
                    "{n} example has no label and is left out", "{n} examples have no label and are left out", len(missing)
                ),
                where=cells.places(column, missing),
                fix=_("fill in the labels or delete the rows"),
                count=len(missing),
            )
        if "classes" in self.state:
            yield from check_known(column, index, classes, self.state["classes"])
            return
        yield from check_words(column, self.options.unlabelled)
        yield from check_personal(column)
        counts = np.bincount(index[index >= 0], minlength=len(classes))
        yield from check_classes(column, index, classes, counts)

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        index, classes = self._labels(columns[0])
        if "classes" not in self.state:
            return index >= 0
        known = positions(self.state["classes"])
        return np.array([*(label in known for label in classes), False])[index]

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        index, classes = self._labels(columns[0])
        return cells.hashes([*(c.encode("utf-8", "surrogatepass") for c in classes), b""])[index]

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Takes the class names and their counts. Raises `DataError` where there are fewer than two classes."""
        index, classes = self._labels(columns[0])
        if len(classes) < 2:
            raise DataError(
                "F-CATEGORY-ONE-CLASS",
                _("there is nothing to tell apart: the training examples have fewer than two classes"),
                where=cells.place(columns[0]),
                expected=_("two classes or more"),
                got=listed(classes) or _("no label"),
            )
        counts = np.bincount(index[index >= 0], minlength=len(classes)).tolist()
        if self.options.positive:
            classes, counts = self._positive_last(classes, counts)
        return replace(self, state={"classes": classes, "counts": counts, **kind_of_labels(columns[0])})

    def _positive_last(self, classes: list[str], counts: list[int]) -> tuple[list[str], list[int]]:
        first = positions(classes).get(label_of(self.options.positive) or "")
        if len(classes) != 2 or first is None:
            raise DataError(
                "F-CATEGORY-POSITIVE",
                _("the positive class is not one of two classes"),
                where=self.name,
                expected=listed(classes),
                got=self.options.positive,
            )
        return (classes, counts) if first == 1 else (classes[::-1], counts[::-1])

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`index` int32 (N). Raises `DataError` where a label is missing or was not there in training."""
        index, classes = self._labels(columns[0])
        position = positions(self.state["classes"])
        lookup = np.array([*(position.get(label, -1) for label in classes), -1], dtype=np.int32)
        encoded = lookup[index]
        bad = np.flatnonzero(encoded < 0)
        if len(bad):
            raise DataError(
                "F-CATEGORY-UNKNOWN",
                _n("{n} label is missing or unknown", "{n} labels are missing or unknown", len(bad)),
                where=cells.places(columns[0], bad),
                expected=listed(self.state["classes"]),
                got=listed([label for label in classes if label not in position]) or _("no label"),
            )
        return {"index": encoded}

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
        """`index_B` int64."""
        index = stored["index"]
        assert not isinstance(index, (Ragged, Shared))
        return gathered(index, rows, device).long()

    def guess(self, truth: np.ndarray, count: int) -> np.ndarray:
        frequencies_K = np.bincount(truth, minlength=self.num_outputs) / max(len(truth), 1)
        return np.tile(frequencies_K, (count, 1))

    def ideal(self, truth: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.one_hot(truth, self.num_outputs).float()

    def rarest(self, batch: torch.Tensor) -> torch.Tensor:
        return batch

    # -- towards models and people -----------------------------------------------------------------------------------
    @property
    def num_outputs(self) -> int:
        """How many numbers a head gives: K."""
        return len(self.state["classes"])

    def answers(self, outputs_BMK: torch.Tensor, /) -> torch.Tensor:
        """Probabilities `scores_BK`: the mean over members of their softmax."""
        return outputs_BMK.float().softmax(-1).mean(1)

    def margin(self, outputs_BMK: torch.Tensor, index: int) -> torch.Tensor:
        """Log-odds of class `index`, taken from logarithms: 1 in float32 has none."""
        log_BK = outputs_BMK.float().log_softmax(-1).logsumexp(1) / self.temperature
        own_K = torch.arange(log_BK.shape[1], device=log_BK.device) == index
        return log_BK[:, index] - log_BK.masked_fill(own_K, -torch.inf).logsumexp(-1)

    def _temper(self, scores: torch.Tensor, temperature: float) -> torch.Tensor:
        return (scores.clamp_min(1e-30).log() / temperature).softmax(-1)

    def given(self, answers: torch.Tensor) -> torch.Tensor:
        """The likeliest class of each example."""
        return self.likeliest(answers)

    def taught(self, outputs_BMK: torch.Tensor, taught_B1K: torch.Tensor, temperature: float) -> torch.Tensor:
        """The divergence of softened probabilities, times T² (Hinton et al. 2015)."""
        own_BMK = (outputs_BMK / temperature).log_softmax(-1)
        taught_BMK = (taught_B1K / temperature).log_softmax(-1).expand_as(own_BMK)
        return temperature**2 * (taught_BMK.exp() * (taught_BMK - own_BMK)).sum(-1).mean()

    def restore(self, scores: torch.Tensor, *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """From probabilities `scores_BK` to `{"label", "score", "scores": {label: p}}`."""
        classes = self.state["classes"]
        best = self.likeliest(scores).tolist()
        return [
            {"label": classes[k], "score": row[k], "scores": dict(zip(classes, row, strict=True))}
            for k, row in zip(best, scores.tolist(), strict=True)
        ]

    def native(self, told: dict[str, Any]) -> dict[str, Any]:
        as_given = AS_GIVEN.get(self.state.get("labels", ""))
        if as_given is None:
            return told
        scores = {"scores": {as_given(label): p for label, p in told["scores"].items()}} if "scores" in told else {}
        return told | ({"label": as_given(told["label"])} if "label" in told else {}) | scores

    def known(self, truth: torch.Tensor) -> list[dict[str, Any]]:
        """From class numbers `index_B` to `{"label"}`."""
        return [{"label": self.state["classes"][k]} for k in truth.tolist()]

    def render(self, columns: Sequence[Column], row: int) -> str:
        (value,) = cells.arrow(columns[0].take(np.array([row]))).to_pylist()
        label = label_of(value)
        return f"<span>{html.escape(label)}</span>" if label is not None else "<span>–</span>"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", **({"enum": self.state["classes"]} if "classes" in self.state else {})}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """Counts by class."""
        index, classes = self._labels(columns[0])
        counts = np.bincount(index[index >= 0], minlength=len(classes)).tolist()
        return {"count": len(columns[0]), "missing": int((index < 0).sum()), "classes": dict(zip(classes, counts, strict=True))}

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        return {"kind": "category", "code": ["category"], "classes": self.state["classes"]}

    def facts(self) -> dict[str, Any]:
        if "classes" not in self.state:
            return {}
        return {"num_classes": len(self.state["classes"]), "class_counts": self.state["counts"]}


AS_GIVEN: dict[str, Callable[[str], Any]] = {"integers": int, "truths": "true".__eq__}
"""What labels were in Python → what makes it of a class's name."""


def kind_of_labels(column: Column) -> dict[str, str]:
    """What a category's state says of labels that are no text: whole numbers and truth values come back as what they were.

    >>> kind_of_labels(Column("y", pa.array([1, 2]))), kind_of_labels(Column("y", pa.array(["1", "2"])))
    ({'labels': 'integers'}, {})
    """
    kind = cells.arrow(column).type
    if pa.types.is_integer(kind):
        return {"labels": "integers"}
    return {"labels": "truths"} if pa.types.is_boolean(kind) else {}
