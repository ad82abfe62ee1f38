"""A text in, a passage of it out: a target that lies on its input, told in characters."""

from fukami.core.cards import TaskCard
from fukami.fields.span.field import Span
from fukami.fields.text.field import Text
from fukami.tasks.compose import by_whole_models

CARD = TaskCard(
    name="spans",
    summary="a text in, a passage of it out",
    inputs=("text",),
    targets=("span",),
    needs="span",
    headline="exact-span",
    recipe="spans/usual",
)


def contract():
    return by_whole_models(CARD, (Text(name="text"),), Span(name="span"))
