"""The columns of a row: what each one holds, and how its cells become numbers and categories.

Every column is one of

    number    a number
    category  one of a limited set of words
    date      a day or a moment: the days elapsed, and the month, the weekday and the hour as categories
    text      longer strings that hardly repeat: their length and number of words
    vector    a NumPy array with several numbers per row
    ignored   a constant, an identifier, an empty column, lists: nothing can be learned from it

and is described by one JSON object, `told`: its name, kind and way of reading (`how`), its `numbers` (each with its scale and
bin edges) and its `categories` (each with its values). N rows.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.tables import Column
from fukami.fields import parsing, scaling
from fukami.fields.cells import is_number
from fukami.fields.parsing import pc

KINDS = ("number", "category", "date", "text", "vector", "ignored")
ENOUGH = 0.95
"""Share of the non-missing cells that must read as a number or a date for the column to be one."""
IDENTIFIER_ROWS = 50
"""Fewer rows than this say nothing about whether a column numbers them."""
SECONDS_PER_DAY = 86_400
_PARTS = {"month": 12, "weekday": 7, "hour": 24}


class Raw(NamedTuple):
    """Raw features of one column.

    `numbers` (N, C) float64 with NaN for missing; `codes` (N, M) int64, 0 for unknown or missing; `bad` (N) tells the cells
    that hold something which could not be read.
    """

    numbers: np.ndarray
    codes: np.ndarray
    bad: np.ndarray


class Forced(NamedTuple):
    """Columns whose kind the user names."""

    category: Sequence[str] = ()
    number: Sequence[str] = ()
    date: Sequence[str] = ()

    def kind(self, name: str) -> str:
        return next((kind for kind, names in self._asdict().items() if name in names), "")


def kind_of(
    column: Column, *, forced: str = "", max_categories: int, missing: tuple[str, ...] = ()
) -> tuple[str, dict[str, Any]]:
    """The kind of a column and how to read it; for an ignored one `how["why"]` is constant, identifier, empty or nested."""
    if column.is_array and column.values.ndim > 1:
        return "vector", {"size": int(np.prod(column.values.shape[1:]))}
    array = parsing.plain(column.values)
    if not parsing.is_scalar(array):
        return "ignored", {"why": "nested"}
    if array.null_count == len(array):
        return "ignored", {"why": "empty"}
    if not parsing.is_text(array):
        return _kind_of_typed(column.name, array, forced, missing)
    return _kind_of_text(column.name, array, forced, max_categories, missing)


def _kind_of_typed(name: str, array: pa.Array, forced: str, missing: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    if forced == "category" or (pa.types.is_boolean(array.type) and not forced):
        return _unless_constant("category", {}, parsing.strings(array, missing=missing))
    if pa.types.is_date(array.type) or pa.types.is_timestamp(array.type):
        return _unless_constant("date", {"form": ""}, array)
    return _number_kind(name, parsing.numbers(array).values, {"decimal": "."}, forced)


def _kind_of_text(
    name: str, array: pa.Array, forced: str, max_categories: int, missing: tuple[str, ...]
) -> tuple[str, dict[str, Any]]:
    words = parsing.strings(array, missing=missing)
    known = len(words) - words.null_count
    if not known:
        return "ignored", {"why": "empty"}
    if forced == "category":
        return _unless_constant("category", {}, words)
    form = parsing.date_form(array, missing=missing)
    moments = parsing.dates(array, form=form, missing=missing)
    compact = form == "compact" and not forced  # eight digits are a date only where all of them are
    if forced == "date" or 1 - moments.bad.sum() / known >= (1.0 if compact else ENOUGH):
        return _unless_constant("date", {"form": form}, words)
    decimal = parsing.decimal_mark(array)
    parsed = parsing.numbers(array, decimal=decimal, missing=missing)
    if forced == "number" or 1 - parsed.bad.sum() / known >= ENOUGH:
        return _number_kind(name, parsed.values, {"decimal": decimal}, forced)
    distinct = pc.count_distinct(words).as_py()
    if known >= IDENTIFIER_ROWS and distinct > 0.98 * known and not pc.any(pc.match_substring(words, " ")).as_py():
        return "ignored", {"why": "identifier"}
    if distinct > max_categories and distinct > 0.5 * known:
        return "text", {}
    return _unless_constant("category", {}, words)


LARGEST = 1e30
"""Of larger numbers neither float32 nor the square of a deviation is finite; they count as missing."""


def _unless_constant(kind: str, how: dict[str, Any], array: pa.Array) -> tuple[str, dict[str, Any]]:
    constant = array.null_count == 0 and pc.count_distinct(array).as_py() == 1
    return ("ignored", {"why": "constant"}) if constant else (kind, how)


def _number_kind(name: str, values: np.ndarray, how: dict[str, Any], forced: str) -> tuple[str, dict[str, Any]]:
    finite = values[np.isfinite(_finite(values))]
    if not len(finite):
        return "ignored", {"why": "empty"}
    if len(finite) == len(values) and finite.min() == finite.max():
        return "ignored", {"why": "constant"}
    return ("ignored", {"why": "identifier"}) if not forced and numbers_the_rows(name, finite) else ("number", how)


def numbers_the_rows(name: str, values: np.ndarray) -> bool:
    """Whether these values are a row number or a key: whole, all distinct, and nearly without gaps or named so."""
    if len(values) < IDENTIFIER_ROWS or not np.all(values == np.round(values)):
        return False
    if len(np.unique(values)) < len(values):
        return False
    dense = np.ptp(values) + 1 <= 2 * len(values)
    return bool(dense) or parsing.named_like_identifier(name)


def raw(told: dict[str, Any], column: Column, *, missing: tuple[str, ...] = ()) -> Raw:
    """Raw features of a column that `learn` described."""
    how, kind, total = told["how"], told["kind"], len(column)
    none, codes, bad = np.empty((total, 0)), np.empty((total, 0), np.int64), np.zeros(total, bool)
    if kind == "ignored":
        return Raw(none, codes, bad)
    if kind == "vector":
        return Raw(_vector(column, how["size"]), codes, bad)
    array = _single(column)
    if kind == "number":
        parsed = parsing.numbers(array, decimal=how["decimal"], missing=missing)
        return Raw(_finite(parsed.values)[:, None], codes, parsed.bad)
    if kind == "date":
        words = parsing.strings(array, missing=missing) if is_number(array) else array  # 20240229
        moments = parsing.dates(words, form=how["form"] or "ymd", missing=missing)
        return Raw(_elapsed(moments.values)[:, None], _calendar(moments.values, how.get("parts", list(_PARTS))), moments.bad)
    words = parsing.strings(array, missing=missing)
    if kind == "text":
        return Raw(_lengths(words), codes, bad)
    values = told["categories"][0]["values"] if told["categories"] else []
    return Raw(none, _codes(words, values)[:, None], bad)


def _single(column: Column) -> pa.Array:
    """The cells, each of one value."""
    array = None if column.is_array and column.values.ndim > 1 else parsing.plain(column.values)
    if array is None or not parsing.is_scalar(array):
        what = _("one value per example is needed, but each example holds several")
        raise DataError("F-CELL-SHAPE", what, where=column.where(0), got=str(column.take(np.arange(1)).values[0])[:80])
    return array


def _vector(column: Column, size: int) -> np.ndarray:
    try:
        values = np.asarray(column.values if column.is_array else column.values.to_pylist(), np.float64)
    except (ValueError, TypeError):  # words, or lists of several lengths
        values = np.empty(0)
    if values.size != len(column) * size:
        raise DataError(
            "F-ROW-VECTOR",
            _("column {name} has another number of values per row than the training data").format(name=column.name),
            where=column.where(0),
            expected=str(size),
            got=str(values.size // max(1, len(column))),
        )
    return _finite(values.reshape(len(column), size))


def _finite(values: np.ndarray) -> np.ndarray:
    """Numbers that can be computed with: the squares of larger ones than `LARGEST` are infinite."""
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(values) <= LARGEST, values, np.nan)


def _elapsed(moments: np.ndarray) -> np.ndarray:
    days = moments.astype(np.int64) / (SECONDS_PER_DAY * 1e6)
    return np.where(np.isnat(moments), np.nan, days)


def _calendar(moments: np.ndarray, parts: list[str]) -> np.ndarray:
    """Codes of month, weekday (1 is Monday) and hour, from 1; 0 where the date is missing."""
    month = moments.astype("datetime64[M]").astype(np.int64) % 12
    days = moments.astype("datetime64[D]").astype(np.int64)
    hour = moments.astype("datetime64[h]").astype(np.int64) % 24
    known = {"month": month, "weekday": (days + 3) % 7, "hour": hour}
    codes = np.stack([known[part] + 1 for part in parts], axis=1) if parts else np.empty((len(moments), 0), np.int64)
    return np.where(np.isnat(moments)[:, None], 0, codes)


def _lengths(words: pa.Array) -> np.ndarray:
    """Number of characters and of words."""
    characters = pc.utf8_length(words).cast(pa.float64())
    spaces = pc.count_substring_regex(words, r"\s+").cast(pa.float64())
    return np.stack([characters.to_numpy(zero_copy_only=False), 1 + spaces.to_numpy(zero_copy_only=False)], axis=1)


def _codes(words: pa.Array, values: list[str]) -> np.ndarray:
    at = pc.index_in(words, pa.array(values, pa.string()), skip_nulls=True)
    return pc.fill_null(at, -1).to_numpy(zero_copy_only=False).astype(np.int64) + 1


def learn(
    column: Column, options: Any, *, forced: str = "", sample: np.ndarray | None = None, knots: int = 256
) -> dict[str, Any]:
    """The description of one column, from training cells. `sample` are the rows that quantiles are taken from (None: all)."""
    missing = tuple(options.missing)
    kind, how = kind_of(column, forced=forced, max_categories=options.max_categories, missing=missing)
    told: dict[str, Any] = {"name": column.name, "kind": kind, "how": how, "numbers": [], "categories": []}
    if kind == "ignored":
        return told
    if kind == "category":
        words = parsing.strings(parsing.plain(column.values), missing=missing)
        told["categories"] = [_vocabulary(column.name, words, options)]
        return told
    found = raw(told, column, missing=missing)
    for index, name in enumerate(_number_names(column.name, kind, found.numbers.shape[1])):
        values = found.numbers[:, index]
        part = _number(name, values if sample is None else values[sample], options, knots)
        part["missing"] = float(np.isnan(values).mean())
        told["numbers"].append(part)
    if kind == "date":
        used = [part for i, part in enumerate(_PARTS) if len(np.unique(found.codes[:, i])) > 1]
        told["how"] = {**how, "parts": used}
        told["categories"] = [
            {"name": f"{column.name} ({part})", "values": [str(v) for v in _calendar_names(part)], "other": False}
            for part in used
        ]
    return told


def _calendar_names(part: str) -> Sequence[Any]:
    if part == "weekday":
        return ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    return range(1, 13) if part == "month" else range(_PARTS[part])


def _number_names(name: str, kind: str, count: int) -> list[str]:
    if kind == "vector":
        return [f"{name}[{i}]" if name else f"[{i}]" for i in range(count)]
    if kind == "text":
        return [f"{name} (characters)", f"{name} (words)"]
    return [f"{name} (days)" if kind == "date" else name]


def _number(name: str, values: np.ndarray, options: Any, knots: int) -> dict[str, Any]:
    known = values[np.isfinite(_finite(values))]
    return {
        "name": name,
        "scale": scaling.fit(known, transform=options.transform, knots=knots),
        "edges": scaling.bin_edges(known, options.bins) if options.bins and len(known) else [],
        "mean": float(known.mean()) if len(known) else 0.0,
        "deviation": float(known.std()) if len(known) else 0.0,
    }


def _vocabulary(name: str, words: pa.Array, options: Any) -> dict[str, Any]:
    """The commonest values, most frequent first; the rest are told as unknown."""
    counted = words.drop_null().value_counts()
    values, counts = counted.field("values"), counted.field("counts").to_numpy()
    names = values.to_pylist()
    order = sorted(range(len(names)), key=lambda i: (-counts[i], names[i]))
    kept = [i for i in order if counts[i] >= options.min_count or len(order) <= 2][: options.max_categories]
    return {
        "name": name,
        "values": [names[i] for i in kept],
        "counts": [int(counts[i]) for i in kept],
        "missing": words.null_count / max(1, len(words)),
        "other": len(kept) < len(names),
    }


def describe(told: dict[str, Any]) -> dict[str, Any]:
    """What a reader wants to know of a column: kind, missing share, number of values, range, or why it was left out."""
    shown: dict[str, Any] = {"name": told["name"], "kind": told["kind"]}
    if told["kind"] == "ignored":
        return shown | {"why": told["how"]["why"]}
    if told["kind"] == "category":
        part = told["categories"][0]
        return shown | {"missing": part["missing"], "values": len(part["values"]), "most": part["values"][:5]}
    part = told["numbers"][0]
    shown |= {"missing": part["missing"], "mean": part["mean"], "deviation": part["deviation"]}
    return shown | ({"low": part["edges"][0], "high": part["edges"][-1]} if part["edges"] else {})


def schema(told: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema of one cell. The values of a category are examples: an unseen one is allowed, and counts as unknown."""
    kind = told["kind"]
    if kind == "number":
        return {"type": ["number", "null"]}
    if kind == "vector":
        size = told["how"]["size"]
        return {"type": "array", "items": {"type": "number"}, "minItems": size, "maxItems": size}
    if kind == "date":
        moment = "hour" in told["how"]["parts"]
        return {"type": ["string", "null"], "format": "date-time" if moment else "date"}
    if kind == "category":
        return {"type": ["string", "null"], "examples": told["categories"][0]["values"][:50]}
    return {"type": ["string", "null"]}


