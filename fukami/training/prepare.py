"""The first stage: read, bind, split, examine, learn the fields, and put every example into the prepared store."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fukami.compress.origin import require_origin
from fukami.core.cards import ModelCard, card
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.lazily import torch
from fukami.core.problems import Problem, errors
from fukami.core.recipe import Recipe
from fukami.core.tables import Column, Table
from fukami.data import read
from fukami.data.bind import bind, remarks, taken_files
from fukami.data.doctor import examine
from fukami.data.limit import limited
from fukami.data.split import Split, split
from fukami.data.split_proof import require_different
from fukami.data.store import Store, prepare
from fukami.engine.progress import Display
from fukami.fields.contract import NOTHING, Field
from fukami.fields.scored import scored
from fukami.models import registry, transfer
from fukami.models.choice import Choice
from fukami.recipes.registry import recommend
from fukami.tasks.contract import Task
from fukami.tasks.registry import contract
from fukami.training.device import pick_device

Columns = dict[str, list[Column]]


@dataclass(frozen=True)
class Examined:
    """Data that was read, bound to a task's fields, split and examined. Rows that cannot be used are gone from all of it."""

    task: Task
    table: Table
    columns: Columns
    split: Split | None
    problems: list[Problem]
    num_read: int

    def limited_to(self, division: Split, recipe: Recipe) -> Examined:
        """The examples of `division` that the recipe's `limit` leaves: nothing else is decoded, stored or looked at again."""
        limit, seed = recipe.data.limit, recipe.learning.seed
        table, columns, drawn = limited(division, self.table, self.columns, self.task, limit=limit, seed=seed)
        problems = [*self.problems, *drawn.problems[len(division.problems) :]]
        return replace(self, table=table, columns=columns, split=drawn, problems=problems)


@dataclass(frozen=True)
class Prepared:
    """Everything a training needs besides the network: learned fields, resolved recipe, stored examples."""

    task: Task
    table: Table
    columns: Columns
    split: Split
    problems: list[Problem]
    recipe: Recipe
    choice: Choice | None
    pretrained: transfer.Found
    store: Store
    fingerprints: dict[str, np.ndarray]
    seconds: float = 0.0
    """How long all of this took."""

    def rarest(self, rows: np.ndarray) -> np.ndarray:
        """The rarest class of each of `rows`, -1 for none."""
        target = scored(self.task.target, _("drawing rare classes more often"))
        return target.rarest(target.batch(self.store.arrays[target.name], rows)).numpy()


def task_for(recipe: Recipe) -> Task:
    """The recipe's task over unlearned fields that have the recipe's options."""
    task = contract(recipe.task)
    task = task if recipe.task_options is None else replace(task, options=recipe.task_options)
    return task.with_fields({n: with_options(f, recipe.fields.get(n)) for n, f in task.fields.items()})


def with_options(field: Field, options: Any) -> Field:
    return field if options is None else replace(field, options=options)  # type: ignore[type-var]


def examined(recipe: Recipe, source: Any, *, raising: bool = True) -> Examined:
    """Reads `source` and examines it. Raises `DataError` for an error that the doctor found, unless `raising` is off.

    Without `raising`, data of which nothing can be used has no split.
    """
    task = task_for(recipe)
    table = read(source, recipe.data, kinds=task.card.kinds)
    table, columns = task.examples(task, table, bind(table, task, recipe.data), recipe.data)
    total, whole, files = len(table), columns, taken_files(table, task, columns)
    usable = task.usable(columns)
    if not usable.all():
        keep = np.flatnonzero(usable)
        table, columns = table.take(keep), {n: [c.take(keep) for c in cols] for n, cols in columns.items()}
    division = split(table, columns, task, recipe.data, seed=recipe.learning.seed) if len(table) else None
    noticed = [*files, *remarks(table, task, recipe.data, columns), *(division.problems if division else ())]
    problems = [*examine(task, table, whole, division), *noticed]
    found = Examined(task, table, columns, division, problems, total)
    if raising:
        stop = refusal(found.problems)
        if stop is None and division is None:
            stop = DataError("F-DATA-EMPTY", _("no example can be used"), where=table.name)
        if stop is not None:
            raise stop
    return found


def refusal(problems: list[Problem]) -> DataError | None:
    """The error that tells the first of the problems that stop a training, and how many more there are."""
    grave = errors(problems)
    if not grave:
        return None
    first, more = grave[0], len(grave) - 1
    what = first.what + (" " + _("(and {n} more; `fukami check` lists them)").format(n=more) if more else "")
    return DataError(first.code, what, where=first.where, expected=first.expected, got=first.got, fix=first.fix)


