"""A text in, another one out: translation, and whatever else is written from a text (summaries, corrections, other styles).

Use it for pairs of texts that say the same in two languages, or of which one follows from the other.
"""

from fukami.core.cards import TaskCard
from fukami.fields.sentence.field import Sentence
from fukami.fields.text.field import Text
from fukami.tasks.compose import by_whole_models
from fukami.tasks.contract import Task
from fukami.tasks.writing import Search, searched, staged

CARD = TaskCard(
    name="translation",
    summary="a text in, a text in another language out",
    inputs=("text",),
    targets=("sentence",),
    needs="sentence",
    headline="bleu",
    also=("chrf",),
    baselines=("copy", "usual_sentence", "nearest_sentence"),
    recipe="translating/translation",
    validates="loss",
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return by_whole_models(
        CARD,
        (Text(name="text", options=Text.Options(max_tokens=256)),),
        Sentence(name="translation"),
        answer=searched,
        graphs=staged,
        options=Search(),
    )
