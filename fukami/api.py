"""The verbs as functions: what the command line calls, and what `import fukami` offers. None of them asks which task it serves.

Every function takes what a person would type and returns plain values or a `Run`; heavy libraries load when a verb needs them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from fukami.core import beforehand, worker
from fukami.core.cards import ModelCard, cards, known
from fukami.core.cards import card as card_of
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.recipe import Recipe, free_names
from fukami.data.catalogue import require_source
from fukami.run import Run
from fukami.verbs import compress, diagnose, duplicates, evaluate, explain, export, predict, search

__all__ = ["check", "datasets", "load", "models", "options", "plan", "quickstart", "recipe_for", "recipe_from", "tasks"]
__all__ += ["train", "compress", "diagnose", "evaluate", "explain", "export", "predict", "search", "duplicates"]
"""What can be typed, what comes before and with a training; and what is done with a run."""


# -- what can be typed ---------------------------------------------------------------------------------------------------
def tasks() -> list[dict[str, Any]]:
    """Every task: its name, what goes in and out, and the metric that comes first."""
    return [
        {"name": c.name, "summary": _(c.summary), "inputs": list(c.inputs), "targets": list(c.targets), "headline": c.headline}
        for c in cards("tasks").values()
    ]


def models(task: str | None = None) -> list[dict[str, Any]]:
    """Every model, or those that fit `task`, with sizes, parameters and source."""
    from fukami.models import registry

    if task is not None:
        return registry.rows(card_of("tasks", task))
    return [_model_row(c) for c in cards("models").values()]


def _model_row(found: ModelCard) -> dict[str, Any]:
    told = {"name": found.name, "summary": _(found.summary), "takes": list(found.takes), "gives": list(found.gives)}
    return told | {"sizes": list(found.sizes), "source": found.source, "licence": found.licence}


def datasets() -> list[dict[str, Any]]:
    """Every public dataset that can be named instead of a path."""
    return [dataclasses.asdict(c) | {"summary": _(c.summary)} for c in cards("data/datasets").values()]


def options(task: str, model: str | None = None) -> dict[str, Any]:
    """Every name that `--set` and `settings` take for a task, with default, meaning and limits.

    Returns `{"task", "model", "options": [{"name", "section", "kind", "default", "meaning", "choices", "low", "high"}]}`; with
    `model`, what its family recommends stands beside: `"recommended"`, and `"fine_tuned"` where its weights are pretrained.
    """
    told = card_of("tasks", task)
    recipe = recipe_for(task, model=model)
    from fukami.core.options import columns, declared
    from fukami.models.options import families, recommending, rows
    from fukami.tasks.registry import contract

    choices = families(told, model)
    losses = [name for target in contract(task).targets.values() for name in target.losses]
    found = [
        *columns(task, list(recipe.fields)),
        *declared(recipe, choices={"loss": ["auto", *losses]} if losses else {}),
        *(row for choice in choices for row in rows(choice)),
    ]
    return {"task": task, "model": model, "options": recommending(found, choices[0]) if model else found}


# -- recipes -------------------------------------------------------------------------------------------------------------
def recipe_for(task: str, settings: dict[str, Any] | None = None, *, model: str | None = None) -> Recipe:
    """The recipe of `task` with `settings` applied: the names of `--set`, with text or values.

    Raises `UsageError` for an unknown task, option or value, naming the nearest.
    """
    given = {**({"model.name": model} if model else {}), **(settings or {})}
    require_model(task, given)  # before anything heavy is loaded
    from fukami.tasks.registry import contract

    known = contract(task)
    fields = known.fields
    recipe = Recipe(task=task, fields={name: field.options for name, field in fields.items()}, task_options=known.options)
    return recipe.changed(given, free=free_names(task, list(fields)))


def require_model(task: str, settings: dict[str, Any]) -> None:
    """Raises `UsageError` where the settings name a model or a size that there is not, or one that does not fit the task."""
    from fukami.models import registry

    told, given = card_of("tasks", task), {key.removeprefix("model."): value for key, value in settings.items()}
    if str(given.get("name", "auto")) != "auto":
        registry.resolve(str(given["name"]), str(given.get("size", "")), takes=told.asked, needs=told.needs)


def recipe_from(place: str) -> Recipe:
    """The recipe of a `recipe.toml`, or of a named recipe such as `published/fashion_mnist`. Nothing in it is open."""
    from fukami.recipes.registry import named
    from fukami.training import written

    return written.settled(Path(place)) if place.endswith(".toml") else written.recipe_from(named(place))


# -- before training -----------------------------------------------------------------------------------------------------
def check(task: str, data: Any = None, **given: Any) -> dict[str, Any]:
    """The doctor: every problem of `data` for `task`, with its place and its mend. Takes what `train` takes.

    Returns `{"problems": [{"code", "severity", "what", "where", "expected", "got", "fix", "count"}], "examples",
    "columns": {input or target: [the columns it is read from]}, "read": [what each column of a table was read as], …}`.
    """
    recipe, data = _asked_for(task, data, "check", given)
    from fukami.data.overview import overview
    from fukami.training.prepare import examined

    found = examined(recipe, data, raising=False)
    parts = {} if found.split is None else found.split.sizes()
    return {
        "task": recipe.task,
        "data": str(data) if isinstance(data, (str, Path)) else type(data).__name__,
        "layout": found.table.layout,
        "examples": found.num_read,
        "usable": len(found.table),
        "columns": {name: [column.name for column in columns] for name, columns in found.columns.items()},
        "parts": parts,
        "read": overview(found.task, found.table, found.columns),
        "problems": [problem.as_dict() for problem in found.problems],
    }


def plan(task: str, data: Any = None, *, model: Any = None, loss: Any = None, **given: Any) -> dict[str, Any]:
    """Memory, minutes and the step plan of a training, measured on the real data and this machine, before it starts.

    Takes what `train` takes, also a module and a loss of the caller's own.
    """
    recipe, data = _asked_for(task, data, "plan", given | {"model": model})
    own = None if isinstance(model, str) else model
    from fukami.models.registry import require_steps

    require_steps(recipe, "plan")
    from fukami.engine.allocator import freed_memory_kept
    from fukami.engine.plan import threads_kept
    from fukami.training.building import num_parameters, require_module
    from fukami.training.prepare import prepared
    from fukami.training.ready import make_ready, memory_bytes

    require_module(own)
    ready_data = prepared(recipe, data, model=own)
    with threads_kept(), freed_memory_kept():
        ready = make_ready(ready_data, model=own, loss=loss, for_plan=True)
        memory = memory_bytes(ready)
    learner, recipe = ready.learner, ready.recipe
    return {
        "task": recipe.task,
        "model": recipe.model.name,
        "size": recipe.model.size,
        "parameters": num_parameters(learner.network),
        "examples": len(ready_data.split.train),
        "epochs": recipe.learning.epochs,
        "batch_size": learner.order.batch_size,
        "learning_rate": recipe.learning.learning_rate,
        "steps": learner.num_steps,
        "seconds": round(ready.seconds_per_step * learner.num_steps, 1),
        "memory_bytes": memory,
        "device": learner.device.type,
        "plan": dataclasses.asdict(recipe.plan),
        "measuring_s": round(ready.measured.spent_s, 3),
        "alternatives": [figure.as_dict() for figure in ready.measured.ranked()],
        "notes": [*ready.built.notes, *ready.measured.notes],
    }


def _named(model: Any) -> str | None:
    return model if isinstance(model, str) and model != "auto" else None


_OF_A_RUN = ("out", "resume", "prove_resume", "loss", "on_step", "on_epoch")
"""Arguments of `train` that say nothing about the data or the cost of a training."""


def _asked_for(task: str, data: Any, verb: str, given: dict[str, Any]) -> tuple[Recipe, Any]:
    """The recipe and the data that `train` would take for the same arguments."""
    return _recipe_and_source(task, data, verb, **{k: v for k, v in given.items() if k not in _OF_A_RUN})


def _recipe_and_source(
    task: str,
    data: Any,
    verb: str,
    *,
    model: Any = None,
    epochs: float | None = None,
    minutes: float | None = None,
    settings: dict[str, Any] | None = None,
    folds: int = 0,
    valid: Any = None,
    test: Any = None,
    **more: Any,
) -> tuple[Recipe, Any]:
    """What `train`'s arguments of these names mean: a recipe, and the data it is for, with its parts where they come apart."""
    if epochs and minutes:
        raise UsageError(
            "F-OPTION-TOGETHER",
            _("{one} and {other} cannot be given together").format(one="epochs", other="minutes"),
            expected="epochs | minutes",
        )
    lengths = {"epochs": epochs, "minutes": minutes, "folds": folds}
    given = {**(settings or {}), **more, **{name: value for name, value in lengths.items() if value}}
    for one in (data, valid, test):
        require_source(one, given)
    if task.endswith(".toml") or "/" in task:
        recipe = recipe_from(task)
        beforehand.require_meaning(recipe.task, verb)
        named = {"model.name": model} if _named(model) else {}
        recipe = recipe.changed({**named, **given}, free=free_names(recipe.task, list(recipe.fields)))
    else:
        beforehand.require_meaning(task, verb)
        recipe = recipe_for(task, given, model=_named(model))
    source = data if data is not None else recipe.data.source
    if isinstance(source, str) and not source:
        raise UsageError(
            "F-DATA-MISSING",
            _("no data is named"),
            expected=_("a folder, a file, a public name, or arrays"),
            fix="fukami train TASK DATA",
        )
    if valid is None and test is None:
        return recipe, source
    from fukami.data.given_parts import GivenParts

    return recipe, GivenParts(source, valid, test)


