"""A row of a table: numbers, categories, dates and missing values in one.

What each column means is found out from the training cells (see `columns`); one that says nothing is left out and told.
Numbers become normal deviates by rank (see `scaling`), missing ones 0 with an indicator beside them; categories become codes, 0
for unknown or missing. N rows, n numbers, M categories.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError, UsageError, nearest
from fukami.core.language import _
from fukami.core.lazily import F, torch
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.seeds import generator
from fukami.core.specs import RowSpec
from fukami.core.tables import Column
from fukami.fields import parsing, personal
from fukami.fields.contract import NOTHING, Arrays, Cells, Field, InputField, Ragged, Shared
from fukami.fields.frame import Frame
from fukami.fields.gather import gathered
from fukami.fields.reading import column as reading
from fukami.fields.row import explain, portable, scaling
from fukami.fields.row.columns.contract import LearnedColumn
from fukami.fields.row.columns.recognise import Asked, Forced, kind_of
from fukami.fields.row.columns.registry import column_class, learned
from fukami.fields.row.given import as_array
from fukami.fields.row.render import rendered
from fukami.fields.row.words import missing_of, taken_for_missing
from fukami.fields.units import Portrait, Units

CARD = FieldCard(
    name="row",
    summary="numbers, categories, dates and missing values of a table's columns",
    columns="many",
    reference="a table of 10 numbers and 3 categories",
    offers=("units", "exchange"),
    explained_by=("shap", "occlusion"),
)

_SAMPLED = 100_000
"""Rows that quantiles are taken from: more change them in the third digit only."""


@dataclass(frozen=True)
class RowOptions:
    """How columns are read."""

    transform: str = option("quantile", "How numbers are scaled before they reach the network.", choices=scaling.TRANSFORMS)
    bins: int = option(48, "Bins of the piecewise-linear embedding of a number; 0 for none.", low=0, high=1000)
    max_categories: int = option(
        200, "Values of a category that are told apart; rarer ones count as unknown.", low=2, high=100_000
    )
    min_count: int = option(2, "Training rows that a category's value needs to be told apart.", low=1)
    category: list = option([], "Columns to be read as categories, whatever they look like.")
    number: list = option([], "Columns to be read as numbers, whatever they look like.")
    date: list = option([], "Columns to be read as dates, whatever they look like.")
    missing: list = option([], "Further words that stand for a missing value.")
    words: list = option([], "Columns in which NA, None, null and the like are values, not missing ones.")
    keep: list = option([], "Columns of personal data that are inputs all the same.")
    decimal: str = option(
        "auto", "The sign before the decimals in text; auto sees it from the data.", choices=("auto", ".", ",")
    )
    date_order: str = option(
        "auto", "The order of month, day and year in dates of digits alone.", choices=("auto", "mdy", "dmy", "ymd")
    )


@dataclass(frozen=True)
class Row(InputField):
    """Columns of a table as one input.

    >>> from fukami.core.tables import Column
    >>> import pyarrow as pa
    >>> age, town = Column("age", pa.array(["31", "?", "18"])), Column("town", pa.array(["Kyoto", "Nara", "Kyoto"]))
    >>> row = Row().learn([age, town])
    >>> [told["kind"] for told in row.describe()]
    ['number', 'category']
    >>> row.encode([age, town])["numbers"].round(2).tolist()  # the age, and whether it is missing
    [[0.6700000166893005, 0.0], [0.0, 1.0], [-0.6700000166893005, 0.0]]
    """

    name: str = "row"
    options: RowOptions = field(default_factory=RowOptions)
    state: dict[str, Any] = field(default_factory=dict)

    kind: ClassVar[str] = "row"
    Spec: ClassVar[type] = RowSpec
    Options: ClassVar[type] = RowOptions
    takes_rows: ClassVar[bool] = True
    draws: ClassVar[int] = explain.DRAWS

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """Two numbers with gaps, a category and a date; the first number and the category tell the class."""
        total = len(hidden)
        first = hidden + rng.normal(0, 0.2, total)
        numbers = [None if rng.random() < 0.05 else f"{v:.4f}" for v in first]
        days = rng.integers(1, 28, total)
        return [
            Column("height", pa.array(numbers)),
            Column("noise", pa.array(rng.normal(size=total))),
            Column("town", pa.array([f"town{int(k) % 3}" if rng.random() < 0.8 else "elsewhere" for k in hidden])),
            Column("day", pa.array([f"2024-03-{d:02d}" for d in days])),
        ]

    @classmethod
    def recognise(cls, column: Column) -> float:
        """Any scalar may be a cell of a row; numbers and dates hardly anything else."""
        if column.is_array and column.values.ndim > 1:
            return 0.9 if column.values.ndim == 2 and column.values.dtype.kind in "fiub" else 0.1
        array = parsing.plain(column.values[:200])
        if not parsing.is_scalar(array):
            return 0.0
        if not parsing.is_text(array):
            return 0.8
        numeric = reading.learned(array, kinds=("number",)).share
        return 0.8 if numeric > reading.ENOUGH else 0.4

    def kind_of(self, column: Column) -> str:
        """The kind of a new column."""
        return self.recognised(column)[0]

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        """Constant, empty and identifier-like columns, missing and infinite values, cells unlike the rest of their column.

        A row that has learned looks at what its training did not know instead (`unfamiliar`).
        """
        if self.state:
            yield from self.unfamiliar(columns)
            return
        self._require_known_names(columns)
        for column in columns:
            kind, how, forced = self.recognised(column)
            missing = missing_of(self.options, column.name)
            yield from column_class(kind).examine(column, how, forced=forced, missing=missing)
            if kind == "category":
                yield from taken_for_missing(column, missing)

    def unfamiliar(self, columns: Sequence[Column]) -> Iterator[Problem]:
        """Values of categories that the training did not have, and cells that cannot be read as it read them: counted, told."""
        for known, column in self._matched(columns):
            yield from known.unfamiliar(column)

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        """Equal where all cells are equal; the order of the columns does not matter."""
        from fukami.fields.row.hashing import column_hash

        total = np.zeros(len(columns[0]), np.uint64)
        for column in columns:
            total += column_hash(column)
        return total

    def gather(self, values: Sequence[Any]) -> list[Column]:
        """Mappings of column names to cells, such as JSON objects, or lists of cells in the order of the learned columns."""
        if values and all(isinstance(value, (np.ndarray, list, tuple)) for value in values):
            return self._in_order(values)
        for value in values:
            if not isinstance(value, dict) or not value:
                raise DataError(
                    "F-ROW-INPUT",
                    _("an input is no row of a table"),
                    expected=_("a table's path, or an object such as {example}").format(example='{"age": 31}'),
                    got=str(value)[:80],
                )
        names = list(dict.fromkeys(name for value in values for name in value))
        return [Column(str(name), as_array([value.get(name) for value in values])) for name in names]

    def _in_order(self, values: Sequence[Any]) -> list[Column]:
        told = self._learned() if self.state else []
        if not told or (len(told) == 1 and told[0].several):
            name = told[0].name if told else self.name
            return [Column(name, np.stack([np.asarray(value) for value in values]))]
        if any(len(value) != len(told) for value in values):
            raise DataError(
                "F-ROW-INPUT",
                _("an input has another number of cells than the table that was learned from"),
                expected=", ".join(one.name for one in told[:40]),
                got=str(list(values[0]))[:80],
            )
        return [Column(one.name, as_array([value[i] for value in values])) for i, one in enumerate(told)]

    def several(self, value: Any) -> list[Any] | None:
        """An array `(N, D)` holds N rows."""
        return list(value) if isinstance(value, np.ndarray) and value.ndim == 2 else None

    def example(self) -> str:
        return "table.csv"

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Row:
        """Kinds of the columns, scales and bin edges of numbers, vocabularies of categories."""
        if not columns:
            raise DataError("F-ROW-COLUMNS", _("there is no column to learn from"), expected=_("at least one column"))
        self._require_known_names(columns)
        total, sample = len(columns[0]), None
        if total > _SAMPLED:
            sample = np.sort(generator(seed, "row", "sample").choice(total, _SAMPLED, replace=False))
        width = sum(int(np.prod(c.values.shape[1:])) if c.is_array else 1 for c in columns)
        knots = int(np.clip(25_600 // width, 16, 256))  # keeps the run's JSON small where there are hundreds of columns
        kinds = [self.recognised(column) for column in columns]
        told = [
            column_class(kind).learn(column, how, self.options, sample=sample, knots=knots).told
            for column, (kind, how, _forced) in zip(columns, kinds, strict=True)
        ]
        if not any(column_class(kind).used for kind, _how, _forced in kinds):
            raise DataError(
                "F-ROW-NOTHING",
                _("no column of the table can be learned from"),
                where=", ".join(one["name"] for one in told[:20]),
                expected=_("a column of numbers, categories or dates that is neither constant nor an identifier"),
                got=", ".join(sorted({one["how"]["why"] for one in told})),
            )
        return replace(self, state={"columns": told})

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`numbers` float32 (N, n) and `categories` int32 (N, M). Raises `DataError` where a learned column is not there."""
        total = len(columns[0]) if columns else 0
        raw, codes = self._raw_matrix(columns)
        scaled = [scaling.apply(part["scale"], raw[:, i]) for i, part in enumerate(self._number_parts())]
        indicated = [np.isnan(raw[:, i]).astype(np.float32) for i in self._indicated()]
        stacked = np.nan_to_num(np.stack(scaled + indicated, axis=1)) if scaled else np.empty((total, 0), np.float32)
        return {"numbers": stacked.astype(np.float32), "categories": codes.astype(np.int32)}

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> Cells:
        """`Cells(numbers_BN, categories_BM)` of examples `rows`."""
        numbers, categories = stored["numbers"], stored["categories"]
        assert not isinstance(numbers, (Ragged, Shared)) and not isinstance(categories, (Ragged, Shared))
        return Cells(gathered(numbers, rows, device), gathered(categories, rows, device).long())

    # -- towards models and people -----------------------------------------------------------------------------------
    @classmethod
    def blank(
        cls, spec: RowSpec, count: int, *, rng: torch.Generator | None = None, device: torch.device | str = "cpu"
    ) -> Cells:
        categories = torch.zeros(count, len(spec.cardinalities), dtype=torch.int64)
        if rng is None:
            return Cells(torch.zeros(count, spec.num_numbers, device=device), categories.to(device))
        for column, values in enumerate(spec.cardinalities):
            categories[:, column] = torch.randint(0, values, (count,), generator=rng)
        return Cells(torch.randn(count, spec.num_numbers, generator=rng).to(device), categories.to(device))

    @classmethod
    def arguments(cls, batch: Cells, spec: RowSpec, count: int) -> tuple[torch.Tensor, ...]:
        """Numbers and categories, or one matrix of the numbers and each category one-hot."""
        if count >= 2:
            return tuple(batch)
        codes = [F.one_hot(c, n).float() for c, n in zip(batch.categories.T, spec.cardinalities, strict=True)]
        return (torch.cat([batch.numbers, *codes], dim=1),)

    @classmethod
    def call(cls, spec: RowSpec) -> str:
        return f"forward(x) with x (B, {spec.num_numbers + sum(spec.cardinalities)}), or forward(numbers, categories)"

    def spec(self) -> RowSpec:
        """Counts of numbers and categories, and the bin edges in the unit of the scaled numbers."""
        edges = [self._scaled_edges(part) for part in self._number_parts()] + [(0.0, 1.0) for _i in self._indicated()]
        return RowSpec(
            num_numbers=len(edges),
            cardinalities=tuple(len(part["values"]) + 1 for part in self._category_parts()),
            edges=tuple(edges) if self.options.bins else (),
            missing=tuple(self._indicated()),
        )

    def plain_features(self, columns: Sequence[Column]) -> np.ndarray:
        """float32 (N, D) for a linear model: standardised numbers within ±5, missing indicators, one-hot categories."""
        raw, codes = self._raw_matrix(columns)
        parts = self._number_parts()
        means, deviations = (np.array([part[key] for part in parts]) for key in ("mean", "deviation"))
        standard = (raw - means) / np.where(deviations > 0, deviations, 1.0) if parts else raw
        blocks = [np.clip(np.nan_to_num(standard), -5, 5), np.isnan(raw[:, self._indicated()])]
        for index, size in enumerate(self.spec().cardinalities):
            blocks.append(np.eye(size, dtype=np.float32)[codes[:, index]])
        return np.concatenate(blocks, axis=1, dtype=np.float32, casting="unsafe")

    def boosting_features(self, columns: Sequence[Column]) -> tuple[np.ndarray, np.ndarray]:
        """What boosted trees take: raw numbers and codes as float64 (N, D) with NaN for missing, and a mask of the categories.

        A category of more than 254 values is left unmasked: scikit-learn's boosting accepts no more, and cuts it like a number.
        """
        raw, codes = self._raw_matrix(columns)
        mask = [False] * raw.shape[1] + [size <= 255 for size in self.spec().cardinalities]
        return np.concatenate([raw, np.where(codes > 0, codes - 1.0, np.nan)], axis=1), np.array(mask, bool)

    def restore_names(self) -> tuple[list[str], list[str]]:
        """Names of the n numbers and of the M categories, in the order in which models see them."""
        numbers = [part["name"] for part in self._number_parts()]
        indicators = [_("{name} is missing").format(name=numbers[i]) for i in self._indicated()]
        return numbers + indicators, [part["name"] for part in self._category_parts()]

    def describe(self) -> list[dict[str, Any]]:
        """One object per learned column: its name, kind, share of missing cells, and what else a reader wants to know."""
        return [column.describe() for column in self._learned()]

    def render(self, columns: Sequence[Column], row: int) -> str:
        """A small table of names and values; those of personal columns are hidden."""
        return rendered(columns, row, self.state)

    def schema(self) -> dict[str, Any]:
        """A JSON object with one property per column; all are required, and may be null where the value is not known."""
        properties = {column.name: column.schema() for column in self._used()}
        return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": True}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """Per column: a histogram between learned edges or counts of learned values, and the share of missing cells."""
        return {known.name: known.sketch(column) for known, column in self._matched(columns)}

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        return portable.portable(self.name, self._used(), self.options.missing)

    def probes(self, folder: Path) -> list[Any]:
        return portable.odd_rows(self._used())

    def as_inputs(self, columns: Sequence[Column], rows: np.ndarray, folder: Path) -> list[dict[str, Any]]:
        return portable.as_mappings(columns, rows, [column.name for column in self._used()])

    def facts(self) -> dict[str, Any]:
        spec = self.spec()
        return {
            "num_columns": len(self._used()),
            "num_numbers": spec.num_numbers,
            "num_categories": len(spec.cardinalities),
        }

    # -- explaining an answer ----------------------------------------------------------------------------------------
    def units(self, batch: Cells, columns: Sequence[Column]) -> Units:
        """Columns, or the single numbers of a vector."""
        return explain.units_of(self._learned(), columns)

    def filling(self, batch: Cells, *, seed: int = 0) -> Cells:
        """Rows drawn from what each column held in training, each column for itself."""
        return explain.fillings(self._learned(), seed=seed)

    def without(self, batch: Cells, units: Units, gone_PU: np.ndarray, filling: Any = None, draw: int = 0) -> Cells:
        return explain.without(batch, units, gone_PU, self.filling(batch) if filling is None else filling, draw)

    def exchanged(self, batch: Cells, units: Units, unit: int, rows_N: torch.Tensor) -> Cells:
        return explain.exchanged(batch, units.of == unit, rows_N)

    def usual(self, batch: Cells, units: Units, unit: int) -> tuple[list[int], np.ndarray]:
        """The middle of each tenth of a number, from the least to the greatest; the commonest of a category."""
        return explain.usual(batch, units.of == unit)

    def portrait(self, batch: Cells, units: Units, weights_U: np.ndarray, detail: np.ndarray | None = None) -> Portrait:
        return explain.portrait(units, weights_U)

    # -- inside ------------------------------------------------------------------------------------------------------
    def _learned(self) -> list[LearnedColumn]:
        if not self.state:
            raise RuntimeError("this row has learned nothing yet; call learn first")
        return [learned(told, missing_of(self.options, told["name"])) for told in self.state["columns"]]

    def _used(self) -> list[LearnedColumn]:
        return [column for column in self._learned() if column.used]

    def _number_parts(self) -> list[dict[str, Any]]:
        return [part for column in self._learned() for part in column.numbers]

    def _category_parts(self) -> list[dict[str, Any]]:
        return [part for column in self._learned() for part in column.categories]

    def _indicated(self) -> list[int]:
        """Positions of the numbers that were missing in some training row."""
        return [i for i, part in enumerate(self._number_parts()) if part["missing"] > 0]

    def _scaled_edges(self, part: dict[str, Any]) -> tuple[float, ...]:
        scaled = scaling.apply(part["scale"], np.array(part["edges"], np.float64)).astype(np.float64)
        kept = scaled[np.append(True, np.diff(np.maximum.accumulate(scaled)) > 1e-5)] if len(scaled) else scaled
        return tuple(kept.tolist())

    def _forced(self) -> Forced:
        return Forced(self.options.category, self.options.number, self.options.date)

    def recognised(self, column: Column) -> tuple[str, dict[str, Any], bool]:
        """The kind of a new column, how it is read, and whether the user named the kind.

        Personal data is left out, or kept as hashes where it is asked for.
        """
        kind, how, forced = self._kind_of(column)
        found = personal.kind_of(column) if kind not in ("vector", "ignored") or how.get("why") == "identifier" else ""
        if not found or (forced and kind != "category"):
            return kind, how, forced
        asked = forced or column.name in self.options.keep
        return (
            ("personal", {"personal": found}, forced) if asked else ("ignored", {"why": "personal", "personal": found}, forced)
        )

    def asked(self, name: str) -> Asked:
        """What is said of how a column is to be looked at."""
        said = self.options
        return Asked(self._forced().kind(name), said.max_categories, missing_of(said, name), said.decimal, said.date_order)

    def _kind_of(self, column: Column) -> tuple[str, dict[str, Any], bool]:
        asked = self.asked(column.name)
        return *kind_of(column, asked), bool(asked.forced)

    def _require_known_names(self, columns: Sequence[Column]) -> None:
        names = [column.name for column in columns]
        for kind, named in self._forced()._asdict().items():
            for name in named:
                if name not in names:
                    close = nearest(name, names)
                    raise UsageError(
                        "F-ROW-COLUMN",
                        _("there is no column called {name}").format(name=name),
                        where=f"--set {kind}={name}",
                        expected=_("one of {names}").format(names=", ".join(names[:40])),
                        got=name,
                        fix=_("did you mean {names}?").format(names=", ".join(close)) if close else "",
                    )

    def _matched(self, columns: Sequence[Column]) -> list[tuple[LearnedColumn, Column]]:
        """Each learned column with the given one of its name. Raises `DataError` where one is not there: whoever meant "not
        known" leaves its cells empty."""
        given = {column.name: column for column in columns}
        loosely = {column.name.strip().lower(): column for column in columns}
        used = self._used()
        found = [(known, given.get(known.name) or loosely.get(known.name.strip().lower())) for known in used]
        absent = [known.name for known, column in found if column is None]
        if absent:
            raise DataError(
                "F-ROW-NO-COLUMN",
                _("{n} of the {total} columns that were learned from are not there").format(n=len(absent), total=len(used)),
                where=columns[0].file if columns else "",
                expected=_named(absent),
                got=_named([column.name for column in columns]) or _("nothing"),
                fix=_("add the columns {names}; cells may be empty (null in JSON) where a value is not known").format(
                    names=_named(absent)
                ),
            )
        return [(known, column) for known, column in found if column is not None]

    def _raw_matrix(self, columns: Sequence[Column]) -> tuple[np.ndarray, np.ndarray]:
        """Raw numbers float64 (N, n without indicators), NaN where missing, and codes int64 (N, M)."""
        found = [known.raw(column) for known, column in self._matched(columns)]
        return np.concatenate([f.numbers for f in found], axis=1), np.concatenate([f.codes for f in found], axis=1)


def _named(names: list[str], most: int = 40) -> str:
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")
