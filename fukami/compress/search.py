"""A search for the form of a run that meets a budget: cheap ways first, those that learn only where these do not suffice.

Every form that was made is measured on this machine and stands in the table. Those are marked which no other beats in all
three: time, size and what is lost (Pareto).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fukami.compress.asked import WAYS, Asked
from fukami.compress.contract import Form, Work
from fukami.compress.course import Course
from fukami.compress.gains import LEAST
from fukami.compress.gate import answers, are_numbers, evaluation, require_value
from fukami.compress.graphs import file_bytes, latencies, num_threads
from fukami.compress.learning import require_choice, settled
from fukami.compress.ways import distill, prune
from fukami.compress.wishes import Wish
from fukami.core import artefact
from fukami.core.cards import card, load
from fukami.core.errors import FukamiError, GateError
from fukami.core.language import _
from fukami.evaluate import whole
from fukami.evaluate.evaluation import plain
from fukami.metrics.points import points_lost
from fukami.metrics.points import told as in_words

SHARES = (0.3, 0.5, 0.7)
"""How much is pruned, one after the other, where numbers alone do not suffice."""


@dataclass(frozen=True)
class Failed:
    """A form that could not be made, and why, in a sentence."""

    name: str
    reason: str

    def told(self) -> dict[str, Any]:
        """A line of the table, as JSON."""
        figures = dict.fromkeys(("latency_ms", "bytes", "value"))
        return {"how": self.name, **figures, "drops": {}, "meets": False, "pareto": False, "chosen": False, "why": self.reason}


@dataclass(frozen=True)
class Found:
    """A form and its figures: milliseconds for one example, bytes, and metrics on the examples by which forms are chosen.

    `drops` are points lost by metric, the headline first.
    """

    form: Form
    ms: float
    size: int
    drops: dict[str, float]
    value: float
    meets: bool

    @property
    def drop(self) -> float:
        """Points of the headline metric that are lost."""
        return next(iter(self.drops.values()))

    def figures(self) -> tuple[str, ...]:
        """A line of the table for people: form, time, size, what is lost, whether the budget is met."""
        kept = _("meets the budget") if self.meets else ""
        return self.form.name, f"{self.ms:.3g} ms", f"{self.size / 1e6:.2f} MB", in_words(self.drop), kept

    def told(self, *, best: bool, chosen: bool) -> dict[str, Any]:
        """A line of the table, as JSON. `best` where no other form is better in everything."""
        return plain(
            {
                "how": self.form.name,
                "latency_ms": round(self.ms, 4),
                "bytes": self.size,
                "value": self.value,
                "drops": {name: round(drop, 3) for name, drop in self.drops.items()},
                "meets": self.meets,
                "pareto": best,
                "chosen": chosen,
            }
        )


def search(
    form: Form, work: Work, asked: Asked, *, say: Callable[[str], None] = lambda _text: None
) -> tuple[Form, list[dict[str, Any]]]:
    """The form that meets the budget of `asked` with the least loss, and the table of all that were tried.

    Args:
        form: the run.
        asked: its wishes; a student, if it names one, is among what is tried.
        say: takes lines about what is at work and what was measured.

    Raises:
        GateError: F-BUDGET-MISSED where none does; the message names the one that comes nearest. F-COMPRESS-METRIC where the
            examples by which forms are chosen do not give a metric of the budget a value.
    """
    if asked.distill:
        require_choice(form)
    settled(form.recipe, {}, work)  # an option that there is not is told at once, not as a form that cannot be made
    headline = form.predictor.task.card.headline
    metrics = tuple(dict.fromkeys([headline, *(wish.what for wish in asked.wishes if wish.is_drop)]))
    judge, plans = _judging(form, work, metrics, asked.wishes), planned(asked, own_module=form.predictor.choice is None)
    course = Course([way for way, _given in plans], guesses(form, asked), say)
    found, failed = [judge(form)], []
    course.measured(found[0].figures())
    for made in _forms(form, work, plans, course, enough=lambda: _enough(found)):
        if isinstance(made, Failed):
            failed.append(made)
            course.measured((made.name, made.reason))
            continue
        found.append(judge(made))
        course.measured(found[-1].figures())
    good = [one for one in found if one.meets]
    best = chosen(good) if good else None
    table = [one.told(best=is_best(one, found), chosen=one is best) for one in found]
    table += [one.told() for one in failed]
    if best is None:
        raise _missed(found, asked.wishes)
    return best.form, table


def chosen(good: Sequence[Found]) -> Found:
    """The one that loses least; of those the fastest, and of those that are as fast as far as can be measured the smallest."""
    least = min(round(one.drop, 1) for one in good)
    kept = [one for one in good if round(one.drop, 1) == least]
    fastest = min(one.ms for one in kept)
    return min((one for one in kept if one.ms <= LEAST * fastest), key=lambda one: (one.size, one.ms))


def _enough(found: Sequence[Found]) -> bool:
    """Whether nothing has to be pruned any more."""
    return any(one.meets for one in found)


def _judging(form: Form, work: Work, metrics: Sequence[str], wanted: Sequence[Wish]) -> Callable[[Form], Found]:
    rows = work.chosen_by

    def values_of(made: Form) -> dict[str, float]:
        asked = answers(made.predictor, work.store, rows)
        if not are_numbers(asked):
            return dict.fromkeys(metrics, math.nan)
        fitted = whole.settled_by(made.predictor, asked) if len(work.valid) else made.predictor  # as in the run that it gives
        found = evaluation(fitted, asked, replicates=0).metrics
        return {name: found[name].value for name in metrics}

    before = values_of(form)
    for name, value in before.items():
        require_value(name, value, len(rows), where=str(form.base), part="valid_fraction")

    def judge(made: Form) -> Found:
        own = before if made is form else values_of(made)
        drops = {name: points_lost(name, before[name], own[name]) for name in metrics}
        (line,) = latencies({"": made}, work, batches=(1,), threads=(num_threads(),), seconds=0.3)
        size = file_bytes(made, work.place / "sizes" / made.key)
        ms = line["ms"][""]["median"]
        measured = {"latency": ms, "size": size, **drops}
        meets = math.isfinite(drops[metrics[0]]) and all(measured[w.what] <= w.most for w in wanted)
        return Found(made, ms, size, drops, own[metrics[0]], meets)

    return judge


# -- what is tried -------------------------------------------------------------------------------------------------------
Plan = tuple[str, Asked]
"""A way, and what it is given."""


def planned(asked: Asked, *, own_module: bool = False) -> list[Plan]:
    """What is tried, cheap ways first; each that learns is followed by the int8 of what it learned.

    >>> [way for way, _given in planned(Asked(budget="size<=1MB", distill="cnn:tiny"), own_module=True)]
    ['bf16', 'int8', 'distill', 'int8']
    """
    int8 = ("int8", Asked(to="int8"))
    learned = [("distill", replace(asked, budget=""))] if asked.distill else []
    learned += [] if own_module else [("prune", Asked(prune=share)) for share in SHARES]  # it would need the module's code
    return [("bf16", Asked(to="bf16")), int8, *(plan for one in learned for plan in (one, int8))]


def guesses(form: Form, asked: Asked) -> dict[str, float]:
    """About how many seconds the ways that learn will take, by what the run's own training took."""
    took = artefact.read_json(form.base / "run.json").get("training", {}).get("seconds", 0.0)
    if asked.epochs is not None:
        share = asked.epochs / max(form.recipe.learning.epochs, 1e-9)
        return {"distill": took * share, "prune": took * share}
    return {"distill": took * distill.LONGER, "prune": took * prune.LEARNS_ON}


