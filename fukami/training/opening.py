"""How a training finds its place: a new folder, the state of an interrupted training, or the run that is there already."""

from typing import Any

from fukami.core import artefact, unfinished
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.recipe import Recipe, option_names
from fukami.engine.ranks import Ranks
from fukami.models import registry
from fukami.training.asked import Asked
from fukami.training.begin import say
from fukami.training.lock import cleared, is_empty
from fukami.training.written import recipe_of, recipe_of_unfinished, settled

SETTLED = ("minutes", "find_learning_rate", "devices")
"""Options that become others when a training begins: minutes become epochs, a range test a rate; devices may be others."""


def opened_by_first(asked: Asked, *, resume: bool, ranks: Ranks) -> Recipe | None:
    """The recipe that all processes train by; None where the run is there already.

    Processes that were started again because one was lost resume what they find.
    """
    found: list[Recipe] = []

    def opening() -> str:
        artefact.recover(asked.out)
        if asked.out.exists() and (resume or ranks.again):
            require_unchanged(asked)
            return ""
        artefact.refuse_existing(asked.out)
        begun = ranks.again and unfinished.is_begun(asked.place)
        found.append(opened(asked, resume=resume or begun, again=ranks.again))
        return found[0].to_toml()

    told = ranks.told(opening)
    if not told:
        return None
    return found[0] if found else recipe_of(told)


def opened(asked: Asked, *, resume: bool, again: bool = False) -> Recipe:
    """The recipe to train by: the interrupted training's own where it is resumed, else the one asked for, in a fresh folder.

    Processes that begin `again` before anything was saved leave in it what those before them noted about memory.

    Raises `UsageError` F-RESUME-NOTHING where nothing is there to resume, F-RESUME-WAITS where something would be lost,
    F-RESUME-TASK where what waits is a training for another task.
    """
    place = asked.place
    if resume:
        if is_empty(place):
            raise UsageError(
                "F-RESUME-NOTHING",
                _("there is no interrupted training to resume"),
                where=str(asked.out),
                fix=_("train without --resume, or name its --out"),
            )
        kept = recipe_of_unfinished(place)
        if kept is None:
            return asked.recipe
        if kept.task != asked.recipe.task:
            raise UsageError(
                "F-RESUME-TASK",
                _("the interrupted training is for another task"),
                where=str(place),
                expected=kept.task,
                got=asked.recipe.task,
                fix=unfinished.command(asked.out),
            )
        say_ignored(registry.apart(asked.recipe), kept)
        return kept
    if unfinished.is_saved(place):
        raise UsageError(
            "F-RESUME-WAITS",
            _("an interrupted training of this run waits to be resumed"),
            where=str(place),
            expected=_("--resume, another --out, or that folder deleted"),
            fix=unfinished.command(asked.out),
        )
    if not again:
        cleared(place)
    return asked.recipe


def require_unchanged(asked: Asked) -> None:
    """Raises `UsageError` F-RESUME-FINISHED where a finished training is to go on with other options, such as more epochs."""
    if not (asked.out / unfinished.RECIPE).exists():
        return
    others = differing(registry.apart(asked.recipe), settled(asked.out / unfinished.RECIPE))
    if others:
        raise UsageError(
            "F-RESUME-FINISHED",
            _("this training is finished: it cannot go on, as its last rates are spent and what it would need is not kept"),
            where=str(asked.out),
            expected=", ".join(f"{name}={own}" for name, _typed, own in others),
            got=", ".join(f"{name}={typed}" for name, typed, _own in others),
            fix=_("train anew: the same command without --resume, and with another --out"),
        )


def say_ignored(asked: Recipe, kept: Recipe) -> None:
    """Says which of the options that were typed a resumed training does not follow: its own were settled when it began."""
    for name, _typed, own in differing(asked, kept):
        say(_("the resumed training keeps {name}={value}, as it began").format(name=name, value=own))


def differing(asked: Recipe, kept: Recipe) -> list[tuple[str, Any, Any]]:
    """Name, value and the kept value of the options that were typed and are others than those that a training began with."""
    told = kept.sections()
    return [
        (name, getattr(options, name), getattr(told[section], name))
        for section, options in asked.sections().items()
        for name in sorted(option_names(options))
        if name in asked.chosen and name not in SETTLED and getattr(options, name) != getattr(told[section], name)
    ]
