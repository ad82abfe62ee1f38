"""The verbs as functions: what the command line calls, and what `import fukami` offers. None of them asks which task it serves.

Every function takes what a person would type and returns plain values or a `Run`; heavy libraries load when a verb needs them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fukami.core import beforehand, worker
from fukami.core.cards import ModelCard, cards, known
from fukami.core.cards import card as card_of
from fukami.core.errors import UsageError
from fukami.core.extras import require
from fukami.core.language import _
from fukami.core.recipe import Recipe

if TYPE_CHECKING:
    from fukami.run import Run


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

    fields = contract(task).fields
    recipe = Recipe(task=task, fields={name: field.options for name, field in fields.items()})
    return recipe.changed(given, free=free_names(task, list(fields)))


def require_model(task: str, settings: dict[str, Any]) -> None:
    """Raises `UsageError` where the settings name a model or a size that there is not, or one that does not fit the task."""
    from fukami.models import registry

    told, given = card_of("tasks", task), {key.removeprefix("model."): value for key, value in settings.items()}
    if str(given.get("name", "auto")) != "auto":
        (takes,) = told.inputs
        registry.resolve(str(given["name"]), str(given.get("size", "")), takes=takes, needs=told.needs)


def free_names(task: str, fields: list[str]) -> dict[str, tuple[str, str]]:
    """What `--set` accepts besides the recipe's options: a column for each input and target, and models' own options."""
    found = card_of("tasks", task)
    names = {name: ("columns", name) for name in fields}
    if len(found.targets) == 1:
        names["target"] = ("columns", fields[-1])
    for family in cards("models").values():
        if set(found.inputs) & set(family.takes):
            sized = {key for size in family.sizes.values() for key in size}
            names |= {key: ("options", key) for key in {*family.options, *sized}}
    return names


def recipe_from(place: str) -> Recipe:
    """The recipe of a `recipe.toml`, or of a named recipe such as `published/fashion_mnist`. Nothing in it is open."""
    from fukami.recipes.registry import named
    from fukami.training import written

    return written.settled(Path(place)) if place.endswith(".toml") else written.recipe_from(named(place))


def require_source(data: Any, settings: dict[str, Any] | None = None) -> None:
    """Raises `DataError` or `UsageError` where `data` is a path or a name of nothing; asked before torch is loaded."""
    if isinstance(data, (str, Path)):
        from fukami.data.catalogue import located

        given = settings or {}
        located(data, layout=str(given.get("layout", given.get("data.layout", "auto"))))


# -- before training -----------------------------------------------------------------------------------------------------
def check(task: str, data: Any, *, settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """The doctor: every problem of `data` for `task`, with its place and its mend.

    Returns `{"problems": [{"code", "severity", "what", "where", "expected", "got", "fix", "count"}], "examples",
    "columns": {input or target: [the columns it is read from]}, …}`.
    """
    require_source(data, settings)
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
    recipe = recipe_for(task, settings, model=_named(model))
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
    from fukami.training.asked import Asked
    from fukami.training.launch import devices_of, launch
    from fukami.training.verb import run_training

    place = Path(out) if out else Path("runs") / f"{recipe.task}-{datetime.now():%Y%m%d-%H%M%S}"
    asked = Asked(recipe, source, place, module=None if isinstance(model, str) else model, loss=loss)
    devices = 1 if worker.size() > 1 or prove_resume else devices_of(asked, resume=resume)
    if devices > 1:
        launch(dataclasses.replace(asked, recipe=recipe.changed({"devices": devices}, by_user=False)), resume=resume)
        return load(place)
    return run_training(asked, resume=resume, prove_resume=prove_resume)


def load(path: str | Path, *, model: Any = None, network: Any = None) -> Run:
    """Opens a run folder.

    `model` is the module to load the weights into, where the run was trained with one of the caller's own. `network` is an
    older name for the same.
    """
    from fukami.run import Run

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


# -- after training ------------------------------------------------------------------------------------------------------
def evaluate(run: Run | str | Path, data: Any = None, *, settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """Judges a run: metrics with intervals, baselines, calibration, groups; writes `report.html` into the run.

    `data` is labelled data of any form that `train` takes; without it, the examples that the training kept aside. Examples that
    the run was trained on are left out and counted.
    """
    opened = _opened(run)
    require_source(data, settings)
    from fukami.evaluate.verb import evaluate_run

    return evaluate_run(opened, data, settings or {})


def diagnose(
    run: Run | str | Path, data: Any = None, *, model: Any = None, loss: Any = None, seconds: float = 25.0
) -> dict[str, Any]:
    """Why a training did not learn: causes, the likeliest first, each with its evidence and what mends it.

    `run` is a run, its folder, or the `out` of a training that is not finished. `data`, `model` (a module of the caller's own)
    and `loss` are what the training was given, where it keeps no name of them. `seconds` bounds the time; tests that do not fit
    are left out and told. Nothing is changed.

    Returns `{"run", "task", "findings": [{"cause", "score", "sentence", "evidence", "fix", "code", "follows"}], "healthy",
    "tests": {NAME: figures}, …}`.
    """
    from fukami.core.unfinished import require_begun
    from fukami.run import Run as Opened

    place = run.path if isinstance(run, Opened) else Path(run)
    require_begun(place)
    require_source(data)
    from fukami.training.diagnose import diagnosed

    module = run._network if isinstance(run, Opened) and model is None else model
    return diagnosed(place, data, module=module, loss=loss, seconds=seconds)


def predict(run: Run | str | Path, inputs: Sequence[Any] | Any) -> dict[str, Any]:
    """Answers for new inputs: `{"predictions": [{"input", …output}]}`.

    `inputs` are paths, text, bytes, arrays, mappings, tables (a path of a CSV, JSONL or Parquet file stands for all its rows),
    folders (every file in them), or "-" for standard input. What is left out, such as rows without any content, is told on
    standard error.
    """
    opened, many = _opened(run), _many(inputs)
    beforehand.require_inputs(opened.told, many)
    from fukami.answers import predict_inputs

    return {"predictions": predict_inputs(opened, many)}


def explain(
    run: Run | str | Path, inputs: Sequence[Any] | Any, *, method: str = "auto", out: str | Path | None = None, **options: Any
) -> dict[str, Any]:
    """Why: an attribution for each input, scored by deletion and insertion beside a random one.

    `inputs` as `predict` takes them; a labelled set is explained example by example and summed up in one page. `method` is
    a name of `explain/methods/`, or `auto` for the input field's usual one. `out` is a folder for pictures, fragments and the
    page.
    """
    opened, many = _opened(run), _many(inputs)
    beforehand.require_method(opened.told, method)
    beforehand.require_label(opened.told, str(options.get("of", "")))
    beforehand.require_inputs(opened.told, many)
    from fukami.explain.verb import explain_run

    return explain_run(opened, many, method=method, out=Path(out) if out else None, **options)


def export(
    run: Run | str | Path, to: str = "onnx", *, out: str | Path | None = None, data: Any = None, **options: Any
) -> dict[str, Any]:
    """Writes the run in another format, with everything from raw input to answer, only if it agrees with the run.

    `to` is a name of `export/formats/`. The agreement is tested on held-out examples of the training's source, or on `data`.

    Raises:
        GateError: tensors or metrics differ beyond the tolerance. Nothing is written.
    """
    require(card_of("export/formats", to).extra)
    opened = _opened(run)
    require_source(data)
    from fukami.export.verb import export_run

    return export_run(opened, to, out=Path(out) if out else None, data=data, **options)


def compress(run: Run | str | Path, *, out: str | Path | None = None, data: Any = None, **options: Any) -> dict[str, Any]:
    """A smaller or faster run, judged on the same held-out examples, only if it is as good as was asked.

    Options are `to` ("int8", "bf16"), `prune` (a share), `distill` (a model's name) and `budget` ("latency<=10ms").

    Raises:
        GateError: the headline metric drops further than allowed. Nothing is written.
    """
    from fukami.compress.asked import Asked
    from fukami.compress.beforehand import require_possible

    asked = Asked(**options)
    opened = _opened(run)
    require_possible(opened.path, opened.told, asked)
    require_source(data)
    from fukami.compress.verb import compress_run

    return compress_run(opened, asked, out=Path(out) if out else None, data=data)


def _many(inputs: Any) -> list[Any]:
    return list(inputs) if isinstance(inputs, Sequence) and not isinstance(inputs, (str, bytes)) else [inputs]


def _opened(run: Run | str | Path) -> Run:
    from fukami.run import Run as Opened

    return run if isinstance(run, Opened) else load(run)
