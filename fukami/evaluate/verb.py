"""`evaluate`: a run judged on other labelled data, or again on what its training kept aside; the report is written anew."""

import errno
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fukami.core import artefact
from fukami.core.errors import FukamiError
from fukami.core.language import _
from fukami.core.recipe import free_names
from fukami.core.tables import Column
from fukami.evaluate import whole
from fukami.evaluate.evaluation import Evaluation
from fukami.evaluate.examples import Judged, bound, divided, examples, require_source
from fukami.evaluate.significance import Difference
from fukami.evaluate.spool import Spool
from fukami.evaluate.verdict import baseline_proof
from fukami.opened import Opened
from fukami.report.content import NOT_PROOFS
from fukami.report.page import page_of


def evaluate_run(run: Opened, data: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """Judges, writes a report and `proofs/evaluation…json` into the run, and returns the verb's result.

    What is judged on other data has a page of its own, `report-DATA.html`: that of the training stays as it is.
    """
    predictor = run.predictor
    recipe = predictor.recipe.changed(settings, free=free_names(run.task, list(predictor.task.fields)))
    own = data is None
    source = require_source(run, data)
    judged = examples(run, source, recipe, own=own)
    skipped = whole.left_out(predictor.task, len(judged.rows))
    judged = replace(judged, rows=whole.some_of(predictor.task, judged.rows, predictor.recipe.learning.seed))
    groups = whole.group_columns(judged.table, recipe.data.groups)
    raw = Spool(predictor.stream(judged.store, judged.rows, settled=False))
    found = whole.judged(predictor, raw, groups=groups, columns=judged.columns)
    beside, apart, remark = baselines_beside(run, judged, found)
    proofs = proofs_of(run, found, beside, apart, own=own)
    name = "evaluation" if own else "evaluation-data"
    report, not_kept = kept_in_run(run, found, proofs, judged, name, subject="" if own else called(data))
    return {
        "task": run.task,
        "run": str(run.path),
        "examples": len(judged.rows),
        "excluded": judged.excluded,
        "metrics": found.as_dict()["metrics"],
        "baselines": beside,
        "verdict": proofs["baselines"]["verdict"] if beside else [],
        "groups": found.as_dict().get("groups", {}),
        "proofs": {k: v for k, v in proofs.items() if k not in NOT_PROOFS},
        "unusable": judged.unusable,
        "notes": [note for note in (*judged.unjudged, remark, skipped, not_kept) if note],
        "report": report,
    }


def proofs_of(
    run: Opened, found: Any, beside: dict[str, dict[str, float]], apart: dict[str, Difference], *, own: bool
) -> dict[str, Any]:
    """The run's proofs; for other data without those that speak of the training's own held-out examples."""
    kept = {k: v for k, v in run.proofs.items() if own or k not in ("baselines", "calibration")}
    if beside:
        part = run.told["held_out"] if own else "data"
        advice = {name: told for name, told in run.proofs.get("baselines", {}).items() if name == "advice" and own}
        kept["baselines"] = baseline_proof(run.predictor.task.card.headline, found, beside, part, apart) | advice
    return kept


def baselines_beside(
    run: Opened, judged: Judged, found: Evaluation
) -> tuple[dict[str, dict[str, float]], dict[str, Difference], str]:
    """The baselines on the same examples, as `judged_baselines` tells them beside `found`: as the training noted them where
    they are the same, else fitted again.

    Where the training data is gone, a sentence saying so.
    """
    noted = noted_baselines(run, judged)
    if noted:
        return noted["metrics"], {name: Difference(**told) for name, told in noted.get("apart", {}).items()}, ""
    if not run.recipe.data.source:
        return {}, {}, _("baselines are left out: the run was trained on arrays, which it does not keep")
    try:
        columns, train = training_part(run, judged)
    except FukamiError as error:
        return {}, {}, _("baselines are left out: the training data cannot be read ({reason})").format(reason=error.what)
    fitted = whole.baselines(run.predictor, columns, train)
    seed = run.recipe.learning.seed
    beside, apart = whole.judged_baselines(
        run.predictor.task, fitted, judged.columns, judged.store, judged.rows, beside=found, seed=seed
    )
    return beside, apart, ""


def noted_baselines(run: Opened, judged: Judged) -> dict[str, Any]:
    """The proof of what the baselines reached in the training, if these are the examples that it judged them on."""
    part, proofs = run.told["held_out"], run.proofs
    if judged.split is None or "content" not in proofs.get("split", {}):
        return {}
    whole_part = len(judged.rows) == judged.split.sizes()[part]
    same = judged.split.told["content"][part] == proofs["split"]["content"][part]
    noted = proofs.get("baselines", {})
    return noted if whole_part and same and noted.get("metrics") else {}


def training_part(run: Opened, judged: Judged) -> tuple[dict[str, list[Column]], np.ndarray]:
    """The training's own data and the rows that it learned from; read anew only where other data is judged."""
    recipe = run.recipe
    if judged.split is not None and recipe.data.limit == judged.limit:
        return judged.columns, judged.split.train
    found = divided(run, *bound(run, recipe.data.source, recipe), recipe)
    return found.columns, found.split.train


def called(data: Any) -> str:
    """What data is called: its file or folder, or its public name.

    >>> called("shops/2024.csv"), called([1, 2])
    ('2024.csv', 'list')
    """
    return Path(data).resolve().name if isinstance(data, (str, Path)) else type(data).__name__


def kept_in_run(
    run: Opened, found: Any, proofs: dict[str, Any], judged: Judged, name: str, *, subject: str
) -> tuple[str | None, str]:
    """The report's place; None, and a sentence saying so, where the run may only be read: figures are not lost for that."""
    try:
        return str(write_report(run, found, proofs, judged, name, subject)), ""
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        told = _("the report and the proof are not kept: {place} may not be written to ({reason})")
        return None, told.format(place=error.filename, reason=error.strerror)


def write_report(run: Opened, found: Any, proofs: dict[str, Any], judged: Judged, name: str, subject: str) -> Path:
    """Writes the evaluation and the report into the run, in one step. `subject` is what other data than its own is called."""
    other = {"problems": [p.as_dict() for p in judged.problems], "subject": subject} if subject else {}
    commands, page_name = run.commands(), f"report{f'-{_plain(subject)}' if subject else ''}.html"
    with artefact.changing(run.path) as draft:
        artefact.replace_json(draft / "proofs" / f"{name}.json", found.as_dict())
        page = page_of(draft, run.predictor.task, judged.columns, commands=commands, evaluation=name, proofs=proofs, **other)
        artefact.replace_text(draft / page_name, page)
    return run.path / page_name


def _plain(name: str) -> str:
    """A name without its extension, as part of a file's name."""
    return re.sub(r"[^\w.-]+", "-", Path(name).stem)[:80] or "data"
