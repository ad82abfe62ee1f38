"""Any number of labels out of several, e.g. the tags of a photo. B batch, M members, K classes, N examples.

Cells are lists, or strings such as `"sea;sun|beach"`; an array (N, K) of 0 and 1 is understood too. An empty list means
"none of them" and is an answer like any other; a missing cell is not.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import _, _n
from fukami.core.lazily import F, torch
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.category.check import FEW, check_words, unknown
from fukami.fields.contract import NOTHING, Arrays, Field, Ragged, Shared
from fukami.fields.frame import Frame
from fukami.fields.gather import gathered
from fukami.fields.labels import UNLABELLED, alike, in_order, label_of, listed, positions
from fukami.fields.scored import Scored

CARD = FieldCard(
    name="categories",
    summary="any number of labels out of several",
    usual_targets=(
        "target", "labels", "label", "tags", "classes", "categories", "y", "タグ", "ラベル", "正解",
    ),
)  # fmt: skip


def labels_in(value: Any, separators: str = ";|", unlabelled: Collection[str] = ()) -> list[str] | None:
    """The labels of one raw cell, each once; None where it is missing, as `unlabelled` words are.

    >>> labels_in("a; b|a"), labels_in(["x", 1.0]), labels_in(""), labels_in("nan"), labels_in("NA", unlabelled=["NA"])
    (['a', 'b'], ['x', '1'], [], None, None)
    """
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, str) and value.strip() and (label_of(value) is None or label_of(value) in unlabelled):
        return None
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        text = value.strip()
        value = re.split(f"[{re.escape(separators)}]", text.removeprefix("[").removesuffix("]"))
    elif not isinstance(value, (list, tuple, np.ndarray)):
        value = [value]
    names = (label_of(part.strip().strip("'\"") if isinstance(part, str) else part) for part in value)
    return list(dict.fromkeys(name for name in names if name is not None))


@dataclass(frozen=True)
class Categories(Scored):
    """Any number of labels out of several. `state["classes"]` holds their names, `state["counts"]` their examples.

    What validation answers teach is `state["temperature"]`.

    >>> tags = Categories().learn([Column("tags", pa.array(["sea;sun", "sun", ""]))])
    >>> tags.state["classes"], tags.encode([Column("tags", pa.array(["sun"]))])["truths"].tolist()
    (['sea', 'sun'], [[0, 1]])
    """

    @dataclass(frozen=True)
    class Options:
        separators: str = option(";|", "The signs between the labels of one cell.")
        threshold: float = option(0.5, "Labels with at least this probability are given as the answer.", low=0, high=1)
        unlabelled: list = option(list(UNLABELLED), "Words that stand for a missing label; empty where each names a class.")

    kind: ClassVar[str] = "categories"
    losses: ClassVar[tuple[str, ...]] = ("binary-cross-entropy", "focal-binary")
    discrete: ClassVar[bool] = True
    calibrates: ClassVar[bool] = True
    activation: ClassVar[str] = "sigmoid()"
    name: str = "categories"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """One label or two."""
        return [Column("labels", pa.array([[f"class{k}", f"class{(k + 1) % 4}"][: 1 + k % 2] for k in hidden]))]

    @classmethod
    def recognise(cls, column: Column) -> float:
        if column.is_array:
            return 0.3 if column.values.ndim == 2 and set(np.unique(column.values[:200]).tolist()) <= {0, 1} else 0.0
        values = cells.arrow(cells.sample(column, 1000))
        if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
            return 0.8
        if not cells.is_text(values):
            return 0.0
        split = [labels_in(text) or [] for text in values.to_pylist()]
        several = sum(len(labels) > 1 for labels in split)
        distinct = len({label for labels in split for label in labels})
        return 0.7 if several > 0.1 * len(split) and distinct < sum(map(len, split)) / 2 else 0.0

    def _rows(self, column: Column) -> list[list[str] | None]:
        values = column.values
        if isinstance(values, np.ndarray) and values.ndim == 2:
            names = self.state.get("classes") or [str(k) for k in range(values.shape[1])]
            if len(names) != values.shape[1]:
                raise DataError(
                    "F-CATEGORIES-SHAPE",
                    _("the array has another number of labels than the training"),
                    where=column.name,
                    expected=f"(N, {len(names)})",
                    got=str(values.shape),
                )
            return [None if not np.isfinite(row).all() else [names[k] for k in np.flatnonzero(row > 0.5)] for row in values]
        raw = list(values) if isinstance(values, np.ndarray) else cells.arrow(column).to_pylist()
        unlabelled = set(self.options.unlabelled) - set(self.state.get("classes", ()))
        return [labels_in(value, self.options.separators, unlabelled) for value in raw]

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        (column,) = columns
        rows = self._rows(column)
        missing = [i for i, labels in enumerate(rows) if labels is None]
        counts = _count(rows)
        if missing or not counts:
            yield Problem(
                code="F-CATEGORIES-MISSING",
                severity="error" if not counts else "warning",
                what=_n(
                    "{n} example has no labels given and is left out",
                    "{n} examples have no labels given and are left out",
                    len(missing),
                )
                if counts
                else _("no example has a label"),
                where=cells.places(column, missing) or column.name,
                fix=_("fill in the labels; write an empty list where none applies"),
                count=max(1, len(missing)),
            )
        if "classes" in self.state:
            yield from self._check_known(column, rows)
            return
        if not column.is_array and cells.is_text(cells.arrow(column)):
            yield from check_words(column, self.options.unlabelled)
        always = [label for label, n in counts.items() if n == len(rows) - len(missing)]
        if always and len(always) == len(counts):
            yield Problem(
                code="F-CATEGORIES-CONSTANT",
                severity="error",
                what=_("every example has the same labels, so there is nothing to tell apart"),
                where=cells.place(column),
                got=listed(always),
                count=len(rows),
            )
        few = sorted((label for label, n in counts.items() if n < FEW), key=lambda label: counts[label])
        if few:
            yield Problem(
                code="F-CATEGORY-FEW",
                severity="warning",
                what=_n(
                    "{n} class has fewer than {few} examples", "{n} classes have fewer than {few} examples", len(few), few=FEW
                ),
                where=cells.place(column),
                got=", ".join(f"{label!r} {counts[label]}" for label in few[:8]),
                fix=_("add examples, or start from pretrained weights"),
                count=len(few),
            )
        for group in alike(in_order(list(counts))):
            yield Problem(
                code="F-CATEGORY-ALIKE",
                severity="warning",
                what=_("labels differ only in case, spaces, or in how letters or numbers are written"),
                where=cells.place(column),
                expected=_("one spelling for each class"),
                got=listed(group),
                count=sum(counts[label] for label in group[1:]),
            )

    def _check_known(self, column: Column, rows: Sequence[list[str] | None]) -> Iterator[Problem]:
        known = positions(self.state["classes"])
        strange = {i: odd for i, labels in enumerate(rows) if (odd := [label for label in labels or () if label not in known])}
        if strange:
            names = list(dict.fromkeys(label for odd in strange.values() for label in odd))
            yield unknown(column, np.array(list(strange)), names, self.state["classes"])

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        """Whether labels are given, and all of them were there in training."""
        known = positions(self.state["classes"]).keys() if "classes" in self.state else None
        return np.array(
            [labels is not None and (known is None or known >= set(labels)) for labels in self._rows(columns[0])],
            dtype=bool,
        )

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        rows = self._rows(columns[0])
        return cells.hashes(b"" if r is None else "\x1f".join(["", *sorted(r)]).encode("utf-8", "surrogatepass") for r in rows)

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Takes the class names and their counts. Raises `DataError` where there is no label."""
        rows = self._rows(columns[0])
        counts = _count(rows)
        if not counts:
            raise DataError("F-CATEGORIES-MISSING", _("no example has a label"), where=cells.place(columns[0]))
        classes = in_order(list(counts))
        state = {"classes": classes, "counts": [counts[label] for label in classes], "examples": len(rows)}
        return replace(self, state=state)

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`truths` uint8 (N, K). Raises `DataError` where labels are missing or unknown."""
        rows = self._rows(columns[0])
        position = positions(self.state["classes"])
        truths = np.zeros((len(rows), len(self.state["classes"])), np.uint8)
        for row, labels in enumerate(rows):
            if labels is None or not position.keys() >= set(labels):
                raise DataError(
                    "F-CATEGORY-UNKNOWN",
                    _n("{n} label is missing or unknown", "{n} labels are missing or unknown", 1),
                    where=columns[0].where(row),
                    expected=listed(self.state["classes"]),
                    got=listed([label for label in labels or [] if label not in position]) or _("no label"),
                )
            truths[row, [position[label] for label in labels]] = 1
        return {"truths": truths}

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
        """`truths_BK` float32 of 0 and 1."""
        truths = stored["truths"]
        assert not isinstance(truths, (Ragged, Shared))
        return gathered(truths, rows, device).float()

    def rarest(self, batch: torch.Tensor) -> torch.Tensor:
        counts_K = torch.tensor(self.state["counts"], device=batch.device)
        count_B, rarest_B = torch.where(batch > 0, counts_K, counts_K.max() + 1).min(1)
        return torch.where(count_B <= counts_K.max(), rarest_B, -1)

    # -- towards models and people -----------------------------------------------------------------------------------
    @property
    def num_outputs(self) -> int:
        """How many numbers a head gives: K."""
        return len(self.state["classes"])

    def answers(self, outputs_BMK: torch.Tensor, /) -> torch.Tensor:
        """Probabilities `scores_BK`, each for itself: the mean over members of their sigmoid."""
        return outputs_BMK.float().sigmoid().mean(1)

    def margin(self, outputs_BMK: torch.Tensor, index: int) -> torch.Tensor:
        """Log-odds of label `index`, taken from logarithms: 1 in float32 has none."""
        logits_BM = outputs_BMK[..., index].float()
        return (F.logsigmoid(logits_BM).logsumexp(1) - F.logsigmoid(-logits_BM).logsumexp(1)) / self.temperature

    def _temper(self, scores: torch.Tensor, temperature: float) -> torch.Tensor:
        return (scores.clamp(1e-7, 1 - 1e-7).logit() / temperature).sigmoid()

    def given(self, answers: torch.Tensor) -> torch.Tensor:
        """Labels of at least the threshold, float32 of 0 and 1."""
        return (answers >= self.options.threshold).float()

    def taught(self, outputs_BMK: torch.Tensor, taught_B1K: torch.Tensor, temperature: float) -> torch.Tensor:
        """The cross-entropy of softened probabilities, each label by itself, times T² (Hinton et al. 2015)."""
        taught_BMK = (taught_B1K / temperature).sigmoid().expand_as(outputs_BMK)
        return temperature**2 * F.binary_cross_entropy_with_logits(outputs_BMK / temperature, taught_BMK)

    def restore(self, scores: torch.Tensor, *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """From probabilities `scores_BK` to `{"labels", "scores": {label: p}}`."""
        classes, least = self.state["classes"], self.options.threshold
        return [
            {
                "labels": [label for label, p in zip(classes, row, strict=True) if p >= least],
                "scores": dict(zip(classes, row, strict=True)),
            }
            for row in scores.tolist()
        ]

    def known(self, truth: torch.Tensor) -> list[dict[str, Any]]:
        """From `truths_BK` of 0 and 1 to `{"labels"}`."""
        classes = self.state["classes"]
        return [{"labels": [label for label, holds in zip(classes, row, strict=True) if holds]} for row in truth.tolist()]

    def render(self, columns: Sequence[Column], row: int) -> str:
        (labels,) = self._rows(columns[0].take(np.array([row])))
        return " ".join(f"<span>{html.escape(label)}</span>" for label in labels) if labels else "<span>–</span>"

    def schema(self) -> dict[str, Any]:
        items = {"type": "string", **({"enum": self.state["classes"]} if "classes" in self.state else {})}
        return {"type": "array", "items": items, "uniqueItems": True}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """Counts by class, and how many labels an example has."""
        rows = self._rows(columns[0])
        given = [labels for labels in rows if labels is not None]
        told = {"count": len(rows), "missing": len(rows) - len(given), "classes": _count(rows)}
        return told | {"labels_per_example": sum(map(len, given)) / max(1, len(given))}

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        told = {"classes": self.state["classes"], "threshold": self.options.threshold}
        return {"kind": "categories", "code": ["categories"], **told}

    def facts(self) -> dict[str, Any]:
        if "classes" not in self.state:
            return {}
        return {"num_classes": len(self.state["classes"]), "class_counts": self.state["counts"]}


def _count(rows: Sequence[list[str] | None]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for labels in rows:
        for label in labels or ():
            counts[label] = counts.get(label, 0) + 1
    return counts
