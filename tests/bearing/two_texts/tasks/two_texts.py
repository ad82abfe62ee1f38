"""A pair of texts in, a class out: two inputs of one kind."""

from fukami.core.cards import TaskCard
from fukami.fields.category.field import Category
from fukami.fields.text.field import Text
from fukami.tasks.compose import predict_one_target

CARD = TaskCard(
    name="two-texts",
    summary="a pair of texts in, a class out",
    inputs=("text", "text"),
    targets=("category",),
    needs="vector",
    headline="accuracy",
    baselines=("majority", "linear"),
    recipe="two_texts/usual",
)


def contract():
    return predict_one_target(CARD, (Text(name="first"), Text(name="second")), Category(name="label"))
