"""A recording of speech in, what is said in it out, with when each word is heard.

Use it for transcripts, commands, spoken numbers. Data: recordings and their texts, in the layouts of LibriSpeech, LJ Speech and
Common Voice, in a table, in a text file beside each recording, or in the names of files.
"""

from fukami.core.cards import TaskCard
from fukami.fields.audio.field import Audio
from fukami.fields.transcript.field import Transcript
from fukami.tasks.compose import by_whole_models
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="speech-recognition",
    summary="a recording of speech in, what is said in it out",
    inputs=("audio",),
    targets=("transcript",),
    needs="transcript",
    headline="wer",
    also=("cer",),
    baselines=("usual_transcript", "silence"),
    recipe="speech/recognition",
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return by_whole_models(CARD, (Audio(name="audio"),), Transcript(name="transcript"))
