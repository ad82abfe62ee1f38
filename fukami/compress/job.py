"""One compression: of which run, as asked for, with which examples, into which folder; and the two sides that it compares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fukami.compress import gate, writing
from fukami.compress.asked import Asked
from fukami.compress.contract import Form, Work
from fukami.evaluate import whole
from fukami.evaluate.evaluation import Evaluation
from fukami.evaluate.examples import Judged
from fukami.evaluate.spool import Spool
from fukami.predictor import Predictor

if TYPE_CHECKING:
    from fukami.run import Run


@dataclass(frozen=True)
class Job:
    """What one call of the verb works on. `judged` are the examples that both sides are judged on."""

    run: Run
    asked: Asked
    judged: Judged
    work: Work
    out: Path

    @property
    def first(self) -> Form:
        """The run as it is."""
        return Form(base=self.run.path, predictor=self.run.predictor, recipe=self.run.predictor.recipe)

    @property
    def headline(self) -> str:
        """The metric that the gate looks at."""
        return self.run.predictor.task.card.headline

    def place(self, row: int) -> str:
        """Where an example stands."""
        return whole.place(self.judged.columns[next(iter(self.run.predictor.task.inputs))], row)


@dataclass(frozen=True)
class Side:
    """A form, its files in `folder`, the predictor that opens from them, its answers before calibration and their judgement."""

    form: Form
    folder: Path
    predictor: Predictor
    answers: Spool
    evaluation: Evaluation

    @property
    def size(self) -> int:
        """Bytes of the file of weights."""
        return max(file.stat().st_size for file in self.folder.iterdir())


def sides(job: Job, form: Form) -> tuple[Side, Side]:
    """The run and `form` on the examples kept aside, each as it opens from its files.

    Other weights are sure in another way, so the temperature of `form` is fitted anew, on the validation examples.

    Raises:
        GateError: F-COMPRESS-NUMBER where an answer of `form` is no number.
    """
    work, before, after = job.work, job.work.place / "before", job.work.place / "after"
    job.first.save(before)
    made = whole.calibrated(writing.reopened(form, after), work.store, work.valid)
    asked = [gate.answers(predictor, work.store, work.held_out) for predictor in (job.run.predictor, made)]
    difference, row = gate.worst_example(*asked)
    gate.require_numbers(difference, job.place(row))
    old, new = (gate.evaluation(predictor, raw) for predictor, raw in zip((job.run.predictor, made), asked, strict=True))
    return Side(job.first, before, job.run.predictor, asked[0], old), Side(form, after / "model", made, asked[1], new)


def metrics(before: Side, after: Side) -> dict[str, dict[str, Any]]:
    """Metric → `{"before", "after"}`."""
    sides = {"before": before.evaluation.metrics, "after": after.evaluation.metrics}
    return {name: {side: values[name].value for side, values in sides.items()} for name in before.evaluation.metrics}
