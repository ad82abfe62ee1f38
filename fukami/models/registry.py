"""Names of models → cards → modules. Resolving names costs no import of torch.

>>> choice = resolve("resnet18", takes="image", needs="vector")
>>> choice.card.name, choice.options["architecture"]
('resnet', 'resnet18')
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fukami.core.cards import ModelCard, TaskCard, card, cards, load
from fukami.core.errors import UsageError, nearest, unknown
from fukami.core.language import _
from fukami.core.recipe import Recipe
from fukami.core.specs import ImageSpec, Specs
from fukami.models.checkpoint import choice_of
from fukami.models.choice import Choice

if TYPE_CHECKING:
    from torch import nn

    from fukami.models.contract import Network


def fitting(takes: str, needs: str) -> list[ModelCard]:
    """Cards of the families that read inputs of kind `takes` and give features of kind `needs`."""
    return [found for found in cards("models").values() if found.fits(takes, needs)]


def resolve(name: str, size: str = "", *, takes: str, needs: str) -> Choice:
    """What the user means by `name`.

    Args:
        name: a family (`resnet`), one of its sizes (`cnn:tiny`), a member of one (`resnet18`), a library's name
            (`timm:convnext_tiny`, `hf:NAME`), or the folder of a checkpoint.
        size: a size of the family; empty for its default, or where the name has it.
        takes: the kind of the input field.
        needs: the kind of features that the task needs.

    Raises:
        UsageError: F-MODEL-NAME, F-MODEL-SIZE, or F-KIND-FIT where the model exists but does not fit.
    """
    name, size = divided(name, size)
    choice = _adapted(name, size) or _folder(name) or _family(name, size, takes=takes, needs=needs)
    if not choice.card.fits(takes, needs):
        raise _misfit(choice, takes, needs)
    return replace(choice, takes=takes)


def divided(name: str, size: str = "") -> tuple[str, str]:
    """A model's name and the size that stands behind its colon; a library's name and a folder keep theirs.

    >>> divided("cnn:tiny"), divided("cnn", "tiny"), divided("timm:convnext_tiny")
    (('cnn', 'tiny'), ('cnn', 'tiny'), ('timm:convnext_tiny', ''))

    Raises:
        UsageError: F-MODEL-SIZE where `size` is given as well and is another.
    """
    family, _colon, behind = name.rpartition(":")
    adapted = any(found.prefix and name.startswith(found.prefix) for found in cards("models").values())
    if not family or not behind.isidentifier() or adapted or Path(name).is_dir():
        return name, size
    if size not in ("", behind):
        raise UsageError(
            "F-MODEL-SIZE", _("the model has two sizes"), expected=f"{family}:{behind} | {family}:{size}", got=f"{name}, {size}"
        )
    return family, behind


def apart(recipe: Recipe) -> Recipe:
    """The recipe with its model's name and size in their own places, where the name has both: `cnn:tiny`."""
    name, size = divided(recipe.model.name, recipe.model.size)
    if name == recipe.model.name:
        return recipe
    return replace(recipe, model=replace(recipe.model, name=name, size=size), chosen=recipe.chosen | {"size"})


def fitted_by(recipe: Recipe) -> dict[str, Any] | None:
    """The settings by which the recipe's model is fitted at once (`ModelCard.fitted`); None where it learns in steps.

    >>> fitted_by(Recipe("tabular-regression").changed({"model.name": "boosting"}))
    {'learning_rate': 0.05}
    """
    found = cards("models").get(divided(recipe.model.name)[0])
    return None if found is None else found.fitted.get(card("tasks", recipe.task).asked)


def require_steps(recipe: Recipe, what: str) -> None:
    """Raises `UsageError` F-MODEL-FITTED where `what` (a verb, an option) means steps, and the recipe's model has none."""
    if fitted_by(recipe) is not None:
        model = recipe.model.name
        raise UsageError(
            "F-MODEL-FITTED",
            _("{what} has no meaning for {model}, which is fitted at once and not in steps").format(what=what, model=model),
            fix=_("a network learns in steps: train one with --model auto"),
        )


def _adapted(name: str, size: str) -> Choice | None:
    """`timm:NAME` and the like."""
    for found in cards("models").values():
        if found.prefix and name.startswith(found.prefix):
            _refuse_size(name, size)
            architecture = name.removeprefix(found.prefix)
            load("models", found.name).check(architecture)
            weights = architecture if Path(architecture).is_dir() else ""
            return Choice(found, name, "", {**found.options, "architecture": architecture}, weights)
    return None