def _forms(
    form: Form, work: Work, plans: Sequence[Plan], course: Course, enough: Callable[[], bool]
) -> Iterator[Form | Failed]:
    """The forms that were planned, one after the other; no pruned one once there is `enough`.

    One that cannot be made is told with its reason, and nothing is made of it either.
    """
    learned: Form | None = form
    for way, given in plans:
        if way == "prune" and enough():
            return
        learns = card(WAYS, way).learns
        base = form if learns else learned
        if base is None:
            course.skips()
            continue
        name = given.words(way) if learns else " + ".join([*base.how, way])
        course.begins(name)
        try:
            made = load(WAYS, way).compress(base, work, given)
        except FukamiError as error:
            learned = None if learns else learned
            yield Failed(name, error.what)
            if error.code == "F-PRUNE-NOTHING":  # nor does any other share go
                return
            continue
        learned = made if learns else learned
        yield made


def is_best(one: Found, all_found: Sequence[Found]) -> bool:
    """Whether no other form is at least as good in time, size and loss, and better in one of them."""
    own = one.ms, one.size, one.drop
    others = [figures for other in all_found if (figures := (other.ms, other.size, other.drop)) != own]
    return not any(all(a <= b for a, b in zip(theirs, own, strict=True)) for theirs in others)


def _missed(found: Sequence[Found], wanted: Sequence[Wish]) -> GateError:
    def excess(one: Found) -> float:
        measured = {"latency": one.ms, "size": one.size, **one.drops}
        return max(measured[w.what] / w.most if w.most > 0 else 1 + max(measured[w.what], 0) for w in wanted)

    near = min(found, key=excess)
    lost = ", ".join(f"{name} {in_words(drop)}" for name, drop in near.drops.items())
    return GateError(
        "F-BUDGET-MISSED",
        _("no form of this run meets the budget on this machine, so nothing is written"),
        expected=", ".join(wish.text for wish in wanted),
        got=_("nearest: {how}").format(how=near.form.name) + f": {near.ms:.2f} ms, {near.size / 1e6:.2f} MB, {lost}",
        fix=_("ask for less, or name a smaller model with --distill"),
    )
