"""A recording in, its letters out, by connectionist temporal classification: of lengths of their own."""

from fukami.core.cards import TaskCard
from fukami.fields.letters.field import Letters
from fukami.fields.recording.field import Recording
from fukami.tasks.compose import by_whole_models

CARD = TaskCard(
    name="recordings-ctc",
    summary="a recording in, its letters out",
    inputs=("recording",),
    targets=("letters",),
    needs="letters",
    headline="letter-errors",
    recipe="recordings_ctc/usual",
)


def contract():
    return by_whole_models(CARD, (Recording(name="recording"),), Letters(name="letters"))
