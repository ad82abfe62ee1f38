"""`explain`: why a run answers as it does, for one input or for many, each tested by taking away what is said to count."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fukami.answers import grouped, require_usable, shown
from fukami.core.cards import METHODS, card, load
from fukami.core.errors import DataError, UsageError
from fukami.core.language import _
from fukami.core.seeds import generator
from fukami.core.tables import Column
from fukami.evaluate.examples import held_out
from fukami.evaluate.whole import place
from fukami.explain import written
from fukami.explain.again import seen_again
from fukami.explain.case import Case
from fukami.explain.cohort import Cohort
from fukami.explain.contract import Weights
from fukami.explain.explanation import Explanation
from fukami.explain.faithfulness import faithfulness_of, together
from fukami.explain.joint import explained, fitting, usual
from fukami.explain.nearest import Reference, features, not_kept, reference_of
from fukami.explain.summary import summed_up
from fukami.fields import batch as trees
from fukami.opened import Opened

EXAMPLES = 50
"""Examples of a set that are explained one by one, unless more are asked for."""
SURVEYED = 500
"""Examples that a method looks at together, at least, where there are so many."""


@dataclass(frozen=True)
class Asked:
    """What is explained: a run, by which method, which label, how."""

    run: Opened
    method: str = "auto"
    of: str = ""
    examples: int = 0
    seed: int = 0
    samples: int = 0
    nearest: int = 5


@dataclass(frozen=True)
class Inputs:
    """N raw examples, what each is called, and their targets where they are the training's own held-out ones."""

    names: list[Any]
    columns: dict[str, list[Column]]
    truth: Any = None

    def __len__(self) -> int:
        return len(self.names)

    def take(self, rows: np.ndarray) -> "Inputs":
        truth = None if self.truth is None else trees.taken(self.truth, rows)
        return Inputs([self.names[row] for row in rows], taken(self.columns, rows), truth)


def taken(columns: Mapping[str, Sequence[Column]], rows: np.ndarray) -> dict[str, list[Column]]:
    """Some rows of the inputs, by name."""
    return {name: [column.take(rows) for column in own] for name, own in columns.items()}


def explain_run(
    run: Opened, inputs: Sequence[Any], *, method: str = "auto", out: Path | None = None, **options: Any
) -> dict[str, Any]:
    """Explains `inputs`, or without any the examples that the training kept aside; returns the verb's result.

    Options: `of`, the label whose score is explained; `examples`, how many of a set are explained; `seed`; `samples`, how many
    changed copies a sampling method asks for; `nearest`, how many training examples are told. `out` is a new folder.

    Raises:
        UsageError: F-METHOD-NAME, F-EXPLAIN-KIND, F-EXPLAIN-FIT, F-EXPLAIN-LABEL, F-EXTRA-MISSING.
        DataError: an input cannot be used.
    """
    asked = Asked(run, method, **options)
    if out is not None:
        written.require_place(out)
    groups = require_some(list(given(asked.run, inputs)), run)
    name, notes, first = chosen(asked, groups)
    if card(METHODS, name).scope == "set":
        explanations, summary, more = surveyed(asked, name, groups)
    else:
        explanations, more = each(asked, name, groups, first)
        explanations = beside_their_nearest(run, explanations)
        summary = summed_up(explanations)
    told = {
        "run": str(run.path),
        "task": run.task,
        "method": name,
        "explanations": [one.as_dict() for one in explanations],
        "summary": summary,
        "notes": [*notes, *more],
    }
    files = written.write(out, run.told, told, explanations) if out is not None else []
    return {**told, "files": [str(path) for path in files]}


