"""Ways that learn: their recipe, trained by the engine as any other, into a run of its own in between."""

from typing import Any

from fukami.compress.contract import Form, Work
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.recipe import Recipe


def settled(recipe: Recipe, settings: dict[str, Any], work: Work) -> Recipe:
    """`recipe` with a way's own settings; what the caller chose goes before them."""
    free = {name: ("options", name) for name in recipe.model.options}
    return recipe.changed({**settings, **work.settings}, free=free)


def trained(form: Form, work: Work, recipe: Recipe, how: str) -> Form:
    """The form that `recipe` learns, from the data that the first run learned from."""
    base, predictor = work.learn(recipe)
    return Form(base=base, predictor=predictor, recipe=predictor.recipe, how=(*form.how, how), told=form.told)


def require_choice(form: Form) -> None:
    """Raises `UsageError` where the network was a module of the caller's own: a recipe cannot name it."""
    if form.predictor.choice is None:
        raise UsageError(
            "F-COMPRESS-MODULE",
            _("the network is a module of your own, which a further training could not build"),
            where=str(form.base),
            fix="--to int8 | --to bf16",
        )
