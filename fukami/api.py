"""The verbs as functions: what the command line calls, and what `import fukami` offers. None of them asks which task it serves.

Every function takes what a person would type and returns plain values or a `Run`; heavy libraries load when a verb needs them.
"""

from __future__ import annotations

import dataclasses
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
from fukami.verbs import compress, diagnose, evaluate, explain, export, predict

__all__ = ["check", "datasets", "load", "models", "plan", "quickstart", "recipe_for", "recipe_from", "tasks", "train"]
__all__ += ["compress", "diagnose", "evaluate", "explain", "export", "predict"]
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
def check(task: str, data: Any, *, settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """The doctor: every problem of `data` for `task`, with its place and its mend.

    Returns `{"problems": [{"code", "severity", "what", "where", "expected", "got", "fix", "count"}], "examples",
    "columns": {input or target: [the columns it is read from]}, …}`.
    """
    require_source(data, settings)
    beforehand.require_meaning(task, "check")
    recipe = recipe_for(task, settings)
    from fukami.training.prepare import examined

    found = examined(recipe, data, raising=False)
    parts = {} if found.split is None else found.split.sizes()
    return {
        "task": task,
        "data": str(data) if isinstance(data, (str, Path)) else type(data).__name__,
        "layout": found.table.layout,
        "examples": found.num_read,
        "usable": len(found.table),
        "columns": {name: [column.name for column in columns] for name, columns in found.columns.items()},
        "parts": parts,
        "problems": [problem.as_dict() for problem in found.problems],
    }


def plan(task: str, data: Any, *, model: str | None = None, settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """Memory, minutes and the step plan of a training, measured on the real data and this machine, before it starts."""
    require_source(data, settings)
    beforehand.require_meaning(task, "plan")
    recipe = recipe_for(task, settings, model=_named(model))
    from fukami.models.registry import require_steps

    require_steps(recipe, "plan")
    from fukami.engine.allocator import freed_memory_kept
    from fukami.engine.plan import threads_kept
    from fukami.training.building import num_parameters
    from fukami.training.prepare import prepared
    from fukami.training.ready import make_ready, memory_bytes

    ready_data = prepared(recipe, data)
    with threads_kept(), freed_memory_kept():
        ready = make_ready(ready_data, for_plan=True)
        memory = memory_bytes(ready)
    learner, recipe = ready.learner, ready.recipe
    return {
        "task": task,
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
    prove_resume: bool = False,
    **more: Any,
) -> Run:
    """Trains a model and returns its run.

    Args:
        task: a task's name, the path of a `recipe.toml`, or a named recipe.
        data: a folder, a file, a public name, `hub:owner/name`, `(inputs, targets)` arrays, or a DataFrame.
        model: a model's name, or any `nn.Module` that maps the inputs to as many outputs as the target has.
        out: the run's folder; `runs/<task>-<time>` where it is not given.
        epochs, minutes: how long, at most one of them.
        settings: any option by name, as `--set` takes it; further keyword arguments mean the same.
        resume: continue the interrupted training of `out`.
        folds: cross-validate over this many parts before the training.
        loss: a function `(outputs, target) -> loss` instead of the named one.
        prove_resume: train a second time, killed and resumed on the way, and prove that the weights are the same.

    Raises:
        UsageError: something named is unknown. DataError: the data cannot be used. Both say what mends it.

    Example:
        >>> from sklearn.datasets import load_iris                                      # doctest: +SKIP
        >>> run = train("tabular-classification", load_iris(return_X_y=True))           # doctest: +SKIP
    """
    if epochs and minutes:
        raise UsageError(
            "F-OPTION-TOGETHER",
            _("{one} and {other} cannot be given together").format(one="epochs", other="minutes"),
            expected="epochs | minutes",
        )
    given = {**(settings or {}), **more}
    given |= {"epochs": epochs} if epochs else {}
    given |= {"minutes": minutes} if minutes else {}
    given |= {"folds": folds} if folds else {}
    require_source(data, given)
    if task.endswith(".toml") or "/" in task:
        recipe = recipe_from(task)
        named = {"model.name": model} if _named(model) else {}
        recipe = recipe.changed({**named, **given}, free=free_names(recipe.task, list(recipe.fields)))
    else:
        recipe = recipe_for(task, given, model=_named(model))
    source = data if data is not None else recipe.data.source
    if isinstance(source, str) and not source:
        raise UsageError(
            "F-DATA-MISSING",
            _("no data is named"),
            expected=_("a folder, a file, a public name, or arrays"),
            fix="fukami train TASK DATA",
        )
    if isinstance(source, (str, Path)):
        named = known("data/datasets", str(source)) or not Path(source).exists()
        kept = str(source) if named else str(Path(source).resolve())  # the run is used from other folders too
        recipe = dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, source=kept))
    from fukami.models.registry import require_steps
    from fukami.training.asked import Asked
    from fukami.training.launch import devices_of, launch
    from fukami.training.verb import run_training

    place = Path(out) if out else Path("runs") / f"{recipe.task}-{datetime.now():%Y%m%d-%H%M%S}"
    asked = Asked(recipe, source, place, module=None if isinstance(model, str) else model, loss=loss)
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