def explanations(run: Opened, inputs: Any, *, method: str = "auto", **options: Any) -> Any:
    """What `Run.explain` gives: an `Explanation` of a single input, a list for a list, a batch or a table of them, even of one,
    and the result's mapping for a method that speaks of a set.
    """
    asked = Asked(run, method, **options)
    listed = isinstance(inputs, Sequence) and not isinstance(inputs, (str, bytes))
    many = list(inputs) if listed else [inputs]
    groups = require_some(list(given(run, many)), run)
    name, notes, first = chosen(asked, groups)
    if card(METHODS, name).scope == "set":
        return explain_run(run, many, method=name, **options)
    found, more = each(asked, name, groups, first)
    found = [replace(one, notes=(*notes, *more)) for one in beside_their_nearest(run, found)]
    field = explained(run.predictor.task.inputs)
    # a batch, a folder or a table that happens to hold one is still several: what it holds has another name than itself
    single = not listed and field.several(inputs) is None and groups[0].names == [shown(inputs, f"{field.name}[0]")]
    return found[0] if single else found


# -- what is given -------------------------------------------------------------------------------------------------------
def given(run: Opened, inputs: Sequence[Any]) -> Iterator[Inputs]:
    """The inputs as columns; without any, the examples that the training kept aside, with their targets."""
    names = tuple(run.predictor.task.inputs)
    if not inputs:
        judged = held_out(run)
        columns = taken({name: judged.columns[name] for name in names}, judged.rows)
        cells = [column for own in columns.values() for column in own]
        target = run.predictor.task.target
        truth = trees.arrays(target.truth(target.batch(judged.store.arrays[target.name], judged.rows)))
        yield Inputs([place(cells, row) for row in range(len(judged.rows))], columns, truth)
        return
    for group in grouped(run, inputs):
        require_usable(run.predictor.task, group)
        yield Inputs(group.names, {name: list(group.columns[name]) for name in names})


def require_some(groups: list[Inputs], run: Opened) -> list[Inputs]:
    """The groups that hold anything. Raises `DataError` where none does."""
    some = [group for group in groups if len(group)]
    if not some:
        raise DataError("F-EXPLAIN-EMPTY", _("there is no input to explain"), where=str(run.path), expected=_("at least one"))
    return some


def drawn(inputs: Inputs, most: int, seed: int) -> Inputs:
    """At most `most` of the inputs, in their order."""
    if len(inputs) <= most:
        return inputs
    return inputs.take(np.sort(generator(seed, "explain", "examples").permutation(len(inputs))[:most]))


def left_out(groups: Sequence[Inputs], looked_at: int) -> list[str]:
    """A note where not all of a set was looked at."""
    total = sum(map(len, groups))
    if looked_at >= total:
        return []
    return [
        _("{n} of {total} examples were looked at, drawn by chance; --examples says how many").format(n=looked_at, total=total)
    ]


# -- which method --------------------------------------------------------------------------------------------------------
def chosen(asked: Asked, groups: Sequence[Inputs]) -> tuple[str, list[str], Weights | None]:
    """The method's name, what spoke against those before it, and the weights of the first input where it was tried on that.

    Raises `UsageError` where a method does not explain inputs of this kind.
    """
    field = explained(asked.run.predictor.task.inputs)
    if asked.method != "auto":
        card(METHODS, asked.method)
        if asked.method not in fitting(field):
            raise UsageError(
                "F-EXPLAIN-KIND",
                _("{method} does not explain inputs of kind `{kind}`").format(method=asked.method, kind=field.kind),
                expected=_("one of {names}").format(names=", ".join(fitting(field))),
                got=asked.method,
            )
        return asked.method, [], None
    *better, last = usual(field)
    notes: list[str] = []
    for name in better:
        case = case_of(asked, groups[0], 0)
        try:
            return name, notes, weighed(name, case)
        except UsageError as error:
            if error.code not in ("F-EXPLAIN-FIT", "F-EXTRA-MISSING"):
                raise
            told = _("{method} is left out: {reason}").format(method=name, reason=error.what)
            notes.append(error.what if error.code == "F-EXPLAIN-FIT" else told)  # the former names the method itself
    return last, notes, None


# -- one by one ----------------------------------------------------------------------------------------------------------
def case_of(asked: Asked, inputs: Inputs, row: int) -> Case:
    """One example to be explained."""
    columns = taken(inputs.columns, np.array([row]))
    own = next(iter(columns.values())) if len(columns) == 1 else columns
    return Case(asked.run.predictor, own, of=asked.of, seed=asked.seed, samples=asked.samples)


