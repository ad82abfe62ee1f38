"""A text in, another one out: corrections, answers to questions, dates and names in one form, code from words.

Use it for pairs of texts of which one follows from the other; of two languages `translation` is for, of a text and what matters
of it `summarization`. Source and answer share their pieces, so that what stays as it is may be copied.
"""

from fukami.core.cards import TaskCard
from fukami.fields.text.field import Text
from fukami.fields.written.field import Written
from fukami.tasks.compose import by_whole_models
from fukami.tasks.contract import Task
from fukami.tasks.writing import Search, searched, staged

CARD = TaskCard(
    name="text-to-text",
    summary="a text in, another text out: a correction, an answer, another form",
    inputs=("text",),
    targets=("written",),
    needs="sentence",
    headline="exact_match",
    also=("chrf", "rouge_l"),
    baselines=("copy", "usual_sentence", "nearest_sentence"),
    recipe="translating/text_to_text",
    validates="loss",
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return by_whole_models(
        CARD,
        (Text(name="text", options=Text.Options(level="bytes", vocabulary_size=4000, max_tokens=256)),),
        Written(name="answer"),
        answer=searched,
        graphs=staged,
        options=Search(),
    )
