"""Who chose what, and when, from the columns of a table: `user`, `item`, `rating` and `time`, or a list of items for each user.

T choices, in the order of the table.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as _compute

from fukami.core.errors import DataError, UsageError, quoted
from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells, parsing
from fukami.fields.reading.column import learned, numbers_for_sure
from fukami.fields.reading.column import moments as read_moments

pc: Any = _compute  # its functions are made when it is imported, so checkers cannot see them
NAMES = {
    "user": ("user", "user_id", "userid", "uid", "customer", "customer_id", "reviewerid", "member", "visitorid", "session_id",
             "利用者", "ユーザー", "顧客"),
    "item": ("item", "item_id", "itemid", "iid", "movie", "movie_id", "movieid", "product", "product_id", "productid", "asin",
             "parent_asin", "book_id", "isbn", "artistid", "track_id", "商品", "品目", "アイテム"),
    "rating": ("rating", "ratings", "stars", "score", "overall", "value", "weight", "評価"),
    "time": ("time", "timestamp", "date", "datetime", "ts", "unixreviewtime", "日時", "時刻"),
    "items": ("items", "history", "sequence", "item_id_list", "履歴"),
}  # fmt: skip
"""What people call each of the columns."""


@dataclass(frozen=True)
class Choices:
    """T choices. `user` and `item` number the names of `users` and `items` from 0; `row` is the row that each stands in; `when`
    orders them; `rating` is NaN where there is none."""

    user: np.ndarray
    item: np.ndarray
    when: np.ndarray
    rating: np.ndarray
    row: np.ndarray
    users: pa.Array
    items: pa.Array
    roles: dict[str, str] = field(default_factory=dict)
    told: tuple[Problem, ...] = ()

    def take(self, rows: np.ndarray) -> "Choices":
        cut = {name: getattr(self, name)[rows] for name in ("user", "item", "when", "rating", "row")}
        return replace(self, **cut)

    @property
    def timed(self) -> bool:
        """Whether a column says when."""
        return "time" in self.roles


def choices_of(columns: Sequence[Column], named: dict[str, str]) -> Choices:
    """The choices of a table. `named` says which column is which, where the user did.

    Raises `UsageError` or `DataError` where no column is user or item, or a time cannot be read.
    """
    roles, told = roles_of(columns, named)
    by_name = {column.name: column for column in columns}
    user = by_name[roles["user"]]
    rows = np.arange(len(user))
    if "items" in roles:
        lists = _lists(by_name[roles["items"]])
        counts = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
        rows, flat = np.repeat(rows, counts), lists.flatten()
    else:
        flat = _texts(by_name[roles["item"]])
    users = _texts(user).take(pa.array(rows))
    rating, doubtful = _ratings(by_name.get(roles.get("rating", "")), rows)
    when = moments(by_name[roles["time"]]) if "time" in roles else np.arange(len(user), dtype=np.float64)
    known = (pc.is_valid(users).to_numpy(zero_copy_only=False)) & (pc.is_valid(flat).to_numpy(zero_copy_only=False))
    told = [*told, *doubtful, *_missing(known, rows, user)]
    kept = np.flatnonzero(known)
    users, flat = users.take(pa.array(kept)).dictionary_encode(), flat.take(pa.array(kept)).dictionary_encode()
    found = Choices(
        users.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        flat.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        when[rows[kept]],
        rating[kept],
        rows[kept],
        users.dictionary,
        flat.dictionary,
        roles,
        tuple(told),
    )
    if not len(found.user):
        raise DataError("F-RECOMMEND-EMPTY", _("nobody chose anything: the table holds no user with an item"), where=user.file)
    return _once(found, user)


def roles_of(columns: Sequence[Column], named: dict[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """Which column is the user, the item (or the list of items), the rating, the time; told where it was by their order."""
    names = [column.name for column in columns]
    roles = {role: name for role, name in named.items() if name in names}
    for role, name in named.items():
        if name and name not in names:
            raise UsageError(
                "F-COLUMN-NAME",
                _("there is no column called {name}").format(name=name),
                where=columns[0].file if columns else "",
                expected=_("one of {names}").format(names=", ".join(names[:30])),
                got=name,
                fix=f"--set {role}=COLUMN",
            )
    for role, usual in NAMES.items():
        fits = [name for name in names if _plain(name) in usual and name not in roles.values()]
        if role not in roles and len(fits) == 1:
            roles[role] = fits[0]
        elif role not in roles and len(fits) > 1 and role in ("user", "item"):
            raise UsageError(
                "F-RECOMMEND-COLUMNS",
                _("more than one column could be the {name}").format(name=role),
                where=columns[0].file,
                got=", ".join(fits),
                fix=_(" or ").join(f"--set {role}={quoted(name)}" for name in fits),
            )
    if "items" in roles and "item" in roles:
        del roles["items"]
    if "user" in roles and ("item" in roles or "items" in roles):
        return roles, []
    return _by_order(columns, names, roles)


def _by_order(columns: Sequence[Column], names: list[str], roles: dict[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """A table without names: user, item, rating and time in their usual order, which is told."""
    nameless = all(re.fullmatch(r"column\d+", name) for name in names) and 2 <= len(names) <= 4
    if not nameless:
        lacks = [role for role in ("user", "item") if role not in roles and not (role == "item" and "items" in roles)]
        raise UsageError(
            "F-RECOMMEND-COLUMNS",
            _("no column looks like the {name}").format(name=lacks[0]),
            where=columns[0].file if columns else "",
            expected=_("columns called user and item, and where there are rating and time"),
            got=", ".join(names[:30]),
            fix=" ".join(f"--set {role}=COLUMN" for role in lacks),
        )
    roles = dict(zip(("user", "item", "rating", "time"), names, strict=False)) | roles
    told = Problem(
        code="F-RECOMMEND-ORDER",
        severity="note",
        what=_("the columns have no names; they were taken in this order: {names}").format(names=", ".join(roles)),
        where=columns[0].file,
        fix="--set user=column1 --set item=column2",
    )
    return roles, [told]


def moments(column: Column) -> np.ndarray:
    """float64 (N), growing with time. Raises `DataError` F-RECOMMEND-TIME for a cell that is neither date nor number."""
    found = parsing.plain(column.values)
    how = learned(found, kinds=("date",), order="auto").how if parsing.is_text(found) else {}
    dates, numbers = read_moments(found, how or None).values, numbers_for_sure(found).values
    bad, values = np.isnan(numbers), numbers
    if np.isnat(dates).sum() < bad.sum():
        bad, values = np.isnat(dates), dates.astype("datetime64[us]").astype(np.int64).astype(np.float64)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise DataError(
            "F-RECOMMEND-TIME",
            _n("{n} choice has no time that can be read", "{n} choices have no time that can be read", int(bad.sum())),
            where=column.where(row),
            expected=_("a date such as 2024-03-31, or a number"),
            got=str(found[row].as_py())[:40],
            fix=_("fill in or delete these rows"),
        )
    return values


def _plain(name: str) -> str:
    """A name as it is compared: RecBole's `user_id:token` is a user."""
    return name.split(":")[0].strip().lower().replace(" ", "_")


