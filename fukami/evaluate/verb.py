"""`evaluate`: a run judged on other labelled data, or again on what its training kept aside; the report is written anew."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fukami.core import artefact
from fukami.core.errors import DataError, FukamiError
from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column, Table
from fukami.data import read
from fukami.data.bind import bind
from fukami.data.doctor import examine
from fukami.data.split import Split, combined, split
from fukami.data.store import Store, prepare
from fukami.evaluate import whole
from fukami.evaluate.spool import Spool
from fukami.report.content import Content
from fukami.report.page import render

if TYPE_CHECKING:
    from fukami.run import Run


@dataclasses.dataclass(frozen=True)
class Judged:
    """The examples of an evaluation: raw columns, prepared store, the rows that count, and what was left out."""

    table: Table
    columns: dict[str, list[Column]]
    store: Store
    rows: np.ndarray
    problems: list[Problem]
    excluded: int
    unusable: int
    split: Split | None = None
    """How the training's own data is divided; None for other data."""


def evaluate_run(run: "Run", data: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """Judges, writes `report.html` and `proofs/evaluation…json` into the run, and returns the verb's result."""
    predictor = run.predictor
    recipe = predictor.recipe.changed(settings, free=_column_names(run))
    own = data is None
    source = recipe.data.source if own else data
    if own and not source:
        raise DataError(
            "F-EVALUATE-DATA",
            _("the run was trained on arrays, which it does not keep"),
            where=str(run.path),
            fix=f"run.evaluate((x, y)) | fukami evaluate {run.path} DATA",
        )
    judged = examples(run, source, recipe, own=own)
    groups = whole.group_columns(judged.table, recipe.data.groups)
    raw = Spool(predictor.stream(judged.store, judged.rows, calibrated=False))
    found = whole.judged(predictor, raw, groups=groups)
    beside, remark = baselines_beside(run, judged)
    proofs = proofs_of(run, found, beside, own=own)
    name = "evaluation" if own else "evaluation-data"
    report = write_report(run, found, beside, proofs, judged, name)
    return {
        "task": run.task,
        "run": str(run.path),
        "examples": len(judged.rows),
        "excluded": judged.excluded,
        "metrics": found.as_dict()["metrics"],
        "baselines": beside,
        "groups": found.as_dict().get("groups", {}),
        "proofs": {k: v for k, v in proofs.items() if k not in NOT_PROOFS},
        "unusable": judged.unusable,
        "notes": [note for note in (remark, unusable_note(judged.unusable)) if note],
        "report": str(report),
    }


def unusable_note(count: int) -> str:
    """Examples that no metric speaks of must not go unmentioned: leaving out what is unknown flatters a model."""
    if not count:
        return ""
    return _n(
        "{n} example is not judged: its input cannot be read, or its target is one the run does not know",
        "{n} examples are not judged: their input cannot be read, or their target is one the run does not know",
        count,
    )


NOT_PROOFS = ("evaluation", "evaluation-data", "data")


def proofs_of(run: "Run", found: Any, beside: dict[str, dict[str, float]], *, own: bool) -> dict[str, Any]:
    """The run's proofs; for other data without those that speak of the training's own held-out examples."""
    from fukami.training.finish import baseline_proof

    kept = {k: v for k, v in run.proofs.items() if own or k not in ("baselines", "calibration")}
    if beside:
        part = run.told["held_out"] if own else "data"
        kept["baselines"] = baseline_proof(run.predictor.task.card.headline, found, beside, part)
    return kept


def _column_names(run: "Run") -> dict[str, tuple[str, str]]:
    from fukami.api import free_names

    return free_names(run.task, list(run.predictor.task.fields))


def examples(run: "Run", source: Any, recipe: Any, *, own: bool) -> Judged:
    """Reads and prepares the examples, leaving out those that cannot be used and those that the run was trained on."""
    predictor = run.predictor
    task = predictor.task
    read_table, whole_columns = bound(run, source, recipe)
    table, columns = usable_only(run, read_table, whole_columns)
    hashes = {name: field.fingerprint(columns[name]) for name, field in task.fields.items()}
    division = None
    if own:
        division = split(table, columns, task, recipe.data, seed=recipe.learning.seed)
        # where there is no test part, the validation part stands for it, as it did when the training ended
        tested = len(division.test) > 0
        rows = np.intersect1d(unseen(run, hashes, table)[0], division.test) if tested else division.valid
        excluded = 0
    else:
        rows, excluded = unseen(run, hashes, table)
    store = prepare(task.fields, columns, hashes)
    problems = [] if own else examine(task, table, whole_columns, None)
    return Judged(table, columns, store, rows, problems, excluded, len(read_table) - len(table), division)


def bound(run: "Run", source: Any, recipe: Any) -> tuple[Table, dict[str, list[Column]]]:
    """The source as a table, and the columns of the run's inputs and targets."""
    task = run.predictor.task
    table = read(source, recipe.data, kinds=task.card.inputs)
    return table, bind(table, task, recipe.data)


def usable_only(run: "Run", table: Table, columns: dict[str, list[Column]]) -> tuple[Table, dict[str, list[Column]]]:
    """The examples whose inputs can be read and whose targets the run knows."""
    fields = run.predictor.task.fields
    keep = np.flatnonzero(np.logical_and.reduce([fields[name].usable(cols) for name, cols in columns.items()]))
    if len(keep) == 0:
        raise DataError(
            "F-EVALUATE-EMPTY",
            _("no example of the data can be judged"),
            where=table.name,
            expected=_("inputs that can be read and targets that the run knows"),
        )
    return table.take(keep), {name: [c.take(keep) for c in cols] for name, cols in columns.items()}


def unseen(run: "Run", hashes: dict[str, np.ndarray], table: Table) -> tuple[np.ndarray, int]:
    """Rows that the run was not trained on, and how many it was."""
    seen = np.load(run.path / "reference" / "seen.npy", allow_pickle=False)
    known = np.isin(combined([hashes[name] for name in run.predictor.task.inputs]), seen)
    rows = np.flatnonzero(~known)
    if len(rows) == 0:
        raise DataError(
            "F-EVALUATE-SEEN",
            _("the run was trained on every one of these examples"),
            where=table.name,
            expected=_("examples that the training did not see"),
            fix=_("evaluate without DATA to judge the part that was kept aside"),
        )
    return rows, int(known.sum())


def baselines_beside(run: "Run", judged: Judged) -> tuple[dict[str, dict[str, float]], str]:
    """The baselines on the same examples: as the training noted them where they are the same, else fitted again.

    Where the training data is gone, a sentence saying so.
    """
    noted = noted_baselines(run, judged)
    if noted:
        return noted, ""
    if not run.predictor.recipe.data.source:
        return {}, _("baselines are left out: the run was trained on arrays, which it does not keep")
    try:
        columns, train = training_part(run, judged)
    except FukamiError as error:
        return {}, _("baselines are left out: the training data cannot be read ({reason})").format(reason=error.what)
    fitted = whole.baselines(run.predictor.task, columns, train)
    return whole.judged_baselines(run.predictor.task, fitted, judged.columns, judged.store, judged.rows), ""


def noted_baselines(run: "Run", judged: Judged) -> dict[str, dict[str, float]]:
    """What the baselines reached in the training, if these are the examples that it judged them on; else nothing."""
    part, proofs = run.told["held_out"], run.proofs
    if judged.split is None or "content" not in proofs.get("split", {}):
        return {}
    whole_part = len(judged.rows) == judged.split.sizes()[part]
    same = judged.split.told["content"][part] == proofs["split"]["content"][part]
    return proofs.get("baselines", {}).get("metrics", {}) if whole_part and same else {}


def training_part(run: "Run", judged: Judged) -> tuple[dict[str, list[Column]], np.ndarray]:
    """The training's own data and the rows that it learned from; read anew only where other data is judged."""
    from fukami.training.prepare import limited

    recipe, task = run.predictor.recipe, run.predictor.task
    if judged.split is not None:
        return judged.columns, limited(judged.split.train, recipe)
    table, columns = usable_only(run, *bound(run, recipe.data.source, recipe))
    return columns, limited(split(table, columns, task, recipe.data, seed=recipe.learning.seed).train, recipe)


def write_report(
    run: "Run", found: Any, beside: dict[str, dict[str, float]], proofs: dict[str, Any], judged: Judged, name: str
) -> Path:
    """Writes the evaluation and the report into the run, in one step."""
    from fukami.training.finish import next_commands

    recipe = run.predictor.recipe
    page = Content(
        run=run.told,
        recipe=recipe.as_dict(),
        history=artefact.read_lines(run.path / "history.jsonl"),
        evaluation=found.as_dict(),
        baselines=beside,
        proofs={k: v for k, v in proofs.items() if k not in NOT_PROOFS},
        problems=[p.as_dict() for p in judged.problems] or proofs.get("data", {}).get("problems", []),
        pictures=whole.pictures(found, run.predictor.task, judged.columns),
        commands=next_commands(run.path, run.told["example"]),
    )
    html = render(page)
    with artefact.changing(run.path) as draft:
        artefact.replace_json(draft / "proofs" / f"{name}.json", found.as_dict())
        artefact.replace_text(draft / "report.html", html)
    return run.path / "report.html"