def weighed(method: str, case: Case) -> Weights:
    """The weights that a method gives; none where an input has no parts."""
    return load(METHODS, method).weigh(case) if len(case.units) else Weights(np.zeros(0))


def each(
    asked: Asked, method: str, groups: Sequence[Inputs], first: Weights | None = None
) -> tuple[list[Explanation], list[str]]:
    """Every input explained by itself, no more of a set than were asked for, and notes. `first` are the first one's weights."""
    most = asked.examples or EXAMPLES
    taken = [drawn(group, most, asked.seed) for group in groups]
    reference, found = reference_of(asked.run.path), []
    if taken[0] is not groups[0]:  # the first of those that are drawn is another one
        first = None
    for group in taken:
        for row in range(len(group)):
            case = case_of(asked, group, row)
            weights = first if first is not None and not found else weighed(method, case)
            told = explanation(case, group.names[row], method, weights, reference, nearest=asked.nearest)
            if group.truth is not None:
                told = replace(told, truth=known(case, trees.part(group.truth, row, row + 1)))
            found.append(told)
    return found, [*left_out(groups, sum(map(len, taken))), *(not_kept(asked.run.path) if asked.nearest else [])]


def beside_their_nearest(run: Opened, found: Sequence[Explanation]) -> list[Explanation]:
    """The explanations with what their nearest training examples hold, where those can still be read."""
    again = seen_again(run, (one["input"] for told in found for one in told.nearest))
    return [replace(one, again={n["input"]: again[n["input"]] for n in one.nearest if n["input"] in again}) for one in found]


def known(case: Case, truth: Any) -> dict[str, Any]:
    """The target of the case as an answer; `truth` holds that one example."""
    return case.predictor.task.target.known(trees.tensors(truth))[0]


def explanation(
    case: Case, name: Any, method: str, weights: Weights, reference: Reference | None, *, nearest: int = 5
) -> Explanation:
    """Weights, tested and drawn, with the nearest training examples."""
    alike = []
    if reference is not None and nearest:
        features_BD = features(case.predictor, case.given(case.batch))
        alike = reference.nearest(features_BD[0].cpu().numpy(), nearest) if features_BD is not None else []
    question, weight_U = case.question, weights.weights
    scale = question.scale if weights.signed else None
    return Explanation(
        input=name,
        answer=case.answer,
        of=question.of,
        method=method,
        units=case.units,
        weights=weights,
        faithfulness=faithfulness_of(case, weight_U, signed=weights.signed) if len(case.units) else None,
        portrait=case.field.portrait(case.batch, case.units, weight_U * (scale or 1.0), weights.detail),
        nearest=alike,
        unit=_(question.unit) if weights.signed else None,
        scale=scale,
    )


# -- many together -------------------------------------------------------------------------------------------------------
def surveyed(asked: Asked, method: str, groups: Sequence[Inputs]) -> tuple[list[Explanation], dict[str, Any], list[str]]:
    """What many examples say together; tested on some of them by the order that it gives to the units of all."""
    inputs = drawn(max(groups, key=len), max(SURVEYED, asked.examples), asked.seed)
    cohort = Cohort(asked.run.predictor, inputs.columns[asked.run.predictor.task.input.name], inputs.truth, asked.seed)
    found = load(METHODS, method).survey(cohort)
    names = cohort.units(0).names
    few = drawn(inputs, asked.examples or EXAMPLES, asked.seed)
    tests = [faithfulness_of(case_of(asked, few, row), found.weights, signed=False) for row in range(len(few))]
    told = found.told or [{}] * len(names)
    units = [{"name": n, "weight": float(w), **more} for n, w, more in zip(names, found.weights, told, strict=True)]
    summary = {
        "examples": len(inputs),
        "measure": found.measure,
        "faithfulness": together(tests),
        "units": sorted(units, key=lambda unit: -unit["weight"]),
    }
    notes = [*found.notes, *left_out(groups, len(inputs))]
    if len(inputs) == 1:
        notes.append(_("{method} exchanges columns between examples, and there is 1: give more of them").format(method=method))
    return [], summary, notes
