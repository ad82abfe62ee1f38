"""A run as a server asks it: raw values that came over the network to answers, without a word on standard error."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from fukami.answer_table import notes_of
from fukami.answers import Columns, Group, Singles, answered, together
from fukami.core import beforehand
from fukami.core.given import from_afar
from fukami.opened import Opened
from fukami.serve.hosted import Told, no_text, require_options
from fukami.tasks.contract import Task


class ServedRun:
    """A run that is open. Raises `UsageError` where its task cannot be served."""

    def __init__(self, run: Opened):
        self.run, self.path = run, run.path
        beforehand.require_meaning(self.run.task, "predict")
        beforehand.require_meaning(self.run.task, "serve")
        self.task, self.model = self.run.task, self.run.told["model"]["name"] or ""
        task = self.run.predictor.task
        self.schemas: dict[str, Any] = {name: field.schema() for name, field in task.inputs.items()}
        self.options: dict[str, Any] = {} if task.options is None else asdict(task.options)
        self.tables = not any("contentEncoding" in one for one in self.schemas.values())  # else cells would name files
        self.writes = "text" in task.target.schema().get("properties", {})

    def ask(self, values: Sequence[Any], options: dict[str, Any]) -> list[Told]:
        run = self._asked_with(options)
        task = run.predictor.task
        single: Singles = [(f"[{number}]", value) for number, value in enumerate(values)]
        with from_afar():
            return [told for group in together(task, single) for told in told_of(run, group)]

    def streamed(self, value: Any, options: dict[str, Any]) -> Iterator[str]:
        """Text as it is written where the network writes token by token; else all of it at once."""
        if not self.writes:
            raise no_text(self.path)
        run = self._asked_with(options)
        with from_afar():
            (told,) = self.ask([value], options) if not run.predictor.writes else (None,)
            if told is None:
                (group,) = together(run.predictor.task, [("[0]", value)])
                if group.errors:
                    raise group.errors[0]
                yield from run.predictor.written(group.columns)
                return
        if told.error:
            raise told.error
        yield told.answer["text"]

    def _asked_with(self, options: dict[str, Any]) -> Opened:
        if not options:
            return self.run
        require_options(list(self.options), options)
        return self.run.asked_with({name: str(value) for name, value in options.items()})


def told_of(run: Opened, group: Group) -> list[Told]:
    """What is told of a group; only where something in it is unfamiliar, each input is looked at for it."""
    task, odd = run.predictor.task, []

    def unfamiliar(task: Task, columns: Columns) -> None:
        odd.extend(problem for name, field in task.inputs.items() for problem in field.unfamiliar(columns[name]))

    told = answered(run.predictor, group, unfamiliar=unfamiliar)
    notes = notes_of(task, group, told) if odd else [""] * len(told)
    return [
        Told({k: v for k, v in one.items() if k not in ("input", "error")}, one.get("error"), "" if "error" in one else note)
        for one, note in zip(told, notes, strict=True)
    ]