def _folder(name: str) -> Choice | None:
    """The folder of a checkpoint: a run, its `model/`, or one of timm or transformers."""
    places = [place for place in (Path(name), Path(name, "model")) if (place / "config.json").is_file()]
    if not places:
        if name.startswith((".", "/", "~")) or Path(name).is_dir():
            raise UsageError(
                "F-MODEL-FOLDER",
                _("there is no checkpoint in this folder"),
                where=name,
                expected=_("a folder with config.json and model.safetensors"),
            )
        return None
    return choice_of(places[0])


def _family(name: str, size: str, *, takes: str, needs: str) -> Choice:
    families = {found.name: found for found in cards("models").values() if not found.prefix}
    members = {member: found for found in families.values() for member in found.members}
    for spelling in (name, name.lower(), name.lower().replace("_", "-"), name.lower().replace("-", "_")):
        if spelling in families:
            return _sized(families[spelling], name, size)
        if spelling in members:
            _refuse_size(name, size)
            found = members[spelling]
            return Choice(found, name, "", {**found.options, **found.members[spelling]})
    fit = [found.name for found in fitting(takes, needs) if not found.prefix]
    error = unknown(_("model"), name, [*fit, *members, *families], code="F-MODEL-NAME")
    adapters = ", ".join(f"{found.prefix}NAME" for found in fitting(takes, needs) if found.prefix)
    error.expected = ", ".join([*fit, *([adapters] if adapters else [])])
    raise UsageError(error.code, error.what, expected=error.expected, got=name, fix=error.fix)


def _sized(found: ModelCard, name: str, size: str) -> Choice:
    size = size or found.size
    if size and size not in found.sizes:
        if not found.sizes:
            raise UsageError("F-MODEL-SIZE", _("{model} has no sizes").format(model=found.name), got=size)
        error = unknown(_("size"), size, found.sizes, code="F-MODEL-SIZE")
        raise UsageError(error.code, error.what, where=found.name, expected=", ".join(found.sizes), got=size, fix=error.fix)
    return Choice(found, name, size, {**found.options, **(found.sizes[size] if size else {})})


def _refuse_size(name: str, size: str) -> None:
    if size:
        raise UsageError(
            "F-MODEL-SIZE",
            _("{model} is one network, so it has no sizes").format(model=name),
            got=size,
            fix=_("leave out the size"),
        )


def _misfit(choice: Choice, takes: str, needs: str) -> UsageError:
    fit = ", ".join(f"{found.prefix}NAME" if found.prefix else found.name for found in fitting(takes, needs))
    if takes not in choice.card.takes:
        expected, got = _("a model that reads `{kind}`").format(kind=takes), "`" + "`, `".join(choice.card.takes) + "`"
    else:
        gives = choice.card.only.get(takes, choice.card.gives)
        expected, got = _("features of kind `{kind}`").format(kind=needs), "`" + "`, `".join(gives) + "`"
    return UsageError(
        "F-KIND-FIT",
        _("{model} does not fit this task").format(model=choice.name),
        expected=expected,
        got=_("{kinds} from {model}").format(kinds=got, model=choice.name),
        fix=_("choose one of {names}").format(names=fit),
    )


FEATURES = ("vector", "sequence", "grid", "pyramid", "nodes")
"""Kinds of features; what a model gives besides is the answer itself."""


def build(
    choice: Choice, spec: Specs, *, gives: str = "vector", options: dict[str, Any] | None = None, target: Any = None
) -> "nn.Module":
    """The encoder, or the whole model, with new weights drawn from torch's generator.

    Args:
        choice: from `resolve`.
        spec: from the input field, or from several by name.
        gives: the kind of features wanted, or of target.
        options: the user's; they go before those of the size, which go before the family's defaults.
        target: what a whole model has to know of its target (`TargetField.target_spec`).

    Raises:
        UsageError: an option that the family does not have or a value of the wrong type; a picture that is too small.
    """
    merged = {**choice.options, **checked(choice, options or {})}
    if isinstance(spec, ImageSpec):
        _require_size(choice, spec)
    if choice.card.kin:
        merged["family"] = choice.card.name
    from fukami.layers.dropout import quicken

    whole = {} if gives in FEATURES else {"target": target}
    return quicken(load("models", choice.card.name).build(spec, gives=gives, **whole, **merged))


