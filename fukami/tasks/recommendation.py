"""What a user chose so far in, what comes next out: a ranking of the catalogue.

An example is a user: what training choices there are, to be learned from, or what was kept aside, to be foreseen from all that
came before. How choices are kept aside and among which items they have to be found is said by two options and told with every
result, since figures of different protocols cannot be compared (Krichene and Rendle 2020).
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import nn

from fukami.core.cards import TaskCard
from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices, option, whole_names
from fukami.core.tables import PARTS, Column, Table
from fukami.fields.history import asking, protocols
from fukami.fields.history.field import Histories
from fukami.fields.history.reading import Choices, choices_of
from fukami.fields.items.field import Items
from fukami.fields.items.ranked import CLOSED, PLACES, TOP, best
from fukami.objectives.contract import Batch
from fukami.tasks.compose import by_whole_models
from fukami.tasks.contract import Columns, Task

CARD = TaskCard(
    name="recommendation",
    summary="what a user chose so far in, what comes next out, as a ranking of all items",
    inputs=("history",),
    targets=("items",),
    needs="items",
    headline="ndcg_at_10",
    also=("hr_at_10", "mrr", "recall_at_20", "ndcg_at_20", "coverage_at_10", "popularity_at_10"),
    baselines=("popularity", "item-knn", "matrix-factorisation"),
    recipe="recommending/usual",
)


@dataclass(frozen=True)
class Options:
    """How the data is divided, and what is answered."""

    protocol: str = option(
        "auto",
        "What is kept aside: leave-last-out (the last choice of each user tests, the one before validates), random (a share of "
        "each user's), by-time (the newest of all), given (as the data says); auto takes given parts, else leave-last-out.",
        choices=protocols.PROTOCOLS,
    )
    negatives: int = option(
        0, "Items kept aside have to be found among this many drawn ones; 0 for the whole catalogue.", low=0, high=10_000
    )
    repeats: str = option("no", "Whether items of the history may be answered again.", choices=("no", "yes"))
    top: int = option(TOP, "How many items an answer names.", low=1, high=1000)
    least_rating: float = option(-1e9, "Choices that were rated lower are no choices.")
    user: str = option("", "The column that names the user.")
    item: str = option("", "The column that names the item.")
    rating: str = option("", "The column of ratings, where there is one.")
    draw: int = option(0, "The number from which drawn parts and drawn items follow.", low=0)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return by_whole_models(
        CARD,
        (Histories("history"),),
        Items("next"),
        same={"next": "history"},
        examples=examples,
        questions=questions,
        options=Options(),
        assess=assessed,
    )


def assessed(task: Task, network: nn.Module, batch: Batch, rng: torch.Generator) -> Any:
    """What is judged: a hundred places, or all items that are asked about."""
    inputs = {name: batch[name] for name in task.inputs}
    places = max(PLACES, batch["history"].candidates.shape[1])
    model: Any = getattr(network, "encoder", None)
    if model is None:  # the run answers through a file
        scores_BI = network(inputs)
        return best(scores_BI, scores_BI > CLOSED / 2, places)
    return task.target.answers(model.answers(inputs, rng, task.options, places=places))


def heard(task: Task, table: Table, columns: Columns, choices: DataChoices) -> Choices:
    """The choices that a table holds, those that were rated too low left out."""
    known = task.inputs["history"].state.get("roles", {})
    named = {"user": task.options.user, "item": task.options.item, "rating": task.options.rating, "time": choices.time}
    ignore = whole_names(choices.ignore, table.columns)
    bound = {column.name for column in columns["history"]}
    beside = [column for name, column in table.columns.items() if name not in bound and name not in ignore]
    here = {column.name for column in (*columns["history"], *beside)}
    known = {role: name for role, name in known.items() if name in here}
    found = choices_of([*columns["history"], *beside], known | {role: name for role, name in named.items() if name})
    low = found.rating < task.options.least_rating
    return replace(found.take(np.flatnonzero(~low)), told=(*found.told, *_rated(found, low, table.name)))


def _rated(found: Choices, low: np.ndarray, where: str) -> tuple[Problem, ...]:
    """That ratings only say whether something was chosen."""
    if np.isnan(found.rating).all():
        return ()
    left = _n("{n} choice was rated too low and left out", "{n} choices were rated too low and left out", int(low.sum()))
    what = _("every rating counts as a choice") if not low.any() else left
    fix = _("--set least_rating=4 leaves out lower ones; to foresee ratings themselves: fukami train tabular-regression")
    return (Problem(code="F-RECOMMEND-RATED", severity="note", what=what, where=where, fix=fix),)


def examples(task: Task, table: Table, columns: Columns, choices: DataChoices) -> tuple[Table, Columns]:
    """A user's training choices, and what is kept aside of them, as examples with given parts."""
    found, options = heard(task, table, columns, choices), task.options
    shares = {"valid": choices.valid_fraction, "test": choices.test_fraction}
    cut = protocols.divided(found, table.parts, options.protocol, seed=options.draw, where=table.name, **shares)
    cut = protocols.by_part(cut)
    cut = replace(cut, choices=cut.choices.take(np.flatnonzero(cut.part < 3)), part=cut.part[cut.part < 3])
    made = protocols.examples_of(cut)
    held = np.flatnonzero(made.part > 0)
    asked = None
    if options.negatives:
        total = len(cut.choices.items)
        asked = protocols.negatives(cut.choices, made, held, options.negatives, total, seed=options.draw)
    protocol = protocols.told(cut, made, options.negatives, options)
    rows = cut.choices.row[made.end - 1]
    like = columns["history"][0]
    place = {"file": like.file, "rows": (rows + 1 if like.rows is None else like.rows[rows])}
    told = {
        "items": cut.choices.items.to_pylist(),
        "columns": list(cut.choices.roles.values()),
        "roles": cut.choices.roles,
        "chosen": _trained(cut),
    }
    lists = partial(_lists, cut.choices)
    history = asking.columns(
        "history", cut.choices.users.take(pa.array(made.user)), lists(made.begin, made.split), told, asked, **place
    )
    following = Column("next", lists(made.split, made.end), told={"items": told["items"], "protocol": protocol}, **place)
    problems = (*table.problems, *found.told, *cut.told, *_left(made, table.name), _protocol(protocol, table.name))
    parts = np.array(PARTS)[made.part]
    kept = replace(table.take(rows), parts=parts, problems=problems, origin=None)
    return kept, {"history": history, "next": [following]}


