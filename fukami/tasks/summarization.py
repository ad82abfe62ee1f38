"""A text in, what matters of it out in a few words: articles, conversations, minutes.

Use it for texts and the summaries that people wrote of them. Source and summary share their pieces, so that names and words of
the source may be copied.
"""

from fukami.core.cards import TaskCard
from fukami.fields.text.field import Text
from fukami.fields.written.field import Written
from fukami.tasks.compose import by_whole_models
from fukami.tasks.contract import Task
from fukami.tasks.writing import Search, searched, staged

CARD = TaskCard(
    name="summarization",
    summary="a text in, a summary of it out",
    inputs=("text",),
    targets=("written",),
    needs="sentence",
    headline="rouge_l",
    also=("rouge_1", "rouge_2", "chrf"),
    baselines=("lead", "usual_sentence", "nearest_sentence"),
    recipe="translating/summarization",
    validates="loss",
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return by_whole_models(
        CARD,
        (Text(name="text", options=Text.Options(level="bytes", vocabulary_size=4000, max_tokens=300)),),
        Written(name="summary"),
        answer=searched,
        graphs=staged,
        options=Search(),
    )
