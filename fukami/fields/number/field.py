"""One number, e.g. a price. B batch, M members, N examples.

Models learn it in deviations from the training mean (`to_unit`); answers come back in the target's own unit (`from_unit`).
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import N_, _, _n
from fukami.core.lazily import torch
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.contract import NOTHING, Arrays, Field, Ragged, Shared
from fukami.fields.frame import Frame
from fukami.fields.gather import gathered
from fukami.fields.reading import column as reading
from fukami.fields.reading.doubts import doubtful_mark
from fukami.fields.reading.numbers import of_old
from fukami.fields.scored import Scored

CARD = FieldCard(
    name="number",
    summary="one number",
    usual_targets=(
        "target", "y", "label", "value", "score", "目的変数", "正解", "値",
    ),
)  # fmt: skip

LARGEST = 1e30
"""Numbers beyond it are refused: their squares leave the range of the models' arithmetic."""
STRATA = 10
FAR = 20
"""A value this many times the spread of the middle half away from the median is worth a note."""


@dataclass(frozen=True)
class Number(Scored):
    """One number. `state` holds the training cells' `mean` and `std`.

    >>> price = Number().learn([Column("y", pa.array(["1,000", "3,000", None]))])
    >>> price.state["mean"], price.restore(price.from_unit(torch.tensor([1.0])))
    (2000.0, [{'value': 3000.0}])
    """

    @dataclass(frozen=True)
    class Options:
        decimal: str = option(
            "auto", "The sign before the decimals in text; auto sees it from the data.", choices=("auto", ".", ",")
        )

    kind: ClassVar[str] = "number"
    losses: ClassVar[tuple[str, ...]] = ("mse", "mae", "huber")
    margin_unit: ClassVar[str] = N_("deviations")
    name: str = "number"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        return [Column("value", pa.array(hidden * 10.0 + rng.normal(0, 0.5, len(hidden))))]

    @classmethod
    def recognise(cls, column: Column) -> float:
        if column.is_array and column.values.size != len(column):
            return 0.0
        values = cells.arrow(cells.sample(column, 1000))
        if cells.is_number(values):
            return 0.8 if len(set(values.to_pylist())) > 20 else 0.6
        parsed, bad = reading.numbers(values)
        return 0.0 if bad.any() or np.isnan(parsed).all() else 0.7

    def _values(self, column: Column) -> tuple[np.ndarray, np.ndarray]:
        """float64 (N), and a mask (N) of what is written there but cannot be used."""
        array = cells.arrow(column)
        values, bad = reading.numbers(array, self._reading(column, array))
        with np.errstate(invalid="ignore"):
            return values, bad | np.isinf(values) | (np.abs(values) > LARGEST)

    def _reading(self, column: Column, array: pa.Array) -> dict[str, Any]:
        """How the column writes numbers: as it was learned, or as these cells suggest."""
        if "reading" in self.state:
            return self.state["reading"]
        if "decimal" in self.state:  # of earlier days
            return of_old(self.state["decimal"])
        if not cells.is_text(array):
            return reading.PLAIN
        said = {"told": column.told.get("decimal", ""), "decimal": self.options.decimal}
        return reading.learned(array, kinds=("number",), forced=True, **said).how or reading.PLAIN

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        (column,) = columns
        values, bad = self._values(column)
        usable = np.isfinite(values) & ~bad
        yield from self._check_unusable(column, bad, usable)
        yield from doubtful_mark(column, self._reading(column, cells.arrow(column)))
        found = values[usable]
        if len(found) == 0:
            return
        if found.min() == found.max():
            yield Problem(
                code="F-NUMBER-CONSTANT",
                severity="error",
                what=_("every example has the same number, so there is nothing to learn"),
                where=cells.place(column),
                expected=_("numbers that differ"),
                got=f"{found[0]:g}",
                count=len(found),
            )
            return
        low, middle, high = np.percentile(found, [25, 50, 75])
        far = (
            np.flatnonzero(usable & (np.abs(np.where(usable, values, middle) - middle) > FAR * (high - low)))
            if high > low
            else []
        )
        if len(far):
            yield Problem(
                code="F-NUMBER-FAR",
                severity="note",
                what=_n("{n} number is very far from the others", "{n} numbers are very far from the others", len(far)),
                where=cells.places(column, far),
                expected=_("mostly between {low} and {high}").format(low=f"{low:g}", high=f"{high:g}"),
                got=", ".join(f"{values[i]:g}" for i in far[:3]),
                fix=_("correct them if they are mistakes; loss=huber makes them count less"),
                count=len(far),
            )

    def _check_unusable(self, column: Column, bad: np.ndarray, usable: np.ndarray) -> Iterator[Problem]:
        if not usable.any():
            yield Problem(
                code="F-NUMBER-MISSING",
                severity="error",
                what=_("no example has a number"),
                where=cells.place(column),
                got=", ".join(repr(text) for text in cells.strings(cells.sample(column, 3))),
                fix=_("name the column that holds the numbers"),
                count=len(column),
            )
            return
        missing, wrong = np.flatnonzero(~usable & ~bad), np.flatnonzero(bad)
        if len(missing):
            yield Problem(
                code="F-NUMBER-MISSING",
                severity="warning",
                what=_n(
                    "{n} example has no number and is left out", "{n} examples have no number and are left out", len(missing)
                ),
                where=cells.places(column, missing),
                fix=_("fill in the numbers or delete the rows"),
                count=len(missing),
            )
        if len(wrong):
            yield Problem(
                code="F-NUMBER-UNREADABLE",
                severity="warning",
                what=_n(
                    "{n} example has something else than a finite number and is left out",
                    "{n} examples have something else than a finite number and are left out",
                    len(wrong),
                ),
                where=cells.places(column, wrong),
                expected=_("a number such as 1234.5"),
                got=", ".join(repr(text[:40]) for text in cells.strings(column.take(wrong[:3]))),
                fix=_("correct these cells"),
                count=len(wrong),
            )

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        values, bad = self._values(columns[0])
        return np.isfinite(values) & ~bad

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        return cells.hash_numbers(self._values(columns[0])[0])

    def strata(self, columns: Sequence[Column]) -> np.ndarray:
        """Tenths of the range, each with about as many examples."""
        values = self._values(columns[0])[0]
        edges = np.nanquantile(values, np.linspace(0, 1, STRATA + 1)[1:-1]) if len(values) else np.empty(0)
        return np.searchsorted(np.unique(edges), np.nan_to_num(values), "right").astype(np.int64)

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Takes mean and deviation of the usable cells. Raises `DataError` where there are none, or all are the same."""
        values, bad = self._values(columns[0])
        found = values[np.isfinite(values) & ~bad]
        if len(found) == 0 or found.min() == found.max():
            raise DataError(
                "F-NUMBER-CONSTANT",
                _("there is nothing to learn: the training examples do not have two different numbers"),
                where=cells.place(columns[0]),
                expected=_("numbers that differ"),
                got=f"{found[0]:g}" if len(found) else _("no number"),
            )
        learned = {"reading": self._reading(columns[0], cells.arrow(columns[0]))}
        return replace(self, state={"mean": float(found.mean()), "std": float(max(found.std(), 1e-30)), **learned})

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`value` float64 (N), in the target's unit. Raises `DataError` where a cell is not a finite number."""
        values, bad = self._values(columns[0])
        wrong = np.flatnonzero(bad | ~np.isfinite(values))
        if len(wrong):
            raise DataError(
                "F-NUMBER-UNREADABLE",
                _n("{n} cell is not a finite number", "{n} cells are not finite numbers", len(wrong)),
                where=cells.places(columns[0], wrong),
                expected=_("a number such as 1234.5"),
                got=", ".join(repr(text[:40]) for text in cells.strings(columns[0].take(wrong[:3]))),
            )
        return {"value": values}

    def numbers(self, columns: Sequence[Column]) -> np.ndarray:
        """Values in the target's unit, float64 (N,)."""
        values = self.encode(columns)["value"]
        assert isinstance(values, np.ndarray)
        return values

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
        """`values_B` float32, in deviations from the mean."""
        values = stored["value"]
        assert not isinstance(values, (Ragged, Shared))
        return self.to_unit(gathered(values, rows, device)).float()

    # -- towards models and people -----------------------------------------------------------------------------------
    @property
    def num_outputs(self) -> int:
        """One: the value in deviations."""
        return 1

    def to_unit(self, values: torch.Tensor) -> torch.Tensor:
        """From the target's unit to deviations from the mean."""
        return (_wide(values) - self.state["mean"]) / self.state["std"]

    def from_unit(self, values: torch.Tensor) -> torch.Tensor:
        """From deviations from the mean to the target's unit, in float64 where the device has it."""
        return _wide(values) * self.state["std"] + self.state["mean"]

    def answers(self, outputs_BMK: torch.Tensor, /) -> torch.Tensor:
        """`scores_B` in the target's unit: the mean over members."""
        return self.from_unit(outputs_BMK[..., 0]).mean(1)

    def truth(self, batch: torch.Tensor) -> torch.Tensor:
        """The target as metrics take it: values in the target's unit (B,)."""
        return self.from_unit(batch)

    def given(self, answers: torch.Tensor) -> torch.Tensor:
        """Values in deviations from the mean, float32."""
        return self.to_unit(answers).float()

    def comparable(self, scores: torch.Tensor) -> torch.Tensor:
        """Values in deviations from the mean."""
        return self.to_unit(scores)

    @property
    def margin_scale(self) -> float:
        """One deviation."""
        return self.state["std"]

    def margin(self, outputs_BMK: torch.Tensor, index: int) -> torch.Tensor:
        """The value in deviations from the mean."""
        return outputs_BMK[..., 0].float().mean(1)

    def restore(self, scores: torch.Tensor, *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """From values `scores_B` in the target's unit to `{"value"}`."""
        return [{"value": value} for value in scores.reshape(-1).tolist()]

    def known(self, truth: torch.Tensor) -> list[dict[str, Any]]:
        """From values in the target's unit to `{"value"}`."""
        return self.restore(truth)

    def render(self, columns: Sequence[Column], row: int) -> str:
        (text,) = cells.strings(columns[0].take(np.array([row])))
        return f"<span>{html.escape(text[:40]) or '–'}</span>"

    def schema(self) -> dict[str, Any]:
        return {"type": "number"}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """Moments and 101 quantiles."""
        values, bad = self._values(columns[0])
        found = values[np.isfinite(values) & ~bad]
        told: dict[str, Any] = {"count": len(values), "missing": len(values) - len(found)}
        if len(found):
            quantiles = np.quantile(found, np.linspace(0, 1, 101)).tolist()
            told |= {"mean": float(found.mean()), "std": float(found.std()), "quantiles": quantiles}
        return told

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        return {"kind": "number", "code": ["number"]}

    def facts(self) -> dict[str, Any]:
        return {name: self.state[name] for name in ("mean", "std") if name in self.state}


def _wide(values: torch.Tensor) -> torch.Tensor:
    return values.to(torch.float32 if values.device.type == "mps" else torch.float64)
