"""What a user may want to do next with a run: whole commands, each with what it does."""

import shlex
from pathlib import Path

from fukami.core.cards import card
from fukami.core.language import _


def next_commands(run: Path, example: str, task: str) -> list[tuple[str, str]]:
    """The most useful commands for the run in this folder, of those that have a meaning for the task; `example` is something
    that it can be asked about."""
    place, without = shlex.quote(str(run)), card("tasks", task).without
    told = [
        (f"fukami predict {place} {shlex.quote(example)}", _("answers for new inputs")),
        (f"fukami explain {place}", _("why: what in an input speaks for the answer, tested by taking it away")),
        (f"fukami evaluate {place}", _("the whole judgement: intervals, baselines, groups")),
        (f"fukami export {place} --to onnx", _("ONNX, with a predict.py that needs neither Fukami nor torch")),
        (f"fukami train {shlex.quote(str(run / 'recipe.toml'))}", _("repeat this training, to the same weights")),
    ]
    return [(command, sentence) for command, sentence in told if command.split()[1] not in without]
