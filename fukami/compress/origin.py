"""The run that a recipe goes on from: the teacher of a student, and the weights that are pruned."""

from pathlib import Path

from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.recipe import Recipe


def require_origin(recipe: Recipe) -> None:
    """Raises `UsageError` F-COMPRESS-ORIGIN where `recipe` goes on from a run that is gone; asked before any data is read."""
    places = {"teacher": recipe.learning.teacher, "pretrained": recipe.model.pretrained if recipe.model.prune else ""}
    for name, place in places.items():
        if place and not Path(place).is_dir():
            raise UsageError(
                "F-COMPRESS-ORIGIN",
                _("the recipe goes on from a run that is not there any more"),
                where=place,
                expected=_("the run that this one was compressed from"),
                fix=_("put it back, or say where it is now: {option}").format(option=f"--set {name}=RUN"),
            )