def _texts(column: Column) -> pa.Array:
    """Cells as trimmed texts; empty ones are missing. Whole numbers have no decimals."""
    values = cells.arrow(column)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_floating(values.type) and pc.all(pc.equal(values, pc.floor(values)), skip_nulls=True).as_py():
        values = values.cast(pa.int64())
    values = pc.utf8_trim_whitespace(values.cast(pa.large_string()))
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.large_string()), values)


def _lists(column: Column) -> pa.Array:
    values = cells.arrow(column)
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        return values.cast(pa.large_list(pa.large_string()))
    return pc.split_pattern_regex(values.cast(pa.large_string()), pattern=r"[\s,;|]+").cast(pa.large_list(pa.large_string()))


def _ratings(column: Column | None, rows: np.ndarray) -> tuple[np.ndarray, list[Problem]]:
    if column is None:
        return np.full(len(rows), np.nan), []
    values = cells.arrow(column)
    if not pa.types.is_floating(values.type) and not pa.types.is_integer(values.type):
        text = pc.utf8_trim_whitespace(values.cast(pa.large_string()))
        plain = pc.match_substring_regex(text, r"^[-+]?\d+(\.\d*)?$|^[-+]?\.\d+$")
        values = pc.if_else(plain, text, pa.scalar(None, pa.large_string())).cast(pa.float64())
    found = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    bad = np.flatnonzero(np.isnan(found))
    if not len(bad):
        return found[rows], []
    told = Problem(
        code="F-RECOMMEND-RATING",
        severity="warning",
        what=_n("{n} rating is missing or no number", "{n} ratings are missing or no numbers", len(bad)),
        where=cells.places(column, bad),
        got=str(column.values[int(bad[0])]),
        fix=_("mend these cells; until then they count as choices that nobody rated"),
        count=len(bad),
    )
    return found[rows], [told]


def _missing(known: np.ndarray, rows: np.ndarray, user: Column) -> list[Problem]:
    bad = rows[~known]
    if not len(bad):
        return []
    what = _n(
        "{n} row lacks its user or its item and was left out",
        "{n} rows lack their user or their item and were left out",
        len(bad),
    )
    return [Problem(code="F-RECOMMEND-MISSING", severity="warning", what=what, where=cells.places(user, bad), count=len(bad))]


def _once(found: Choices, place: Column) -> Choices:
    """Without rows that say the same again: one user, one item, one moment; by lists or by order every repetition counts."""
    if "time" not in found.roles:
        return found
    keys = np.stack([found.user, found.item, found.when.view(np.int64)], 1)
    first = np.sort(np.unique(keys, axis=0, return_index=True)[1])
    if len(first) == len(found.user):
        return found
    count = len(found.user) - len(first)
    what = _n(
        "{n} row says again that a user chose an item at one moment, and was left out",
        "{n} rows say again that a user chose an item at one moment, and were left out",
        count,
    )
    again = np.setdiff1d(np.arange(len(found.user)), first)
    told = Problem(
        code="F-RECOMMEND-AGAIN", severity="note", what=what, where=cells.places(place, found.row[again]), count=count
    )
    return replace(found.take(first), told=(*found.told, told))
