"""What of a user's choices trains, validates and tests: the last ones, drawn ones, the newest of all, or as the data says.

Of each user one example trains (nothing before, all training choices to come); those kept aside are foreseen from all that is
kept for earlier parts. So no choice is learned from and asked for, and the same person may be known in all parts, as in use.
T choices in the order of user and time, U users, C items asked about.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fukami.core.errors import DataError, UsageError
from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.seeds import derive, generator
from fukami.core.tables import PARTS
from fukami.fields.history.reading import Choices

PROTOCOLS = ("auto", "leave-last-out", "random", "by-time", "given")
LEAST = 3
"""Choices of a user of which the last two are kept aside; whoever made fewer trains alone."""


@dataclass(frozen=True)
class Divided:
    """Choices in the order of user and time, the part of each (0, 1, 2; 3 for left out), and how that was found."""

    choices: Choices
    part: np.ndarray
    protocol: str
    told: tuple[Problem, ...] = ()


def ordered(choices: Choices) -> Choices:
    """By user, then time, then place in the table."""
    return choices.take(np.lexsort((np.arange(len(choices.user)), choices.when, choices.user)))


def divided(
    choices: Choices, parts: np.ndarray | None, protocol: str, *, valid: float, test: float, seed: int, where: str
) -> Divided:
    """The part of each choice. `parts` are those that the data names for its rows; raises `UsageError` where they contradict
    `protocol`, and `DataError` where nothing can be kept aside."""
    given = parts is not None and len(set(parts.tolist()) - {""}) > 1
    if protocol == "given" and not given:
        raise UsageError(
            "F-RECOMMEND-PARTS",
            _("the data names no parts"),
            where=where,
            expected=_("files called train and test, or a column called split"),
            fix="--set protocol=leave-last-out",
        )
    protocol = ("given" if given else "leave-last-out") if protocol == "auto" else protocol
    choices = ordered(choices)
    if protocol == "given":
        assert parts is not None
        return _given(choices, np.where(parts == "", "train", parts), valid, seed)
    told = () if not given else (_ignored(protocol, where),)
    user = choices.user
    start = np.flatnonzero(np.r_[True, user[1:] != user[:-1]])
    count_T = np.repeat(np.diff(np.r_[start, len(user)]), np.diff(np.r_[start, len(user)]))
    place_T = np.arange(len(user)) - np.repeat(start, np.diff(np.r_[start, len(user)]))
    if protocol == "leave-last-out":
        part = np.where((count_T >= LEAST) & (place_T >= count_T - 2), place_T - count_T + 3, 0)
        few = int((np.diff(np.r_[start, len(user)]) < LEAST).sum())
        told = (*told, *_few(few, where))
    elif protocol == "by-time":
        _require_time(choices, where)
        order = np.lexsort((np.arange(len(user)), choices.when))
        share_T = np.empty(len(user))
        share_T[order] = np.arange(len(user)) / len(user)
        part = np.where(share_T >= 1 - test, 2, np.where(share_T >= 1 - test - valid, 1, 0))
    else:
        part = _drawn(place_T, count_T, user, valid, test, seed)
    return _required(Divided(choices, part, protocol, told), where)


def _given(choices: Choices, parts: np.ndarray, valid: float, seed: int) -> Divided:
    part = np.array([PARTS.index(name) if name in PARTS else 3 for name in parts.tolist()])[choices.row]
    if not (part == 2).any():
        part = np.where(part == 1, 2, part)
    if not (part == 1).any() and valid:
        rows = np.flatnonzero(part == 0)
        part[rows[generator(seed, "valid").random(len(rows)) < valid]] = 1
    order = np.lexsort((np.arange(len(part)), part, choices.user))  # what an earlier part holds came before
    return Divided(choices.take(order), part[order], "given")


def _drawn(place_T: np.ndarray, count_T: np.ndarray, user: np.ndarray, valid: float, test: float, seed: int) -> np.ndarray:
    """By each user's own share; the first choices of whoever made few train."""
    draw_T = generator(seed, "random").random(len(user))
    rank_T = np.empty(len(user), np.int64)
    order = np.lexsort((draw_T, user))
    rank_T[order] = place_T  # users lie together, so places count anew for each in either order
    tests = np.floor(count_T * test + 0.5)
    valids = np.floor(count_T * valid + 0.5)
    enough = count_T > tests + valids
    return np.where(enough & (rank_T < tests), 2, np.where(enough & (rank_T < tests + valids), 1, 0))


def _require_time(choices: Choices, where: str) -> None:
    if choices.timed:
        return
    raise UsageError(
        "F-RECOMMEND-NO-TIME",
        _("choices cannot be divided by time: no column says when they were made"),
        where=where,
        expected=_("a column called time, or --set time=COLUMN"),
        fix="--set protocol=leave-last-out",
    )


def _required(found: Divided, where: str) -> Divided:
    if (found.part == 0).any() and (found.part == 2).any():
        return found
    raise DataError(
        "F-RECOMMEND-FEW",
        _("users chose too few items to keep any aside"),
        where=where,
        expected=_("users with {n} choices or more").format(n=LEAST),
        got=_n("{n} choice", "{n} choices", len(found.part)),
    )


