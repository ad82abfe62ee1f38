"""One compression: of which run, as asked for, with which examples, into which folder; and the two sides that it compares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fukami.compress import gate
from fukami.compress.asked import Asked
from fukami.compress.contract import Form, Work
from fukami.compress.reopening import reopened
from fukami.evaluate import whole
from fukami.evaluate.evaluation import Evaluation
from fukami.evaluate.examples import Judged
from fukami.evaluate.spool import Spool
from fukami.opened import Opened
from fukami.predictor import Predictor


@dataclass(frozen=True)
class Job:
    """What one call of the verb works on. `judged` are the examples that both sides are judged on."""

    run: Opened
    asked: Asked
    judged: Judged
    work: Work
    out: Path

    @property
    def first(self) -> Form:
        """The run as it is."""
        return Form(base=self.run.path, predictor=self.run.predictor, recipe=self.run.recipe)

    @property
    def headline(self) -> str:
        """The metric that the gate looks at."""
        return self.run.predictor.task.card.headline

    @property
    def limits(self) -> dict[str, float]:
        """Metric → points of it that may be lost, the headline first. What a budget says of one holds here as well."""
        found = {self.headline: self.asked.allowed(self.headline)}
        for wish in self.asked.wishes:
            if wish.is_drop and wish.what != self.headline:
                found[wish.what] = min(wish.most, found.get(wish.what, wish.most))
        return found

    def place(self, row: int) -> str:
        """Where an example stands."""
        return whole.place(self.judged.columns[next(iter(self.run.predictor.task.inputs))], row)


@dataclass(frozen=True)
class Side:
    """A form, its files in `folder`, the predictor that opens from them, its unsettled answers and their judgement."""

    form: Form
    folder: Path
    predictor: Predictor
    answers: Spool
    evaluation: Evaluation

    @property
    def size(self) -> int:
        """Bytes of the file of weights."""
        return max(file.stat().st_size for file in self.folder.iterdir())


def side_of_run(job: Job) -> Side:
    """The run on the examples kept aside.

    Raises:
        GateError: F-COMPRESS-METRIC where they do not give a value to a metric that the gate looks at.
    """
    work, predictor, folder = job.work, job.run.predictor, job.work.place / "before"
    job.first.save(folder)
    asked = gate.answers(predictor, work.store, work.held_out)
    found = gate.evaluation(predictor, asked, columns=job.judged.columns)
    part = "test_fraction" if job.run.told["held_out"] == "test" else "valid_fraction"
    for name in job.limits:
        gate.require_value(name, found.metrics[name].value, len(asked), where=str(job.run.path), part=part)
    return Side(job.first, folder, predictor, asked, found)


def side_of(job: Job, form: Form, before: Side) -> Side:
    """`form` on the same examples, as it opens from its files.

    Other weights are sure in another way, so its target settles anew, on the validation examples.

    Raises:
        GateError: F-COMPRESS-NUMBER where an answer is no number.
    """
    work, folder = job.work, job.work.place / "after"
    made = whole.settled(reopened(form, folder), work.store, work.valid)
    asked = gate.answers(made, work.store, work.held_out)
    difference, row = gate.worst_example(job.run.predictor.task.target, before.answers, asked)
    gate.require_numbers(difference, job.place(row))
    return Side(form, folder / "model", made, asked, gate.evaluation(made, asked, columns=job.judged.columns))


def metrics(before: Side, after: Side) -> dict[str, dict[str, Any]]:
    """Metric → `{"before", "after"}`."""
    sides = {"before": before.evaluation.metrics, "after": after.evaluation.metrics}
    return {name: {side: values[name].value for side, values in sides.items()} for name in before.evaluation.metrics}