def prepared(recipe: Recipe, source: Any, *, model: Any = None, division: Split | None = None) -> Prepared:
    """The whole first stage. Raises `DataError` where the doctor found an error.

    `model` is an `nn.Module` of the caller's, in which case no family is looked up. `division` replaces the recipe's own split
    (a fold of a cross-validation).
    """
    started = time.monotonic()
    require_origin(recipe)
    found = examined(recipe, source)
    assert found.split is not None
    division = division or found.split
    if len(division.valid) + len(division.test) == 0:
        require_different(found.task.identity_of(found.columns), found.table, recipe.data)
        raise DataError(
            "F-SPLIT-NOTHING-KEPT",
            _("no example is kept aside, so nothing could be said about the model"),
            where=found.table.name,
            fix="--set test_fraction=0.2",
        )
    found = found.limited_to(division, recipe)
    division = found.split
    assert division is not None
    raw = {name: [c.take(division.train) for c in cols] for name, cols in found.columns.items()}
    fields = learned(found.task, raw, recipe.learning.seed)
    recipe = resolved(recipe, found.task.with_fields(fields), raw, custom=model is not None)
    choice = None if model is not None else chosen_model(recipe, found.task)
    pretrained = transfer.Found(None) if choice is None else transfer.find(choice, recipe.model.pretrained)
    if choice is not None and pretrained.weights is not None:
        recipe = recipe.recommended(choice.card.fine_tuning | as_pretrained(pretrained, recipe))
    if recipe.model.pretrained == "auto":  # a rerun starts from what this training started from
        recipe = recipe.changed({"model.pretrained": "no" if pretrained.weights is None else "yes"}, by_user=False)
    changed = {n for n, f in task_for(recipe).fields.items() if f.options != fields[n].options}
    if changed & found.task.inputs.keys():  # targets look at the inputs that they lie on
        changed |= found.task.targets.keys()
    fields = learned(task_for(recipe), raw, recipe.learning.seed, known={n: f for n, f in fields.items() if n not in changed})
    recipe = replace(recipe, fields={n: f.options for n, f in fields.items()})
    fingerprints = {n: f.fingerprint(found.columns[n]) for n, f in fields.items()}
    with Display(_("preparing"), total=len(found.table), unit=_("examples/s")) as display:
        store = prepare(fields, found.columns, fingerprints, progress=lambda done, _total: display.step(done))
    task = found.task.with_fields(fields)
    parts = (task, found.table, found.columns, division, found.problems, recipe, choice, pretrained, store, fingerprints)
    return Prepared(*parts, seconds=time.monotonic() - started)


def learned(task: Task, raw: Columns, seed: int, *, known: Mapping[str, Field] = NOTHING) -> dict[str, Field]:
    """Every field after it has learned from the training rows, each beside those before it; those that are `known` have."""
    fields: dict[str, Field] = {}
    for name, field in task.fields.items():
        fields[name] = known.get(name) or field.learn(raw[name], seed=seed, beside=fields)
    return fields


def facts_of(task: Task, raw: Columns, seed: int) -> dict[str, Any]:
    """What a recipe may look at: the number of examples, and what the fields learned or find out with the targets at hand."""
    target = task.target
    facts: dict[str, Any] = {"num_examples": len(raw[target.name][0])}
    for field in task.fields.values():
        facts |= field.facts()
    labels = target.encode(raw[target.name]) if target.discrete else {}
    for name, field in task.inputs.items():
        facts |= field.probe(raw[name], labels, seed=seed)
    return facts


def resolved(recipe: Recipe, task: Task, raw: Columns, *, custom: bool) -> Recipe:
    """The recipe with every open choice filled in: the task's recommendation, then the model family's, never the user's."""
    facts = facts_of(task, raw, recipe.learning.seed)
    if recipe.learning.minutes:
        on_cpu = pick_device(recipe.plan.device).type == "cpu"
        facts |= {"minutes": recipe.learning.minutes, "cores": torch.get_num_threads() if on_cpu else 0}
    recipe = recipe.recommended(recommend(task.card.recipe, facts, recipe))
    if custom:
        return recipe
    recipe = registry.apart(recipe)
    choice = chosen_model(recipe, task)
    recipe = recipe.recommended(choice.card.fitted.get(task.card.asked, choice.card.learning))
    return recipe.recommended(size_settings(choice.card, recipe, facts))


def chosen_model(recipe: Recipe, task: Task) -> Choice:
    """The model family and size that the recipe names, checked to fit the task before anything is allocated."""
    return registry.resolve(recipe.model.name, recipe.model.size, takes=task.card.asked, needs=task.card.needs)


def size_settings(family: ModelCard, recipe: Recipe, facts: dict[str, Any]) -> dict[str, Any]:
    """Pictures smaller than a family can use are enlarged to what it needs."""
    hints, size = family.image, facts.get("size_px", 0)
    if not hints or not size:
        return {}
    least, multiple = hints.get("min_size_px", 1), hints.get("multiple_px", 1)
    wanted = -(-max(size, least) // multiple) * multiple
    return {"size_px": wanted} if wanted != size else {}


def as_pretrained(found: transfer.Found, recipe: Recipe) -> dict[str, Any]:
    """Field options that make inputs look as they did to pretrained weights: the same tokenizer, the same normalisation."""
    assert found.weights is not None
    known = set(recipe.all_names())
    wanted: dict[str, Any] = {}
    if found.weights.tokenizer is not None:
        wanted["tokenizer"] = str(found.weights.file.parent)
    if found.weights.image:
        wanted |= {"mean": found.weights.image.get("mean"), "std": found.weights.image.get("std")}
    return {name: value for name, value in wanted.items() if name in known and value}


def headline_of(recipe: Recipe) -> str:
    return card("tasks", recipe.task).headline
