"""What a user may want to do next with a run: whole commands, each with what it does."""

import shlex
from pathlib import Path

from fukami.core.language import _


def next_commands(run: Path, example: str) -> list[tuple[str, str]]:
    """The most useful commands for the run in this folder; `example` is something that it can be asked about."""
    place = shlex.quote(str(run))
    return [
        (f"fukami predict {place} {shlex.quote(example)}", _("answers for new inputs")),
        (f"fukami explain {place}", _("why: what in an input speaks for the answer, tested by taking it away")),
        (f"fukami evaluate {place}", _("the whole judgement: intervals, baselines, groups")),
        (f"fukami export {place} --to onnx", _("ONNX, with a predict.py that needs neither Fukami nor torch")),
        (f"fukami train {shlex.quote(str(run / 'recipe.toml'))}", _("repeat this training, to the same weights")),
    ]