def checked(choice: Choice, options: dict[str, Any]) -> dict[str, Any]:
    """The user's options, each with the type of its default."""
    found = {}
    for key, value in options.items():
        if key not in choice.options:
            close = nearest(key, choice.options)
            raise UsageError(
                "F-MODEL-OPTION",
                _("{model} has no option called {key}").format(model=choice.name, key=key),
                expected=_("one of {names}").format(names=", ".join(sorted(choice.options))),
                got=key,
                fix=_("did you mean {names}?").format(names=", ".join(close)) if close else "",
            )
        found[key] = _as_type(choice.name, key, value, choice.options[key])
    return found


def _as_type(model: str, key: str, value: Any, default: Any) -> Any:
    kind = type(default)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if (kind is float and number) or (kind is int and number and value == int(value)):
        return kind(value)
    if isinstance(value, kind) and isinstance(value, bool) == (kind is bool):
        return value
    if kind is bool and value in (0, 1):
        return bool(value)
    raise UsageError(
        "F-MODEL-OPTION",
        _("the option {key} of {model} cannot be that").format(key=key, model=model),
        expected=f"{kind.__name__}, {default!r}",
        got=repr(value),
    )


def _require_size(choice: Choice, spec: ImageSpec) -> None:
    least = int(choice.card.image.get("least_size_px", 1))
    if min(spec.height, spec.width) < least:
        raise UsageError(
            "F-MODEL-SPEC",
            _("the pictures are too small for {model}").format(model=choice.name),
            expected=_("{n} pixels or more").format(n=least),
            got=f"{spec.height} × {spec.width}",
            fix=f"--set size_px={max(least, int(choice.card.image.get('min_size_px', least)))}",
        )


def wrap(module: "nn.Module", spec: Any, num_outputs: int, *, kept: bool = False) -> "Network":
    """A network made of the user's own module; `models/wrapped.py` says how it is called and what it may answer."""
    from fukami.models.wrapped import wrap as wrapped

    return wrapped(module, spec, num_outputs, kept=kept)


def reference(family: ModelCard, takes: str) -> Any:
    """The inputs of kind `takes` for which the family's parameters are listed; of pictures, the smallest that it takes.
    Several (`image+text`) are called by their numbers.

    >>> reference(card("models", "cnn"), "image").height, reference(card("models", "resnet"), "image").height
    (32, 64)
    """
    from fukami.fields.registry import input_class

    if "+" in takes:
        return {str(number): reference(family, kind) for number, kind in enumerate(takes.split("+"))}
    return input_class(takes).Spec.reference().at_least(int(family.image.get("min_size_px", 0)))


def count_parameters(choice: Choice, spec: Specs, *, options: dict[str, Any] | None = None) -> int:
    """Number of learned numbers in the encoder; nothing is allocated."""
    import torch

    with torch.device("meta"):
        return sum(p.numel() for p in build(choice, spec, options=options).parameters() if p.requires_grad)


def rows(task: TaskCard) -> list[dict[str, Any]]:
    """The models that fit a task, for `fukami models TASK`.

    Each has `name`, `summary`, `source`, `sizes` (size → parameters without the head, for the inputs of `reference`; the key is
    empty where the family has no sizes), `default` (a size) and `members`. Adapters have no sizes.
    """
    takes = task.asked
    return [
        {
            "name": f"{found.prefix}NAME" if found.prefix else found.name,
            "summary": _(found.summary),
            "source": found.source,
            "sizes": {} if found.prefix else listed_parameters(found, takes),
            "default": found.size,
            "members": list(found.members) if takes == found.takes[0] else [],
        }
        for found in fitting(takes, task.needs)
    ]


def listed_parameters(family: ModelCard, takes: str) -> dict[str, int]:
    """Size → number of parameters for the inputs of `reference`, from the card, or counted."""
    if takes in family.parameters:
        return dict(family.parameters[takes])
    sizes = family.sizes or [""]
    return {size: count_parameters(_sized(family, family.name, size), reference(family, takes)) for size in sizes}


__all__ = ["Choice", "build", "card", "count_parameters", "fitting", "reference", "resolve", "rows", "wrap"]