def questions(task: Task, table: Table, columns: Columns, choices: DataChoices) -> tuple[Table, Columns]:
    """One question for each user of a table: what comes after everything that it says they chose."""
    found = protocols.ordered(heard(task, table, columns, choices))
    first = np.flatnonzero(np.r_[True, found.user[1:] != found.user[:-1]])
    end = np.r_[first[1:], len(found.user)]
    rows, like = found.row[end - 1], columns["history"][0]
    place = {"file": like.file, "rows": (rows + 1 if like.rows is None else like.rows[rows])}
    users = found.users.take(pa.array(found.user[first]))
    made = asking.columns("history", users, _lists(found, first, end), {"items": task.input.state["items"]}, **place)
    return table.take(rows), {"history": made}


def _lists(found: Choices, begin: np.ndarray, end: np.ndarray) -> pa.Array:
    """Names of the items from `begin` to `end` of each example."""
    counts = end - begin
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    places = np.arange(offsets[-1]) + np.repeat(begin - offsets[:-1], counts)
    return pa.LargeListArray.from_arrays(pa.array(offsets), found.items.take(pa.array(found.item[places])))


def _trained(cut: protocols.Divided) -> dict[str, Any]:
    """The training choices of all users."""
    found = cut.choices.take(np.flatnonzero(cut.part == 0))
    first = np.flatnonzero(np.r_[True, found.user[1:] != found.user[:-1]])
    lists = _lists(found, first, np.r_[first[1:], len(found.user)])
    return {"users": found.users.take(pa.array(found.user[first])), "items": lists}


def _left(made: protocols.Example, where: str) -> tuple[Problem, ...]:
    if not made.left:
        return ()
    what = _n(
        "{n} user has nothing in the training part, so nothing is asked of this user",
        "{n} users have nothing in the training part, so nothing is asked of these users",
        made.left,
    )
    return (Problem(code="F-RECOMMEND-COLD", severity="warning", what=what, where=where, count=made.left),)


def _protocol(told: dict[str, Any], where: str) -> Problem:
    """By what figures are made; those of another protocol are others."""
    among = _("all items") if not told["candidates"] else _("{n} drawn items").format(n=told["candidates"])
    what = _("protocol: {split}; what was kept aside is looked for among {among}").format(split=told["split"], among=among)
    return Problem(
        code="F-RECOMMEND-PROTOCOL", severity="note", what=what, where=where, fix="--set protocol=… --set negatives=…"
    )