def _ignored(protocol: str, where: str) -> Problem:
    what = _("the data names parts, which {protocol} does not look at").format(protocol=protocol)
    return Problem(code="F-RECOMMEND-PARTS", severity="warning", what=what, where=where, fix="--set protocol=given")


def _few(count: int, where: str) -> tuple[Problem, ...]:
    if not count:
        return ()
    what = _n(
        "{n} user chose fewer than three items: these train, and nothing is asked of this user",
        "{n} users chose fewer than three items: these train, and nothing is asked of these users",
        count,
    )
    return (Problem(code="F-RECOMMEND-SHORT", severity="note", what=what, where=where, count=count),)


@dataclass(frozen=True)
class Example:
    """N examples: the user of each, where its history begins and ends and where what follows ends, among ordered choices, its
    part, and the row that it is named by."""

    user: np.ndarray
    begin: np.ndarray
    split: np.ndarray
    end: np.ndarray
    part: np.ndarray
    left: int = 0
    """Users of whom something is kept aside but nothing trains."""


def examples_of(found: Divided) -> Example:
    """One example for each user and part that holds anything of theirs."""
    keep = np.flatnonzero(found.part < 3)
    user, part = found.choices.user[keep], found.part[keep]
    assert (np.diff(user) >= 0).all()
    if (np.diff(part)[np.diff(user) == 0] < 0).any():
        raise AssertionError("choices lie in the order of user and part")
    key = user * 3 + part
    first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    end = np.r_[first[1:], len(key)]
    begin_of_user = np.searchsorted(user, user[first])
    begin = np.where(part[first] == 0, first, begin_of_user)
    trained = np.isin(user[first], user[part == 0])
    left = len(np.unique(user[first][~trained]))
    kept = np.flatnonzero(trained)
    one = (user[first], begin, first, end, part[first])
    return Example(*(values[kept] for values in one), left=left)


def by_part(found: Divided) -> Divided:
    """The same choices ordered by user, part, and time within each: a later part's history is all of the earlier ones."""
    order = np.lexsort((np.arange(len(found.part)), found.part, found.choices.user))
    return replace(found, choices=found.choices.take(order), part=found.part[order])


def negatives(found: Choices, example: Example, rows: np.ndarray, count: int, total: int, *, seed: int) -> np.ndarray:
    """int32 (N, C): for each of the examples `rows` the items that follow and `count` drawn ones, by number from 1, in an order
    that says nothing; zeros elsewhere. Drawn are items that the user never chose, each at most once: uniformly over the
    catalogue, as Kang and McAuley 2018 do; whoever chose nearly everything gets fewer."""
    counts = (example.end - example.split)[rows]
    most = int(counts.max(initial=0)) + count
    out = np.zeros((len(example.user), most), np.int32)
    keys = np.unique(found.user * total + found.item)
    rng = np.random.default_rng(derive(seed, "negatives"))
    for start in range(0, len(rows), _PART):
        part, own = rows[start : start + _PART], counts[start : start + _PART]
        drawn = _drawn_items(rng, example.user[part], keys, min(count, total), total)
        asked = np.full((len(part), most), total, np.int64)
        asked[:, :count][:, : drawn.shape[1]] = drawn
        at = np.arange(own.sum()) - np.repeat(np.cumsum(own) - own, own)
        follow = np.repeat(example.split[part], own) + at
        asked[np.repeat(np.arange(len(part)), own), count + at] = found.item[follow]
        asked.sort(1)
        asked[:, 1:][asked[:, 1:] == asked[:, :-1]] = total
        out[part] = np.where(asked < total, asked + 1, 0)
    return out


_PART = 2048


def _drawn_items(rng: np.random.Generator, users: np.ndarray, keys: np.ndarray, count: int, total: int) -> np.ndarray:
    """(P, count) different items for each user, none of which stands beside the user in the sorted `keys`; `total` where none
    is left."""
    wide = min(total, 2 * count + 20)
    if wide < total:
        drawn = rng.integers(0, total, (len(users), wide))
    else:
        drawn = rng.permuted(np.tile(np.arange(total), (len(users), 1)), axis=1)
    mine = users[:, None] * total + drawn
    place = np.searchsorted(keys, mine).clip(max=max(len(keys) - 1, 0))
    bad = keys[place] == mine
    order = np.argsort(drawn, 1, kind="stable")
    ranked = np.take_along_axis(drawn, order, 1)
    again = np.zeros_like(bad)
    np.put_along_axis(again, order[:, 1:], ranked[:, 1:] == ranked[:, :-1], 1)
    bad |= again
    kept = np.argsort(bad, 1, kind="stable")[:, :count]
    return np.where(np.take_along_axis(bad, kept, 1), total, np.take_along_axis(drawn, kept, 1))


def told(found: Divided, example: Example, count: int, options: Any) -> dict[str, Any]:
    """The protocol in plain values, for the run and its report."""
    sizes = np.bincount(example.part, minlength=3).tolist()
    return {
        "split": found.protocol,
        "candidates": count,
        "repeats": options.repeats,
        "examples": dict(zip(PARTS, sizes, strict=True)),
        "choices": dict(zip(PARTS, np.bincount(found.part[found.part < 3], minlength=3).tolist(), strict=True)),
    }