# -- training ------------------------------------------------------------------------------------------------------------
def train(
    task: str,
    data: Any = None,
    *,
    model: Any = None,
    out: str | Path | None = None,
    epochs: float | None = None,
    minutes: float | None = None,
    settings: dict[str, Any] | None = None,
    resume: bool = False,
    folds: int = 0,
    loss: Any = None,
    valid: Any = None,
    test: Any = None,
    on_step: Callable[[dict[str, Any]], Any] | None = None,
    on_epoch: Callable[[dict[str, Any]], Any] | None = None,
    prove_resume: bool = False,
    **more: Any,
) -> Run:
    """Trains a model and returns its run.

    Args:
        task: a task's name, the path of a `recipe.toml`, or a named recipe.
        data: a folder, a file, a public name, `hub:owner/name`, `(inputs, targets)` arrays, a DataFrame, a torch `Dataset` or
            `DataLoader`.
        model: a model's name, or any `nn.Module` that maps the inputs to as many outputs as the target has.
        out: the run's folder; `runs/<task>-<time>` where it is not given.
        epochs, minutes: how long, at most one of them.
        settings: any option by name, as `--set` takes it and `options` lists them; further keyword arguments mean the same,
            such as `class_weights={"ill": 5}`.
        resume: continue the interrupted training of `out`.
        folds: cross-validate over this many parts before the training.
        loss: a function `(outputs, target) -> loss` instead of the named one.
        valid, test: examples of your own to validate by and to be judged on, in any form that `data` has. What of both is not
            given is drawn from `data`; with `test_fraction=0` the run is judged on `valid`.
        on_step, on_epoch: functions that are told `{"step", "steps", "epoch", "loss", "learning_rate"}` after each step, and
            after each epoch with `"valid"`, its metrics, as well. The training ends where one answers False.
        prove_resume: train a second time, killed and resumed on the way, and prove that the weights are the same.

    Raises:
        UsageError: something named is unknown. DataError: the data cannot be used. Both say what mends it.

    Example:
        >>> from sklearn.datasets import load_iris                                      # doctest: +SKIP
        >>> run = train("tabular-classification", load_iris(return_X_y=True))           # doctest: +SKIP
    """
    more |= {"model": model, "epochs": epochs, "minutes": minutes, "folds": folds, "valid": valid, "test": test}
    recipe, source = _recipe_and_source(task, data, "train", settings=settings, **more)
    if isinstance(source, (str, Path)):
        named = known("data/datasets", str(source)) or not Path(source).exists()
        kept = str(source) if named else str(Path(source).resolve())  # the run is used from other folders too
        recipe = dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, source=kept))
    from fukami.models.registry import require_steps
    from fukami.training.asked import Asked
    from fukami.training.launch import devices_of, launch
    from fukami.training.verb import run_training

    place = Path(out) if out else Path("runs") / f"{recipe.task}-{datetime.now():%Y%m%d-%H%M%S}"
    module = None if isinstance(model, str) else model
    asked = Asked(recipe, source, place, module=module, loss=loss, on_step=on_step, on_epoch=on_epoch)
    devices = 1 if worker.size() > 1 or prove_resume else devices_of(asked, resume=resume)
    if devices > 1:
        require_steps(recipe, "--devices")
        launch(dataclasses.replace(asked, recipe=recipe.changed({"devices": devices}, by_user=False)), resume=resume)
        return load(place)
    return Run(run_training(asked, resume=resume, prove_resume=prove_resume), network=asked.module)


def load(path: str | Path, *, model: Any = None, network: Any = None) -> Run:
    """Opens a run folder.

    `model` is the module to load the weights into, where the run was trained with one of the caller's own. `network` is an
    older name for the same.
    """
    if isinstance(model, str):
        raise UsageError(
            "F-RUN-MODEL",
            _("the run already says which model it is; it cannot be chosen again"),
            where=str(path),
            expected=_("a module, where the run was trained with one of your own"),
            got=model,
            fix=f"fukami.load({str(path)!r})",
        )
    return Run(path, network=network if model is None else model)


def quickstart(out: str | Path | None = None) -> dict[str, Any]:
    """Real handwritten digits, from data to a judged model: check, plan, train, evaluate. Returns the training's summary."""
    import sys

    from fukami.training.quickstart import quickstart_digits

    return quickstart_digits(out, sys.modules[__name__])