def sketch(told: dict[str, Any], found: Raw) -> dict[str, Any]:
    """Counts that another sketch of the same column can be compared with; holds no cell."""
    out: dict[str, Any] = {"kind": told["kind"], "rows": len(found.bad)}
    numbers, categories = [], []
    for index, part in enumerate(told["numbers"]):
        values = found.numbers[:, index]
        known = values[np.isfinite(values)]
        edges = _tenths(part)
        counts = np.histogram(np.clip(known, edges[0], edges[-1]), edges)[0] if len(edges) > 1 else np.array([len(known)])
        mean, deviation = (float(known.mean()), float(known.std())) if len(known) else (0.0, 0.0)
        numbers.append(
            {
                "name": part["name"],
                "edges": edges,
                "counts": counts.tolist(),
                "missing": float(np.isnan(values).mean()) if len(values) else 0.0,
                "mean": mean,
                "deviation": deviation,
            }
        )
    for index, part in enumerate(told["categories"]):
        counts = np.bincount(found.codes[:, index], minlength=len(part["values"]) + 1)
        categories.append(
            {"name": part["name"], "values": part["values"], "counts": counts[1:].tolist(), "unknown": int(counts[0])}
        )
    return out | {"numbers": numbers, "categories": categories}


def _tenths(part: dict[str, Any]) -> list[float]:
    """At most eleven of a number's knots, from the least to the greatest."""
    scale = part["scale"]
    known = part["edges"] or scale.get("at") or [scale["centre"] + step * scale["spread"] for step in range(-4, 5)]
    chosen = np.unique(np.linspace(0, len(known) - 1, min(11, len(known))).round().astype(int))
    return [float(known[i]) for i in chosen]
