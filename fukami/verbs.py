"""The verbs that work on a run: what can be refused without it is refused before anything heavy is loaded, then its room works.

Every function takes an opened run or its folder, and returns plain values.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fukami.core import beforehand
from fukami.core.cards import card
from fukami.core.extras import require
from fukami.data.catalogue import require_source
from fukami.opened import Opened


def evaluate(run: Opened | str | Path, data: Any = None, *, settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """Judges a run: metrics with intervals, baselines, calibration, groups; writes `report.html` into the run.

    `data` is labelled data of any form that `train` takes; without it, the examples that the training kept aside. Examples that
    the run was trained on are left out and counted.
    """
    opened = _opened(run)
    beforehand.require_meaning(opened.told["task"], "evaluate")
    require_source(data, settings)
    from fukami.evaluate.verb import evaluate_run

    return evaluate_run(opened, data, settings or {})


def diagnose(
    run: Opened | str | Path, data: Any = None, *, model: Any = None, loss: Any = None, seconds: float = 25.0
) -> dict[str, Any]:
    """Why a training did not learn: causes, the likeliest first, each with its evidence and what mends it.

    `run` is a run, its folder, or the `out` of a training that is not finished. `data`, `model` (a module of the caller's own)
    and `loss` are what the training was given, where it keeps no name of them. `seconds` bounds the time; tests that do not fit
    are left out and told. Nothing is changed.

    Returns `{"run", "task", "findings": [{"cause", "score", "sentence", "evidence", "fix", "code", "follows"}], "healthy",
    "tests": {NAME: figures}, …}`.
    """
    from fukami.core.unfinished import require_begun

    place = run.path if isinstance(run, Opened) else Path(run)
    require_begun(place)
    require_source(data)
    from fukami.training.diagnose import diagnosed

    module = run._network if isinstance(run, Opened) and model is None else model
    return diagnosed(place, data, module=module, loss=loss, seconds=seconds)


def predict(
    run: Opened | str | Path,
    inputs: Sequence[Any] | Any,
    *,
    settings: dict[str, Any] | None = None,
    out: str | Path | None = None,
) -> dict[str, Any]:
    """Answers for new inputs: `{"predictions": [{"input", …output}]}`, and `{"input", "error": {"code", "what", …}}` for each
    of several that cannot be answered.

    `inputs` are paths, text, bytes, arrays, mappings, tables (a path of a CSV, JSONL or Parquet file stands for all its rows),
    folders (every file in them), or "-" for standard input. What is left out, such as rows without any content, is told on
    standard error. `settings` are options of the task for these answers, such as how many tokens are written. `out` is a
    file for a table of the rows as they were given, the answers, the probability of each class, and notes (.csv, .tsv, .xlsx,
    .jsonl, .parquet); or a folder for pictures that are answered, whose paths the answers then hold.
    """
    opened, many = _opened(run), _many(inputs)
    beforehand.require_meaning(opened.told["task"], "predict")
    beforehand.require_inputs(opened.told, many)
    beforehand.require_out(out, many)
    from fukami.answers import predict_inputs

    if settings:
        opened = opened.asked_with(settings)
    if out is None:
        return {"predictions": predict_inputs(opened, many)}
    from fukami.answer_table import written

    return {"predictions": written(opened, many, Path(out)), "out": str(out)}


def explain(
    run: Opened | str | Path,
    inputs: Sequence[Any] | Any,
    *,
    method: str = "auto",
    out: str | Path | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Why: an attribution for each input, scored by deletion and insertion beside a random one.

    `inputs` as `predict` takes them; a labelled set is explained example by example and summed up in one page. `method` is
    a name of `explain/methods/`, or `auto` for the input field's usual one. `out` is a folder for pictures, fragments and the
    page.
    """
    opened, many = _opened(run), _many(inputs)
    beforehand.require_meaning(opened.told["task"], "explain")
    beforehand.require_method(opened.told, method)
    beforehand.require_label(opened.told, str(options.get("of", "")))
    beforehand.require_inputs(opened.told, many)
    from fukami.explain.verb import explain_run

    return explain_run(opened, many, method=method, out=Path(out) if out else None, **options)


def search(
    run: Opened | str | Path, inputs: Sequence[Any] | Any, *, top: int = 5, place: str | Path | None = None
) -> dict[str, Any]:
    """What each input is most like, for a run whose answers are vectors: `{"results": [{"input", "found": [{"input",
    "similarity", "identity", "same"}]}], "searched", …}`.

    `inputs` as `predict` takes them; `place` is a folder or a table to look through instead of the run's own examples.
    """
    opened, many = _opened(run), _many(inputs)
    beforehand.require_inputs(opened.told, many)
    from fukami.search.verb import search_run

    return search_run(opened, many, top=top, place=None if place is None else Path(place))


def duplicates(run: Opened | str | Path, place: str | Path, *, near: float | None = None) -> dict[str, Any]:
    """Groups of examples in the folder or table `place` that are copies or similar, and the best of each: `{"groups": [{"best",
    "others": [{"input", "similarity", "kind"}]}], …}`. `near` is the similarity from which on, up to 1.
    """
    opened = _opened(run)
    from fukami.search.verb import duplicates_run

    return duplicates_run(opened, Path(place), near=near)


def export(
    run: Opened | str | Path, to: str = "onnx", *, out: str | Path | None = None, data: Any = None, **options: Any
) -> dict[str, Any]:
    """Writes the run in another format, with everything from raw input to answer, only if it agrees with the run.

    `to` is a name of `export/formats/`. The agreement is tested on held-out examples of the training's source, or on `data`.

    Raises:
        GateError: tensors or metrics differ beyond the tolerance. Nothing is written.
    """
    require(card("export/formats", to).extra)
    opened = _opened(run)
    beforehand.require_meaning(opened.told["task"], "export")
    require_source(data)
    from fukami.export.verb import export_run

    return export_run(opened, to, out=Path(out) if out else None, data=data, **options)


def compare(
    first: Opened | str | Path, second: Opened | str | Path, data: Any = None, *, settings: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Whether `second` should take the place of `first`: `{"verdict": "ship" | "don't ship" | "not enough data to say", …}`.

    Both are judged on the examples of `data` that neither was trained on; without it, on those of the training of `first`.
    `settings` are those of `evaluate`, such as `groups`.
    """
    old, new = _opened(first), _opened(second)
    beforehand.require_meaning(old.told["task"], "compare")
    require_source(data, settings)
    from fukami.evaluate.comparing import compare_runs

    return compare_runs(old, new, data, settings or {})


def serve(runs: Sequence[str | Path], **options: Any) -> dict[str, Any]:
    """Answers over HTTP until it is asked to end: `{"address", "runs", "requests", "notes"}`.

    `runs` are folders of runs, or of what `export --to onnx` wrote; `options` are `host`, `port`, `keys`, `log`, `log_share`,
    `log_inputs`, and how requests wait: `batch`, `deadline_s`, `waiting`, `seconds`.
    """
    require("serve")
    from fukami.serve.verb import asked, serve_runs, told_to_people

    return serve_runs([Path(run) for run in runs], asked(**options), began=told_to_people)


def compress(run: Opened | str | Path, *, out: str | Path | None = None, data: Any = None, **options: Any) -> dict[str, Any]:
    """A smaller or faster run, judged on the same held-out examples, only if it is as good as was asked.

    Options are `to` ("int8", "bf16"), `prune` (a share), `distill` (a model's name) and `budget` ("latency<=10ms").

    Raises:
        GateError: the headline metric drops further than allowed. Nothing is written.
    """
    from fukami.compress.asked import Asked
    from fukami.compress.beforehand import require_possible

    asked = Asked(**options)
    opened = _opened(run)
    beforehand.require_meaning(opened.told["task"], "compress")
    require_possible(opened.path, opened.told, asked)
    require_source(data)
    from fukami.compress.verb import compress_run

    return compress_run(opened, asked, out=Path(out) if out else None, data=data)


def _many(inputs: Any) -> list[Any]:
    return list(inputs) if isinstance(inputs, Sequence) and not isinstance(inputs, (str, bytes)) else [inputs]


def _opened(run: Opened | str | Path) -> Opened:
    return run if isinstance(run, Opened) else Opened(run)
