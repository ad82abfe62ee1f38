"""A search for the form of a run that meets a budget: cheap ways first, those that learn only where these do not suffice.

Every form that was made is measured on this machine and stands in the table. Those are marked which no other beats in all
three: time, size and what is lost (Pareto).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fukami.compress.contract import Form, Work
from fukami.compress.gate import answers, drop_of, evaluation
from fukami.compress.graphs import file_bytes, graph_of, latencies, num_threads
from fukami.compress.wishes import Wish
from fukami.core.cards import load
from fukami.core.errors import GateError, UsageError
from fukami.core.language import _

SHARES = (0.3, 0.5, 0.7)
"""How much is pruned, one after the other, where numbers alone do not suffice."""


@dataclass(frozen=True)
class Found:
    """A form and its figures: milliseconds for one example, bytes, and metrics on the examples by which forms are chosen."""

    form: Form
    ms: float
    size: int
    drops: dict[str, float]
    value: float
    meets: bool

    def told(self, *, best: bool, chosen: bool) -> dict[str, Any]:
        """A line of the table, as JSON. `best` where no other form is better in everything."""
        return {
            "how": " + ".join(self.form.how) or "float32",
            "latency_ms": round(self.ms, 4),
            "bytes": self.size,
            "value": self.value,
            "drops": {name: round(drop, 3) for name, drop in self.drops.items()},
            "meets": self.meets,
            "pareto": best,
            "chosen": chosen,
        }


def search(
    form: Form,
    work: Work,
    wanted: Sequence[Wish],
    *,
    students: Sequence[str] = (),
    say: Callable[[str], None] = lambda _text: None,
) -> tuple[Form, list[dict[str, Any]]]:
    """The form that meets the budget with the least loss, and the table of all that were measured.

    Raises:
        GateError: F-BUDGET-MISSED where none does; the message names the one that comes nearest.
    """
    headline = form.predictor.task.card.headline
    metrics = tuple(dict.fromkeys([headline, *(wish.what for wish in wanted if wish.is_drop)]))
    judge = _judging(form, work, metrics, wanted)
    found = [judge(form)]
    for made in _candidates(form, work, students, lambda: any(one.meets for one in found)):
        found.append(judge(made))
        last = found[-1]
        say(f"{' + '.join(made.how)}: {last.ms:.2f} ms, {last.size / 1e6:.2f} MB, {headline} {last.value:.4f}")
    good = [one for one in found if one.meets]
    best = min(good, key=lambda one: (round(one.drops[headline], 1), one.ms)) if good else None
    table = [one.told(best=is_best(one, found), chosen=one is best) for one in found]
    if best is None:
        raise _missed(found, wanted)
    return best.form, table


def _judging(form: Form, work: Work, metrics: Sequence[str], wanted: Sequence[Wish]) -> Callable[[Form], Found]:
    rows = work.chosen_by
    values = evaluation(form.predictor, answers(form.predictor, work.store, rows), replicates=0).metrics

    def judge(made: Form) -> Found:
        asked = values if made is form else None
        own = asked or evaluation(made.predictor, answers(made.predictor, work.store, rows), replicates=0).metrics
        drops = {name: drop_of(name, values[name].value, own[name].value) for name in metrics}
        (line,) = latencies({"": graph_of(made, work)}, made, work, batches=(1,), threads=(num_threads(),), seconds=0.3)
        size = file_bytes(made, work.place / "sizes" / made.key)
        ms = line["ms"][""]["median"]
        measured = {"latency": ms, "size": size, **drops}
        return Found(made, ms, size, drops, own[metrics[0]].value, all(measured[w.what] <= w.most for w in wanted))

    return judge


def _candidates(form: Form, work: Work, students: Sequence[str], enough: Callable[[], bool]) -> Iterator[Form]:
    """Forms to measure, cheap ones first; those that learn as long as nothing was `enough`."""
    int8, bf16 = load("compress/ways", "int8"), load("compress/ways", "bf16")
    yield bf16.compress(form, work)
    yield int8.compress(form, work)
    for way, asked in [*(("distill", name) for name in students), *(("prune", share) for share in SHARES)]:
        if enough() and way == "prune":
            return
        try:
            learned = load("compress/ways", way).compress(form, work, asked)
        except UsageError as error:
            if error.code not in ("F-PRUNE-NOTHING", "F-COMPRESS-MODULE"):
                raise
            return  # this network has nothing that can be taken out
        yield learned
        yield int8.compress(learned, work)


def is_best(one: Found, all_found: Sequence[Found]) -> bool:
    """Whether no other form is at least as good in time, size and loss, and better in one of them."""

    def figures(found: Found) -> tuple[float, ...]:
        return found.ms, found.size, next(iter(found.drops.values()))

    own = figures(one)
    others = [figures(other) for other in all_found if figures(other) != own]
    return not any(all(a <= b for a, b in zip(theirs, own, strict=True)) for theirs in others)


def _missed(found: Sequence[Found], wanted: Sequence[Wish]) -> GateError:
    def excess(one: Found) -> float:
        measured = {"latency": one.ms, "size": one.size, **one.drops}
        return max(measured[w.what] / w.most if w.most > 0 else 1 + max(measured[w.what], 0) for w in wanted)

    near = min(found, key=excess)
    drops = ", ".join(f"{name}-drop {drop:.2f}" for name, drop in near.drops.items())
    return GateError(
        "F-BUDGET-MISSED",
        _("no form of this run meets the budget on this machine, so nothing is written"),
        expected=", ".join(wish.text for wish in wanted),
        got=_("nearest: {how}").format(how=" + ".join(near.form.how) or "float32")
        + f": latency {near.ms:.2f} ms, size {near.size / 1e6:.2f} MB, {drops}",
        fix=_("ask for less, or name a smaller model with --distill"),
    )
